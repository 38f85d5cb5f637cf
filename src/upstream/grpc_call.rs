//! What a call to an add-on that speaks gRPC has besides a request.

use crate::config::Addon;
use crate::connection::ClientBody;
use crate::http::{BodyProgress, RequestBody, TrailerFilter};
use crate::ids;
use crate::refusal::Reason;
use http::header::{HOST, HeaderValue, TE, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Uri, uri};
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a call has besides a request: the filter for its trailers, and what ends its upload when its answer has ended.
pub(super) struct GrpcCall {
    pub(super) trailer_filter: Arc<TrailerFilter>,
    pub(super) upload: DropGuard,
}

impl GrpcCall {
    pub(super) fn new(trailer_filter: &Arc<TrailerFilter>) -> Self {
        Self { trailer_filter: Arc::clone(trailer_filter), upload: CancellationToken::new().drop_guard() }
    }

    /// The upload, which ends with the answer. A call may stand idle for as long as a WebSocket may.
    pub(super) fn upload(&self, body: ClientBody, addon: &Addon) -> (RequestBody, Arc<BodyProgress>) {
        let (limit, idle) = (addon.transport.max_body, addon.transport.websocket_idle_timeout);
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
pub(super) fn target(headers: &mut HeaderMap, upstream: &ids::Upstream, forward: PathAndQuery) -> Result<Uri, Reason> {
    // HTTP/2 frames bodies by itself and forbids this header (RFC 9113 section 8.2.2).
    headers.remove(TRANSFER_ENCODING);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    // `:authority` says it. With both, the add-on would have two that could differ (RFC 9113 section 8.3.1).
    let host = headers.remove(HOST).ok_or(Reason::MalformedRequest)?;
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| Reason::MalformedRequest)?;
    let mut parts = uri::Parts::default();
    let over_tls = matches!(upstream.address(), Some(ids::Address::Https { .. }));
    parts.scheme = Some(if over_tls { Scheme::HTTPS } else { Scheme::HTTP });
    (parts.authority, parts.path_and_query) = (Some(authority), Some(forward));
    Uri::from_parts(parts).map_err(|_| Reason::MalformedRequest)
}
