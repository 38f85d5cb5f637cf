//! A request as it leaves for an add-on (RFC 9112 section 3): its head written out, its body still to be read.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderName, Method};

use crate::connection::{MessageFraming, push_line};
use crate::http::RequestBody;
use crate::upstream::request_headers::RequestHeaders;

/// A request whose head is written out.
pub(in crate::upstream) struct OutgoingRequest {
    pub(super) method: Method,
    pub(super) head: Vec<u8>,
    pub(super) framing: MessageFraming,
    pub(super) body: RequestBody,
    /// The map whose lines have been written: its allocation is large enough for those of most answers.
    pub(super) headers: HeaderMap,
}

/// The line that says how a body is framed.
pub(in crate::upstream) fn framing_line(framing: MessageFraming) -> Option<(HeaderName, HeaderValue)> {
    match framing {
        MessageFraming::None => None,
        MessageFraming::Length(length) => Some((CONTENT_LENGTH, HeaderValue::from(length))),
        MessageFraming::Chunked => Some((TRANSFER_ENCODING, HeaderValue::from_static("chunked"))),
    }
}

impl OutgoingRequest {
    /// Writes the head: the target in origin form with exactly the bytes that it has, the lines that we say, and then
    /// what passes of the client's headers, in their order and with small letters. None that frames a body is among
    /// those that pass.
    pub(in crate::upstream) fn new(
        (method, target): (Method, &PathAndQuery),
        headers: RequestHeaders,
        framing: MessageFraming,
        body: RequestBody,
    ) -> Self {
        let mut head = Vec::with_capacity(headers.said().len().saturating_add(COMMON));
        for part in [method.as_str(), " ", target.as_str(), " HTTP/1.1\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        head.extend_from_slice(headers.said());
        for (name, value) in headers.passed() {
            push_line(&mut head, name.as_str(), value.as_bytes());
        }
        if let Some((name, value)) = framing_line(framing) {
            push_line(&mut head, name.as_str(), value.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        Self { method, head, framing, body, headers: headers.into_passed() }
    }
}

/// What the client's headers and the request line come to for most requests.
const COMMON: usize = 1024;
