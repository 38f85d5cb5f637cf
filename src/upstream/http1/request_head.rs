//! The head of a request, as it is written (RFC 9112 section 3).

use http::Request;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};

use super::body_framing::Persistence;
use super::error::Http1Error;

/// How the body of a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UploadFraming {
    /// So many bytes are missing.
    Length(u64),
    Chunked,
}

/// Writes the head of `request` behind what is in `out`: the target in origin form with exactly the bytes that it has,
/// and the headers in their order, with small letters.
pub(super) fn encode<B>(request: &Request<B>, out: &mut Vec<u8>) -> Result<(UploadFraming, Persistence), Http1Error> {
    let mut length = None;
    let (mut chunked, mut persistence) = (false, Persistence::KeepAlive);
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    for part in [request.method().as_str(), " ", target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    for (name, value) in request.headers() {
        // No value has a CR or an LF in it: `HeaderValue` is the proof.
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
        if *name == CONTENT_LENGTH {
            length = Some(parsed(value)?);
        } else if *name == TRANSFER_ENCODING {
            chunked = true;
        } else if *name == CONNECTION {
            persistence = Persistence::Close;
        }
    }
    out.extend_from_slice(b"\r\n");
    match (length, chunked) {
        // RFC 9112 section 6.2: a sender MUST NOT send a Content-Length in a message that has a Transfer-Encoding.
        (Some(_), true) => Err(Http1Error::RequestLength),
        (_, true) => Ok((UploadFraming::Chunked, persistence)),
        (length, false) => Ok((UploadFraming::Length(length.unwrap_or(0)), persistence)),
    }
}

fn parsed(length: &HeaderValue) -> Result<u64, Http1Error> {
    length.to_str().ok().and_then(|digits| digits.parse().ok()).ok_or(Http1Error::RequestLength)
}
