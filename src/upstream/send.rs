//! The only way to reach an add-on: [`Upstreams::send`], which takes a [`Permitted`] request and nothing less.

use std::net::IpAddr;
use std::sync::Arc;

use http::{Response, StatusCode};
use hyper::body::Body as _;
use tokio::time::Instant;

use super::answer::AnswerBody;
use super::answer_source::AnswerSource;
use super::compression::{Asker, Offer};
use super::connection_auth;
use super::grpc_call::GrpcCall;
use super::host_override::set_destination;
use super::http1::{Http1Connection, UnsentRequest, UploadingAnswer};
use super::opened_websocket::OpenedWebSocket;
use super::outgoing_head::{OutgoingHead, framing};
use super::pool::{HeldSlot, PoolError, PoolSlot};
use super::request_headers::{ASSERTION, ForwardedContext};
use super::response::{self, ResponsePolicy};
use super::tunnel::Tunnel;
use super::unanswered::{Unanswered, UpstreamError};
use super::upstreams::{Upstream, Upstreams};
use crate::authorization::{Admitted, Answers, Permitted, PermittedParts};
use crate::connection::InFlightGuard;
use crate::dial::DialError;
use crate::exchanges::Open;
use crate::http::{BodyProgress, MinRate, Parts, RequestBody};
use crate::ids::UserId;
use crate::refusal::Reason;
use crate::route::DESTINATION;
use crate::telemetry::{UpstreamFailure, chain};

/// What came of a request.
pub struct Answer {
    /// The add-on's answer, or ours in its place.
    pub response: Response<AnswerBody>,
    /// A tunnel, to be run in a task of its own once the response is on its way.
    pub tunnel: Option<Tunnel>,
    /// The request's body, for the account.
    pub sent: Arc<BodyProgress>,
}

/// What one request needs on its way there and back.
pub(super) struct Call<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) response_policy: ResponsePolicy<'a>,
    pub(super) progress: Arc<BodyProgress>,
    pub(super) open: Open,
    pub(super) user: UserId,
    pub(super) serving: InFlightGuard,
    reading: MinRate,
    /// How its answer may be compressed, where the add-on's are.
    offer: Option<Box<Offer>>,
}

impl Upstreams {
    /// Sends a permitted request to its add-on and waits for the head of the answer.
    pub async fn send(&self, permitted: Permitted) -> Result<Answer, Reason> {
        // Whoever sends it without a filter has forgotten that there must be one.
        if permitted.answers() != Answers::Whole {
            return Err(Reason::PathNeedsAdmin);
        }
        self.send_to_filter(permitted).await
    }

    /// The same for a request whose answer is filtered before any of it goes to the client.
    pub async fn send_to_filter(&self, permitted: Permitted) -> Result<Answer, Reason> {
        match self.dispatch(permitted).await? {
            Dispatched::Answered(answer) => Ok(answer),
            Dispatched::Opened(_) => Err(Reason::BadUpgrade),
        }
    }

    /// Opens the WebSocket of a permitted handshake at its add-on, for whoever has taken the client's side of it and
    /// speaks there.
    pub async fn open_websocket(&self, permitted: Permitted) -> Result<OpenedWebSocket, Reason> {
        match self.dispatch(permitted).await? {
            Dispatched::Answered(_) => Err(Reason::AddonBroken),
            Dispatched::Opened(opened) => Ok(opened),
        }
    }

