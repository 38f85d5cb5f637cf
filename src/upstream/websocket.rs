//! The add-on's side of a WebSocket handshake: what was asked and whether the answer fits it (RFC 6455 section 4;
//! S-98).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{
    HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
};

use crate::entropy;
use crate::http::one_line;

/// What was asked of the add-on.
#[derive(Debug)]
pub(super) struct WebSocketOffer {
    accept: String,
    protocols: Vec<String>,
    extensions: Vec<String>,
}

/// Sixteen random bytes in base64 (RFC 6455 section 4.1).
pub(super) fn new_key() -> HeaderValue {
    let key = STANDARD.encode(entropy::random::<16>());
    HeaderValue::from_str(&key).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl WebSocketOffer {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let key = headers.get(SEC_WEBSOCKET_KEY).map_or(&b""[..], HeaderValue::as_bytes);
        Self {
            accept: accept(key),
            protocols: names(headers, SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect(),
            extensions: names(headers, SEC_WEBSOCKET_EXTENSIONS).map(str::to_owned).collect(),
        }
    }

    /// Whether a 101 answers what was asked: to a WebSocket, with the right key, and in a subprotocol and with
    /// extensions that were offered.
    ///
    /// RFC 6455 section 4.1: if the response lacks `Sec-WebSocket-Accept` or it is not the expected value, or it names
    /// a subprotocol or an extension that was not offered, the client MUST fail the connection.
    pub(super) fn is_answered_by(&self, headers: &HeaderMap) -> bool {
        let only = |name| one_line(headers, name).map(HeaderValue::as_bytes);
        let websocket = only(UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"));
        let accepted = only(SEC_WEBSOCKET_ACCEPT).is_some_and(|value| value == self.accept.as_bytes());
        let chosen: Vec<_> = names(headers, SEC_WEBSOCKET_PROTOCOL).collect();
        let offered = match chosen.as_slice() {
            [] => true,
            [one] => self.protocols.iter().any(|offered| offered == one),
            _ => false,
        };
        let is_offered = |name: &str| self.extensions.iter().any(|offered| offered.eq_ignore_ascii_case(name));
        websocket && accepted && offered && names(headers, SEC_WEBSOCKET_EXTENSIONS).all(is_offered)
    }
}

/// The names in a list, without their parameters.
fn names(headers: &HeaderMap, header: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header).into_iter().filter_map(|line| line.to_str().ok());
    let members = lines.flat_map(|line| line.split(','));
    members.filter_map(|member| member.split(';').next()).map(str::trim).filter(|name| !name.is_empty())
}

/// RFC 6455 section 4.2.2, point 5.4.
fn accept(key: &[u8]) -> String {
    let mut sha1 = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(key);
    // SHA-1 by the standard and for no secret: it only proves that the peer speaks WebSocket.
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(sha1.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_is_the_one_of_the_rfc() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
