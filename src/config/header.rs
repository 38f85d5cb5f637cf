//! Which headers an operator may name: in come names and values, out come those that a request can carry and that no
//! stage needs for itself. The rules of messages (framing, connection, host, cookies) are never the operator's to set.

use http::{HeaderName, HeaderValue};

use crate::http::fields;

/// A value that an add-on would refuse anyway is a mistake here: common servers take 8 KiB for a line.
pub(super) const LONGEST_VALUE: usize = 8 * 1024;

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
    if fields::is_of_the_message(name.as_str()) {
        Some(Taken::Message)
    } else {
        fields::is_ours(name.as_str()).then_some(Taken::Vestibule)
    }
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
            assert!(fields::strips_the_message(pattern), "{pattern}");
        }
        assert!(!fields::strips_the_message("x-*"));
        assert!(!fields::strips_the_message("hostess"));
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