    async fn dispatch(&self, permitted: Permitted) -> Result<Dispatched, Reason> {
        let PermittedParts { routed, user, attributes, open } = permitted.into_parts();
        // MOVE and COPY have a second path in `Destination`. It is judged before the request is taken apart, because an
        // add-on acts on it as on the first.
        let transfer = routed.transfer()?;
        let (request, route, forward) = routed.into_parts();
        let upstream = self.at(route.place()).ok_or(Reason::UnknownRoute)?;
        let authority = request.authority().clone();
        let client: IpAddr = request.client().ip();
        let (id, handshake, origin) = (request.id(), request.handshake(), request.provenance().origin);
        let (scheme, entry_point) = (request.scheme(), request.entry_point());
        let provenance = request.provenance();
        let Parts { method, headers: mut passed, body, upgrade, serving } = request.into_parts();
        let offer = upstream.compression.as_ref().map(|compression| {
            let is_ambient = open.exchange().subject_as::<Admitted>().is_none_or(Admitted::is_ambient);
            Box::new(compression.of_request(&method, &mut passed, Asker { provenance, is_ambient, entry_point }))
        });
        let prefix = route.prefix_header();
        let attributes = attributes.as_deref();
        let forwarded = ForwardedContext {
            user: user.as_deref(),
            attributes,
            client,
            authority: &authority,
            origin,
            scheme,
            entry_point,
            id,
            prefix,
        };
        // After the client's reserved names were stripped, so what stands here under those names is ours.
        let mut headers = upstream.request_headers.apply(passed, forwarded);
        if let Some((assertion_signer, user)) = upstream.assertion_signer.as_ref().zip(user.as_ref()) {
            headers.say(&ASSERTION, &assertion_signer.of(user, attributes));
        }
        let says_itself = upstream.request_headers.own().contains(DESTINATION.as_str());
        if let Some(transfer) = transfer.filter(|_| upstream.addon.backend.rewrite_addresses && !says_itself) {
            let host = upstream.request_headers.host_override().unwrap_or(&authority);
            let knows_prefix = upstream.addon.headers.tell_prefix_for_addresses();
            set_destination(headers.passed_mut(), &transfer, (scheme, host), knows_prefix);
        }
        let grpc = upstream.trailer_filter.as_ref().map(GrpcCall::new);
        // gRPC calls of a user share one HTTP/2 connection: there is none that could become a tunnel.
        if grpc.is_some() && handshake.is_some() {
            return Err(Reason::BadUpgrade);
        }
        let (body, progress) = match &grpc {
            None => RequestBody::new(body, upstream.addon.transport.max_body, self.upload),
            Some(grpc) => grpc.upload(body, &upstream.addon),
        };
        let framing = framing(&method, body.size_hint().exact(), upstream.addon.transport.max_body)?;
        let head = OutgoingHead { method, target: forward, headers, framing };
        head.judge_size(handshake, upstream.addon.transport.max_head)?;
        let response_policy = self.response_policy(upstream, &route, (scheme, &authority));
        let is_front = upstream.addon.authorization.front.is_some();
        let holder = || if is_front { anybody_at(client) } else { UserId::anybody() };
        let (user, reading) = (user.map_or_else(holder, |user| user.id.clone()), self.reading);
        let call = Call { upstream, response_policy, progress, open, user, serving, reading, offer };
        // Boxed where few requests come by, whose states would otherwise make the future of every request larger.
        let answer = match (handshake, upgrade, grpc) {
            (_, _, Some(grpc)) => Box::pin(call.call(head.into_grpc(&upstream.addon, body)?, grpc)).await,
            (Some(handshake), Some(client), None) => {
                Box::pin(call.open_tunnel(head.into_websocket(handshake, body), handshake, client)).await
            }
            (Some(handshake), None, None) => {
                let opened = Box::pin(call.opened(head.into_websocket(handshake, body))).await?;
                return Ok(Dispatched::Opened(opened));
            }
            (None, _, None) => {
                // Asked now, since the headers go when they are written.
                let signs_in = connection_auth::is_asked_for(head.headers.passed());
                call.exchange(head.into_http1(body).into(), signs_in).await
            }
        };
        answer.map(Dispatched::Answered)
    }
}

/// What came of a request, of either kind.
#[expect(clippy::large_enum_variant, reason = "nearly all are answers, and a box would be an allocation for each")]
enum Dispatched {
    Answered(Answer),
    Opened(OpenedWebSocket),
}

/// The same at Home Assistant's front, whose pages everybody has to fetch before they can say who they are: a share for
/// each address, so that one of them cannot take the front end away from all.
fn anybody_at(client: IpAddr) -> UserId {
    let address = match client {
        IpAddr::V4(address) => address.to_string(),
        // Whoever has one address of a /64 has all of them.
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
    };
    format!("anybody@{address}").parse().unwrap_or_else(|_| UserId::anybody())
}

impl Call<'_> {
    async fn exchange(self, request: UnsentRequest, signs_in: bool) -> Result<Answer, Reason> {
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
        Ok(self.relay(response.into_parts().0, source, HeldSlot::Request(place), None))
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
        response::confine(&mut parts.headers, &self.upstream.addon, &self.response_policy);
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
        Answer { response: Response::from_parts(parts, body), tunnel: None, sent: self.progress }
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
