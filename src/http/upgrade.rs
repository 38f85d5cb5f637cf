//! WebSocket handshakes, over HTTP/1.1 and HTTP/2, told from everything else.
//!
//! The method, version and headers say whether a tunnel is asked for. No other protocol is ever upgraded to (S-52,
//! S-53, S-54).

use http::header::{CONTENT_LENGTH, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Version};
use hyper::ext::Protocol;

use super::field_lines::one_line;
use super::hop_by_hop;

/// How a client asks for a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// `Upgrade: websocket` (RFC 6455 section 4.1).
    Http1,
    /// Extended CONNECT with `:protocol` `websocket` (RFC 8441 section 5).
    Http2,
}

/// A WebSocket handshake with parts missing, or too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed WebSocket handshake")]
pub struct BadHandshake;

/// Whether this request asks for a WebSocket.
pub(super) fn asked_for(
    method: &Method,
    version: Version,
    protocol: Option<&Protocol>,
    headers: &HeaderMap,
) -> Result<Option<Handshake>, BadHandshake> {
    if version == Version::HTTP_2 {
        // `Upgrade` means nothing over HTTP/2 (RFC 9113 section 8.2.2).
        return match (*method == Method::CONNECT, protocol) {
            (true, Some(protocol)) if protocol.as_str() == "websocket" => {
                version_13(headers)?;
                Ok(Some(Handshake::Http2))
            }
            // Another CONNECT is refused with the unknown methods, which is no business of the handshake (S-54).
            _ => Ok(None),
        };
    }
    let websocket = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    if !one_line(headers, UPGRADE).is_some_and(websocket) || !hop_by_hop::has_option(headers, "upgrade") {
        // An ordinary request then. `Upgrade` is stripped like every hop-by-hop header, so no other protocol can begin
        // (S-53).
        return Ok(None);
    }
    // RFC 6455 section 4.1: the method MUST be GET, the version at least 1.1, the key sixteen bytes in base64. A body
    // between the head and the tunnel would be read as frames by one side and as a body by the other.
    let bodyless = !headers.contains_key(TRANSFER_ENCODING)
        && headers.get(CONTENT_LENGTH).is_none_or(|length| length.as_bytes() == b"0");
    if *method != Method::GET || version != Version::HTTP_11 || !bodyless {
        return Err(BadHandshake);
    }
    key_of(headers)?.ok_or(BadHandshake).map(|_| Some(Handshake::Http1))
}

/// The key of a handshake in HTTP/1.1, whose version must then be 13; none where there is no key.
pub(super) fn key_of(headers: &HeaderMap) -> Result<Option<&HeaderValue>, BadHandshake> {
    if !headers.contains_key(SEC_WEBSOCKET_KEY) {
        return Ok(None);
    }
    version_13(headers)?;
    let key = exactly_one(headers, &SEC_WEBSOCKET_KEY)?;
    let digits = key.as_bytes().strip_suffix(b"==").ok_or(BadHandshake)?;
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // 22 digits and `==` are sixteen bytes (RFC 6455 section 4.1).
    if digits.len() == 22 && digits.iter().all(legal) { Ok(Some(key)) } else { Err(BadHandshake) }
}

fn version_13(headers: &HeaderMap) -> Result<(), BadHandshake> {
    if exactly_one(headers, &SEC_WEBSOCKET_VERSION)?.as_bytes() == b"13" { Ok(()) } else { Err(BadHandshake) }
}

fn exactly_one<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Result<&'a HeaderValue, BadHandshake> {
    one_line(headers, name).ok_or(BadHandshake)
}
