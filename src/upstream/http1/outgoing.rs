//! A request as it leaves for an add-on (RFC 9112 section 3): its head written out, its body still to be read.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderName, Method};

use crate::connection::MessageFraming;
use crate::http::RequestBody;

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
    /// what passes of the client's headers, in their order and with small letters. None of the lines is among those
    /// that pass, and neither is one that frames a body.
    pub(in crate::upstream) fn new(
        (method, target): (Method, &PathAndQuery),
        said: &[u8],
        passed: HeaderMap,
        framing: MessageFraming,
        body: RequestBody,
    ) -> Self {
        let mut head = Vec::with_capacity(said.len().saturating_add(COMMON));
        for part in [method.as_str(), " ", target.as_str(), " HTTP/1.1\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        head.extend_from_slice(said);
        for (name, value) in &passed {
            push_line(&mut head, name, value);
        }
        if let Some((name, value)) = framing_line(framing) {
            push_line(&mut head, &name, &value);
        }
        head.extend_from_slice(b"\r\n");
        Self { method, head, framing, body, headers: passed }
    }
}

fn push_line(head: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    // No value has a CR or an LF in it: `HeaderValue` is the proof.
    for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        head.extend_from_slice(part);
    }
}

/// What the client's headers and the request line come to for most requests.
const COMMON: usize = 1024;
