//! Calls to an add-on that speaks gRPC: HTTP/2 on the add-on's side too, and trailers in both directions, through a
//! filter.
//!
//! The rest of the way is that of every request: who asks is known, may, and is told to the add-on in headers.

use std::sync::Arc;

use http::header::{HOST, HeaderValue, TE, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Request, Response, Uri, uri};
use hyper::body::Incoming;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::http2_connection::{Http2Connection, Stream};
use super::pool::PoolError;
use super::send::{Answer, Call};
use crate::config::{self, Addon};
use crate::connection::ClientBody;
use crate::http::{BodyProgress, RequestBody, TrailerFilter};
use crate::refusal::Reason;

/// What a call has besides a request: the filter for its trailers, and what ends its upload when its answer has ended.
pub(super) struct GrpcCall {
    trailer_filter: Arc<TrailerFilter>,
    upload: DropGuard,
}

impl GrpcCall {
    pub(super) fn new(trailer_filter: &Arc<TrailerFilter>) -> Self {
        Self { trailer_filter: Arc::clone(trailer_filter), upload: CancellationToken::new().drop_guard() }
    }

    /// The upload, which ends with the answer. A call may stand idle for as long as a WebSocket may.
    pub(super) fn upload(&self, body: ClientBody, addon: &Addon) -> (RequestBody, Arc<BodyProgress>) {
        let (limit, idle) = (addon.max_body, addon.websocket_idle_timeout);
        RequestBody::of_call(body, limit, idle, Arc::clone(&self.trailer_filter), self.upload.token())
    }

    pub(super) fn trailer_filter(&self) -> &TrailerFilter {
        &self.trailer_filter
    }
}

/// The target as HTTP/2 says it, with scheme and authority (RFC 9113 section 8.3.1), and the headers that go with it.
///
/// RFC 9110 section 10.1.4: `trailers` in `TE` says that the sender will not discard trailers; servers of gRPC refuse
/// calls without it.
pub(super) fn target(
    headers: &mut HeaderMap,
    upstream: &config::Upstream,
    forward: PathAndQuery,
) -> Result<Uri, Reason> {
    // RFC 9113 section 8.2.2: connection-specific headers make an HTTP/2 message malformed.
    headers.remove(TRANSFER_ENCODING);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    let host = headers.remove(HOST).ok_or(Reason::MalformedRequest)?;
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| Reason::MalformedRequest)?;
    let mut parts = uri::Parts::default();
    let over_tls = matches!(upstream, config::Upstream::Https { .. });
    parts.scheme = Some(if over_tls { Scheme::HTTPS } else { Scheme::HTTP });
    (parts.authority, parts.path_and_query) = (Some(authority), Some(forward));
    Uri::from_parts(parts).map_err(|_| Reason::MalformedRequest)
}

impl Call<'_> {
    /// Makes the call and relays its answer.
    pub(super) async fn call(self, request: Request<RequestBody>, trailed: GrpcCall) -> Result<Answer, Reason> {
        // A place as any request has: streams of a shared connection cost the add-on as much as connections do.
        let place = self.place().await?;
        let response = self.ask_shared(request).await?;
        Ok(self.relay(response, None, Some(place), Some(trailed)))
    }

    /// Sends the request over the connection that there is, or a new one; again only where not a byte of it was sent.
    async fn ask_shared(&self, mut request: Request<RequestBody>) -> Result<Response<Incoming>, Reason> {
        let pool = &self.upstream.pool;
        let shared = pool.shared().of(&self.user);
        loop {
            let mut stream = pool.stream(&shared).await.map_err(|error| self.failed(&error))?;
            let retry = stream.used;
            match self.answered(stream.send(request)).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(unsent)) if retry => {
                    shared.forget();
                    request = *unsent;
                }
                Ok(Err(_)) => return Err(Reason::AddonDown),
                Err(reason) => {
                    // A connection on which nothing comes any more is not one for the next call.
                    if reason == Reason::AddonSlow {
                        shared.forget();
                    }
                    return Err(reason);
                }
            }
        }
    }
}

impl super::pool::Pool {
    /// The connection that all calls of a user share, made when there is none. Who waits for another's dialling waits
    /// as for a place.
    async fn stream(&self, shared: &Http2Connection) -> Result<Stream, PoolError> {
        if let Some(stream) = shared.stream() {
            return Ok(stream);
        }
        let dialling = tokio::time::timeout(self.patience(), shared.dialling.lock());
        let _dialling = dialling.await.map_err(|_| PoolError::Dialling)?;
        // Asked again behind the lock: the call that held it may have made the connection.
        if let Some(stream) = shared.stream() {
            return Ok(stream);
        }
        let stream = Stream::open(self.wire().await?).await.map_err(PoolError::Handshake)?;
        shared.keep(&stream);
        Ok(stream)
    }
}
