//! The head of an answer, once all of it is here.
//!
//! It is looked at line by line as it comes, and parsed once, at its end: the result does not depend on how its bytes
//! were split.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

use super::body_framing::{BodyFraming, FramingHeaders};
use super::error::Http1Error;
use super::read_buffer::ReadBuffer;
use crate::connection::{HeadLines, Persistence};

/// Reads the head of one answer, and the interim ones before it.
#[derive(Debug)]
pub(super) struct ResponseParser {
    method: Method,
    lines: HeadLines,
    interim: u16,
}

/// What there is so far.
#[derive(Debug)]
pub(super) enum Parsed {
    /// The head, whose headers are in the map that was given.
    Head(ResponseHead),
    /// An interim answer was skipped.
    Interim,
    /// More bytes are needed.
    Incomplete,
}

/// The head of an answer, without its headers.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub(super) status: StatusCode,
    pub(super) framing: BodyFraming,
    pub(super) persistence: Persistence,
}

impl ResponseParser {
    /// For the answer to a request with this method.
    pub(super) fn new(method: Method) -> Self {
        Self { method, lines: HeadLines::default(), interim: 0 }
    }

    /// Goes on with what is in `buffer`. The headers of an answer replace those in `headers`.
    pub(super) fn parse(&mut self, buffer: &mut ReadBuffer, headers: &mut HeaderMap) -> Result<Parsed, Http1Error> {
        let Some(end) = self.end_of_head(buffer.as_slice())? else { return Ok(Parsed::Incomplete) };
        self.lines = HeadLines::default();
        let head = buffer.take(end);
        let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        match parser.parse_response_with_uninit_headers(&mut parsed, &head, &mut lines)? {
            httparse::Status::Complete(length) if length == head.len() => {}
            // It takes another line for the last one than we do: then nobody knows where the body begins.
            _ => return Err(Http1Error::NotHttp),
        }
        let (Some(code), Some(minor_version)) = (parsed.code, parsed.version) else { return Err(Http1Error::NotHttp) };
        let status = StatusCode::from_u16(code).map_err(|error| Http1Error::Header(error.into()))?;
        // RFC 9110 section 15.2: a client MUST be able to parse interim answers. A 101 is the last answer of HTTP.
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            self.interim = self.interim.saturating_add(1);
            return if self.interim > MOST_INTERIM { Err(Http1Error::TooManyInterim) } else { Ok(Parsed::Interim) };
        }
        let framing = collect(&head, parsed.headers, headers)?;
        if framing.is_ambiguous() {
            // RFC 9112 section 6.3: Transfer-Encoding overrides Content-Length, which MUST NOT be handed on.
            headers.remove(CONTENT_LENGTH);
        }
        let (framing, persistence) = framing.judge(&self.method, status, minor_version)?;
        Ok(Parsed::Head(ResponseHead { status, framing, persistence }))
    }

    /// Where the head ends, if its empty line is here.
    fn end_of_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Http1Error> {
        // Seen at once and not at the end of a head that may never come: an add-on that speaks something else first.
        if bytes.iter().zip(BEGINNING).any(|(byte, expected)| byte != expected) {
            return Err(Http1Error::NotHttp);
        }
        // RFC 9112 section 2.2: a recipient MAY take a single LF for the end of a line. Small add-ons write it, and
        // what is handed on has our own line ends, so that nobody behind us can read it in another way.
        let end = self.lines.end(bytes, |line| Ok::<_, Http1Error>(line.strip_suffix(b"\r").unwrap_or(line)))?;
        let is_too_large = end.map_or(bytes.len() >= LARGEST_HEAD, |end| end > LARGEST_HEAD);
        if is_too_large { Err(Http1Error::HeadTooLarge) } else { Ok(end) }
    }
}

/// Fills the map with the lines of a head, and takes note of those that say where the body ends.
fn collect(
    head: &Bytes,
    lines: &[httparse::Header<'_>],
    headers: &mut HeaderMap,
) -> Result<FramingHeaders, Http1Error> {
    let mut framing = FramingHeaders::default();
    // The request's map, whose allocation is large enough for most answers.
    headers.clear();
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|error| Http1Error::Header(error.into()))?;
        framing.note(&name, line.value);
        // A part of the head's own allocation and no copy. The parser's lines lie in the head that it was given.
        let value = HeaderValue::from_maybe_shared(head.slice_ref(line.value));
        let value = value.map_err(|error| Http1Error::Header(error.into()))?;
        headers.try_append(name, value).map_err(|error| Http1Error::Header(error.into()))?;
    }
    Ok(framing)
}

const BEGINNING: &[u8] = b"HTTP/1.";
/// The largest head of an answer: some add-ons send long `Content-Security-Policy` and `Set-Cookie` lines.
const LARGEST_HEAD: usize = 64 * 1024;
/// The most lines of one.
const MOST_HEADERS: usize = 100;
/// Interim answers before the one that counts: one a second for a quarter of an hour.
const MOST_INTERIM: u16 = 1000;
