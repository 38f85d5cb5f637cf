//! The only way to reach an add-on: [`Upstreams::send`], which takes a [`Permitted`] request and nothing less.

use std::sync::Arc;

use http::{Response, StatusCode};
use tokio::time::Instant;

use super::answer::AnswerBody;
use super::answer_source::AnswerSource;
use super::connection_auth;
use super::grpc_call::GrpcCall;
use super::http1::{Http1Connection, UnsentRequest, UploadingAnswer};
use super::opened_websocket::OpenedWebSocket;
use super::pool::{HeldSlot, PoolError, PoolSlot};
use super::prepare::{Call, Sender, Way};
use super::response::{self, ResponsePolicy};
use super::tunnel::Tunnel;
use super::unanswered::{Unanswered, UpstreamError};
use super::upstreams::Upstreams;
use crate::authorization::Permitted;
use crate::dial::DialError;
use crate::http::BodyProgress;
use crate::refusal::Reason;
use crate::telemetry::{UpstreamFailure, chain};

/// What came of a request.
pub struct Answer {
    /// The add-on's answer, or ours in its place.
    pub response: Response<AnswerBody>,
    /// A tunnel, to be run in a task of its own once the response is on its way.
    pub tunnel: Option<Box<Tunnel>>,
    /// The add-on's side of a WebSocket, where the client's is not for the tunnel to have.
    pub(super) opened: Option<Box<OpenedWebSocket>>,
    /// The request's body, for the account.
    pub sent: Arc<BodyProgress>,
}

impl Upstreams {
    // The future of `dispatch` itself, without one around it: a request would be moved into each, and its answer out.

    /// Sends a permitted request to its add-on and waits for the head of the answer.
    pub fn send(&self, permitted: Permitted) -> impl Future<Output = Result<Answer, Reason>> {
        self.dispatch(permitted, Sender::Plain)
    }

    /// The same for a request whose answer is filtered before any of it goes to the client.
    pub fn send_to_filter(&self, permitted: Permitted) -> impl Future<Output = Result<Answer, Reason>> {
        self.dispatch(permitted, Sender::Filter)
    }

    /// Opens the WebSocket of a permitted handshake at its add-on, for whoever has taken the client's side of it and
    /// speaks there.
    pub async fn open_websocket(&self, permitted: Permitted) -> Result<OpenedWebSocket, Reason> {
        let answer = self.dispatch(permitted, Sender::WebSocket).await?;
        answer.opened.map(|opened| *opened).ok_or(Reason::AddonBroken)
    }

    async fn dispatch(&self, permitted: Permitted, sender: Sender) -> Result<Answer, Reason> {
        let (call, way) = self.prepare(permitted, sender)?;
        // Boxed where few requests come by, whose states would otherwise make the future of every request larger.
        match way {
            Way::Exchange { request, signs_in } => {
                let (head, source, place) = call.exchange(request, signs_in).await?;
                Ok(call.relay(head, source, HeldSlot::Request(place), None))
            }
            Way::Grpc(request, grpc) => Box::pin(call.call(request, *grpc)).await,
            Way::Tunnel(request, handshake, client) => Box::pin(call.open_tunnel(request, handshake, client)).await,
            Way::WebSocket(request) => Box::pin(call.opened(request)).await,
        }
    }
}

