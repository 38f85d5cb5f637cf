//! A request when every line that we add is there: how large its head is, how its body goes on, and the forms in which
//! our own client and hyper's take it.

use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};

use super::grpc_call;
use super::http1::{OutgoingRequest, framing_line};
use super::request_headers::{RequestHeaders, ask_for_websocket};
use super::websocket;
use crate::config::Addon;
use crate::connection::MessageFraming;
use crate::http::{Handshake, RequestBody};
use crate::refusal::Reason;

/// How the body goes on: by one canonical `Content-Length`, from what the body itself says (S-49), since the client's
/// own was stripped with the rest; none where there is no body and none is expected. A body that says that it is too
/// large is refused before the add-on hears of it.
pub(super) fn framing(method: &Method, length: Option<u64>, limit: u64) -> Result<MessageFraming, Reason> {
    // RFC 9110 section 8.6: a user agent SHOULD send Content-Length when the method defines a meaning for content, even
    // when it is empty.
    let expected = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    match length {
        Some(length) if length > limit => Err(Reason::BodyTooLarge),
        Some(length) if length > 0 || expected => Ok(MessageFraming::Length(length)),
        Some(_) => Ok(MessageFraming::None),
        // Said explicitly: hyper would leave out the body of a GET otherwise.
        None => Ok(MessageFraming::Chunked),
    }
}

/// A head as it will be written.
pub(super) struct OutgoingHead {
    pub(super) method: Method,
    pub(super) target: PathAndQuery,
    pub(super) headers: RequestHeaders,
    pub(super) framing: MessageFraming,
}

impl OutgoingHead {
    /// The request for our own client, which takes a head as it is written.
    pub(super) fn into_http1(self, body: RequestBody) -> OutgoingRequest {
        OutgoingRequest::new((self.method, &self.target), self.headers, self.framing, body)
    }

    /// The request for a WebSocket, for hyper's client.
    pub(super) fn into_websocket(self, handshake: Handshake, body: RequestBody) -> Box<Request<RequestBody>> {
        let framing = framing_line(self.framing);
        let mut headers = self.headers.into_map();
        ask_for_websocket(&mut headers, handshake, websocket::new_key);
        headers.extend(framing.map(|(name, value)| (Some(name), value)));
        hypers((self.method, Uri::from(self.target)), headers, body)
    }

    /// The gRPC call, for hyper's client.
    pub(super) fn into_grpc(self, addon: &Addon, body: RequestBody) -> Result<Box<Request<RequestBody>>, Reason> {
        // HTTP/2 frames bodies by itself: it has no chunks.
        let framing = framing_line(self.framing).filter(|_| self.framing != MessageFraming::Chunked);
        let mut headers = self.headers.into_map();
        headers.extend(framing.map(|(name, value)| (Some(name), value)));
        let target = grpc_call::target(&mut headers, &addon.backend.upstream, self.target)?;
        Ok(hypers((self.method, target), headers, body))
    }

    /// Refuses a head that the add-on would choke on (spec/addon-uis.md section 3, point 19), the request line among
    /// it.
    pub(super) fn judge_size(&self, handshake: Option<Handshake>, limit: usize) -> Result<(), Reason> {
        // Without a configured limit the lines need not be added up.
        if limit == usize::MAX {
            return Ok(());
        }
        let line = |name: usize, value: usize| name.saturating_add(value).saturating_add(": \r\n".len());
        let framing = framing_line(self.framing);
        let framing = framing.iter().map(|(name, value)| (name, value));
        let lines =
            self.headers.passed().iter().chain(framing).map(|(name, value)| line(name.as_str().len(), value.len()));
        let asked = if handshake.is_some() { HANDSHAKE } else { 0 };
        let ours = line(self.target.as_str().len(), LONGEST_REQUEST_LINE)
            .saturating_add(self.headers.said().len())
            .saturating_add(asked);
        if lines.fold(ours, usize::saturating_add) > limit { Err(Reason::HeadTooLarge) } else { Ok(()) }
    }
}

/// A request for hyper's client.
fn hypers((method, target): (Method, Uri), headers: HeaderMap, body: RequestBody) -> Box<Request<RequestBody>> {
    let mut request = Box::new(Request::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = target;
    *request.headers_mut() = headers;
    request
}

/// The longest method and the version, with the blanks between.
const LONGEST_REQUEST_LINE: usize = "MKCALENDAR  HTTP/1.1".len();
/// The lines that ask for a WebSocket.
const HANDSHAKE: usize =
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n".len();
