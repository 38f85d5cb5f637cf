//! Which headers an operator may name: in come names and values, out come those that a request can carry and that no
//! stage needs for itself. The rules of messages (framing, connection, host, cookies) are never the operator's to set.

use http::{HeaderName, HeaderValue};

/// A value that an add-on would refuse anyway is a mistake here: common servers take 8 KiB for a line.
pub(super) const LONGEST_VALUE: usize = 8 * 1024;

/// Names that vestibule or the connection sets: hop-by-hop ones (RFC 9110 section 7.6.1), those that frame a message or
/// say whom it is for, and those that WebSocket's handshake is made of.
const OF_THE_MESSAGE: [&str; 23] = [
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Names that vestibule writes into every request itself (DESIGN section 2, step 6).
const OF_EVERY_REQUEST: [&str; 7] = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-real-ip",
    "x-remote-user-assertion",
    "x-request-id",
];

/// Why a header cannot be set or stripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// By the message itself.
    Message,
    /// By vestibule.
    Vestibule,
}

/// Who has this name, in any spelling, if anybody does.
pub(super) fn taken(name: &HeaderName) -> Option<Taken> {
    let squashed = squash(name.as_str());
    if OF_THE_MESSAGE.contains(&&*squashed) {
        Some(Taken::Message)
    } else {
        OF_EVERY_REQUEST.contains(&&*squashed).then_some(Taken::Vestibule)
    }
}

/// Whether a name or pattern (`x-*`) of `[headers] reserved` would strip a header that messages are made of.
pub(super) fn strips_the_message(pattern: &str) -> bool {
    let squashed = squash(pattern.strip_suffix('*').unwrap_or(pattern));
    let hits = |name: &&str| if pattern.ends_with('*') { name.starts_with(&squashed) } else { **name == squashed };
    OF_THE_MESSAGE.iter().any(hits)
}

/// The name in the one spelling that all spellings of it have in common (DESIGN section 2, step 3): lower case, and `-`
/// for everything that is neither a letter nor a digit. Many add-ons take `X_Name` and `X-Name` for the same header.
pub(super) fn squash(name: &str) -> String {
    let squash = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(squash).collect()
}

/// Why a text is not the value of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadValue {
    #[error("the value of this header is empty")]
    Empty,
    #[error("the value of this header is longer than 8 KiB")]
    TooLong,
    #[error("the value of this header holds a line break or another control character")]
    Control,
    #[error("the value of this header begins or ends with a blank")]
    Blank,
}

/// A field value (RFC 9110 section 5.5): no control characters, and no blanks around it, which a recipient would drop.
pub(super) fn value(bytes: &[u8]) -> Result<HeaderValue, BadValue> {
    let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t'));
    if bytes.is_empty() {
        Err(BadValue::Empty)
    } else if bytes.len() > LONGEST_VALUE {
        Err(BadValue::TooLong)
    } else if blank(bytes.first()) || blank(bytes.last()) {
        Err(BadValue::Blank)
    } else {
        HeaderValue::from_bytes(bytes).map_err(|_| BadValue::Control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_taken_name_is_taken() {
        for name in ["Host", "transfer-encoding", "Transfer_Encoding", "UPGRADE", "Content-Length", "Cookie", "TE"] {
            assert_eq!(taken(&name.parse().unwrap()), Some(Taken::Message), "{name}");
        }
        assert_eq!(taken(&"X_Forwarded.For".parse().unwrap()), Some(Taken::Vestibule));
        assert_eq!(taken(&"X-Forwarded-Prefix".parse().unwrap()), None);
        assert_eq!(taken(&"Authorization".parse().unwrap()), None);
    }

    #[test]
    fn a_pattern_must_not_strip_what_messages_are_made_of() {
        for pattern in ["*", "c*", "host", "Content-Length", "content_length", "sec-websocket-*"] {
            assert!(strips_the_message(pattern), "{pattern}");
        }
        assert!(!strips_the_message("x-*"));
        assert!(!strips_the_message("hostess"));
    }

    #[test]
    fn a_value_is_one_line_without_control_characters() {
        assert_eq!(value("zoë, \t x".as_bytes()).unwrap().as_bytes(), "zoë, \t x".as_bytes());
        for bad in [&b"a\r\nb"[..], b"a\nb", b"a\0b", b"a\x7fb", b"a\rb", b"a\n"] {
            assert_eq!(value(bad), Err(BadValue::Control));
        }
        assert_eq!(value(b""), Err(BadValue::Empty));
        assert_eq!(value(b" a"), Err(BadValue::Blank));
        assert!(value(&[b'a'; LONGEST_VALUE]).is_ok());
        assert_eq!(value(&[b'a'; LONGEST_VALUE + 1]), Err(BadValue::TooLong));
    }
}