impl Call<'_> {
    /// What its answer is confined to.
    pub(super) fn response_policy(&self) -> ResponsePolicy<'_> {
        let (scheme, authority) = &self.asked;
        self.upstreams.response_policy(self.upstream, &self.route, (*scheme, authority))
    }

    async fn exchange(
        &self,
        request: UnsentRequest,
        signs_in: bool,
    ) -> Result<(http::response::Parts, AnswerSource, PoolSlot), Reason> {
        // The place before the connection: an idle connection taken first would be held by a request that waits its
        // turn.
        let place = self.place().await?;
        let (mut connection, response) = self.ask(request).await?;
        if signs_in || connection_auth::is_offered(response.headers()) {
            // The connection speaks for this user now (S-60).
            connection.use_once();
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            // RFC 9110 section 15.2.2: an answer to an upgrade that nobody asked for.
            return Err(Reason::AddonBroken);
        }
        // The connection is driven by the task that reads the answer. While the add-on still takes the upload, a client
        // that reads only after its last byte would wait for us and we for it.
        let source = if self.progress.is_done() {
            AnswerSource::Http1(connection, Arc::clone(&self.upstream.pool))
        } else {
            AnswerSource::Uploading(UploadingAnswer::new(connection))
        };
        Ok((response.into_parts().0, source, place))
    }

    /// A place at the add-on, unless the request is cut while it waits for one.
    pub(super) async fn place(&self) -> Result<PoolSlot, Reason> {
        tokio::select! {
            biased;
            () = self.open.cut() => Err(self.open.exchange().why().unwrap_or(Reason::SessionEnded)),
            place = self.upstream.pool.place(&self.user) => place.map_err(|error| self.failed(&error)),
        }
    }

    /// Sends the request over an idle connection or a new one; again only where not a byte of it was sent.
    async fn ask(&self, mut request: UnsentRequest) -> Result<(Http1Connection, Response<()>), Reason> {
        loop {
            let mut connection = match self.upstream.pool.idle() {
                Some(connection) => connection,
                None => Box::pin(self.upstream.pool.fresh()).await.map_err(|error| self.failed(&error))?,
            };
            // The pool runs empty of idle connections, and a fresh one is not tried twice, so the loop ends. An idle
            // one may have been closed by the add-on while the request was written (RFC 9112 section 9.3.1); nothing of
            // the request was sent, so that any method may be repeated.
            let retry = connection.was_used();
            let sending = async { connection.send(request).await.map_err(Unanswered::from) };
            match self.answered(sending).await? {
                Ok(response) => return Ok((connection, response)),
                Err(unsent) if retry => request = unsent,
                Err(_) => return Err(Reason::AddonDown),
            }
        }
    }

    /// The head of the answer, or the request back when it was not sent; a refusal when it took too long, was cut, or
    /// went wrong.
    pub(super) async fn answered<B, T>(
        &self,
        sending: impl Future<Output = Result<Response<B>, Unanswered<T>>>,
    ) -> Result<Result<Response<B>, T>, Reason> {
        let mut sending = std::pin::pin!(sending);
        let mut cut = std::pin::pin!(self.open.cut());
        let limit = self.upstream.addon.transport.response_timeout;
        let begun = Instant::now();
        // Since when it is the add-on that is waited for: an upload has its own limit on the client's pauses.
        let quiet_since = || {
            if self.progress.waits_for_client() {
                Instant::now()
            } else {
                self.progress.last_moved().map_or(begun, |at| at.max(begun))
            }
        };
        loop {
            tokio::select! {
                // The limits first: what was cut while it waited for a connection is not sent at all, and an add-on
                // that never stops talking (1xx without end) cannot keep the clock from being asked.
                biased;
                () = &mut cut => return Err(self.open.exchange().why().unwrap_or(Reason::SessionEnded)),
                // Asked again when the time is over: the body may have moved while this slept, and then the add-on has
                // a new limit.
                () = tokio::time::sleep_until(quiet_since() + limit) => if quiet_since().elapsed() >= limit {
                    self.upstream.failed(UpstreamFailure::Timeout);
                    return Err(Reason::AddonSlow);
                },
                answer = &mut sending => return match answer {
                    Ok(response) => {
                        self.upstream.health.answered();
                        Ok(Ok(response))
                    }
                    Err(Unanswered::Unsent(request)) => Ok(Err(request)),
                    Err(Unanswered::Sent(error)) => Err(self.broken(&error)),
                },
            }
        }
    }

    pub(super) fn relay(
        self,
        mut parts: http::response::Parts,
        source: AnswerSource,
        place: HeldSlot,
        grpc: Option<GrpcCall>,
    ) -> Answer {
        response::confine(&mut parts.headers, &self.upstream.addon, &self.response_policy());
        // hyper keeps the add-on's own reason phrase here and would write it out.
        parts.extensions.clear();
        // RFC 9112 section 2.3: an intermediary says its own version. An add-on's HTTP/1.0 would make hyper end our
        // answer by closing the connection, which a client cannot tell from one that broke off.
        parts.version = http::Version::HTTP_11;
        let compressor = self.upstream.compression.as_ref().zip(self.offer).and_then(|(compression, offer)| {
            offer.apply(compression, &self.user, &mut parts, source.size_hint().exact())
        });
        let held = (place, self.open, self.serving);
        let body = AnswerBody::relay(source, grpc, held, self.reading).through(compressor);
        Answer { response: Response::from_parts(parts, body), tunnel: None, opened: None, sent: self.progress }
    }

    /// Tells the operator why there is no connection, and gives the reason for the client.
    pub(super) fn failed(&self, error: &PoolError) -> Reason {
        let addon = self.upstream.addon.slug.as_str();
        match error {
            // The add-on may have places left, for others.
            PoolError::Busy(refused) => {
                let reason = Reason::from(*refused);
                if reason == Reason::AddonBusy {
                    self.upstream.failed(UpstreamFailure::Busy);
                }
                reason
            }
            PoolError::Dialling => {
                self.upstream.failed(UpstreamFailure::Busy);
                Reason::AddonBusy
            }
            PoolError::Connect(DialError::TimedOut(_)) => {
                self.upstream.failed(UpstreamFailure::Timeout);
                tracing::warn!(addon, error = %chain(error), "add-on unreachable");
                Reason::AddonSlow
            }
            PoolError::Connect(_) | PoolError::Handshake(_) => {
                self.upstream.failed(UpstreamFailure::Connect);
                tracing::warn!(addon, error = %chain(error), "add-on unreachable");
                Reason::AddonDown
            }
        }
    }

    /// Why a request that was sent was not answered: the client's own body, the add-on's end, or no HTTP.
    fn broken(&self, error: &UpstreamError) -> Reason {
        // The client's body is asked first: an add-on that hangs up because its request was broken off is not at fault,
        // and must not count as unhealthy.
        if self.progress.is_too_large() {
            return Reason::BodyTooLarge;
        }
        if self.progress.has_timed_out() {
            return Reason::BodyTimeout;
        }
        if self.progress.is_broken() {
            return Reason::MalformedRequest;
        }
        tracing::warn!(addon = self.upstream.addon.slug.as_str(), error = %chain(error), "no answer from the add-on");
        if error.is_hang_up() {
            self.upstream.failed(UpstreamFailure::CutShort);
            return Reason::AddonDown;
        }
        self.upstream.failed(UpstreamFailure::Broken);
        Reason::AddonBroken
    }
}
