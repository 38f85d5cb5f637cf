//! The one rule about paths (DESIGN section 2, step 7): what every parser reads alike passes byte for byte, the rest is
//! refused. Nothing is ever rewritten here.

use std::fmt::Write as _;

/// What is wrong with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// A `%` that two hexadecimal digits do not follow (RFC 3986 section 2.1).
    #[error("malformed percent-encoding")]
    Encoding,
    /// A control character, encoded however often.
    #[error("a control character")]
    Control,
    /// A `.` or `..` segment, encoded however often, `\` and `;` considered (S-24, S-25, S-27).
    #[error("a dot segment")]
    DotSegment,
}

/// Judges the raw path of a request. The query is no path and never comes here.
pub fn judge(path: &str) -> Result<(), PathFault> {
    let bytes = path.as_bytes();
    // Most paths have no escape, and then nothing is copied.
    if !bytes.contains(&b'%') {
        return judge_decoded(bytes);
    }
    check_encoding(bytes)?;
    // Decoded for judging only. An add-on may decode once more than we would, so every number of times has to be
    // harmless.
    judge_decoded(&decode_until_stable(bytes))
}

fn judge_decoded(path: &[u8]) -> Result<(), PathFault> {
    if path.iter().any(u8::is_ascii_control) {
        return Err(PathFault::Control);
    }
    let is_dots = |segment: &[u8]| {
        // Servlet containers cut a segment at `;` before they resolve dots: to them `..;x` is `..`.
        let name = segment.split(|b| *b == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    };
    // `\` separates for servers on Windows.
    if path.split(|b| matches!(b, b'/' | b'\\')).any(is_dots) { Err(PathFault::DotSegment) } else { Ok(()) }
}

fn check_encoding(path: &[u8]) -> Result<(), PathFault> {
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let (high, low) = (rest.next(), rest.next());
            if !high.is_some_and(u8::is_ascii_hexdigit) || !low.is_some_and(u8::is_ascii_hexdigit) {
                return Err(PathFault::Encoding);
            }
        }
    }
    Ok(())
}

/// A judged path as proxies look their locations up by it (nginx, Caddy and Traefik alike): each escape decoded once,
/// slashes in a row merged into one, and what may not stand in a path escaped again, as nginx sends it on. Dot segments
/// are none, however they were written: [`judge`] has refused them.
pub(super) fn normalized(path: &str) -> String {
    let mut normalized = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let encoded = match after {
            [high, low, after @ ..] if *first == b'%' => hex(*high).zip(hex(*low)).map(|pair| (pair, after)),
            _ => None,
        };
        let (byte, after) = encoded.map_or((*first, after), |((high, low), after)| (high << 4 | low, after));
        rest = after;
        if byte == b'/' && normalized.ends_with('/') {
            continue;
        }
        if byte.is_ascii_alphanumeric() || KEPT.contains(&byte) {
            normalized.push(char::from(byte));
        } else {
            // `%` is among these: what was encoded twice is decoded once and stays encoded, as at those proxies.
            let _written = write!(normalized, "%{byte:02X}");
        }
    }
    normalized
}

/// Beside letters and digits, what RFC 3986 section 3.3 lets stand in a path.
const KEPT: &[u8] = b"/-._~!$&'()*+,;=:@";

/// Decodes until nothing is left to decode, in one pass: whenever the end of what is decoded so far spells `%XX`, it is
/// decoded at once, so that a path of nested encodings costs no more than a plain one. What decoding leaves behind that
/// is no encoding (`%25zz` becomes `%zz`) is data and stays.
fn decode_until_stable(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    for byte in path {
        decoded.push(*byte);
        while let [.., b'%', high, low] = decoded.as_slice() {
            let (Some(high), Some(low)) = (hex(*high), hex(*low)) else { break };
            decoded.truncate(decoded.len().saturating_sub(3));
            decoded.push(high << 4 | low);
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::super::path_spellings::{BROKEN_ENCODINGS, CONTROLS, DOT_SEGMENTS};
    use super::*;

    #[test]
    fn dot_segments_are_found_however_they_are_written() {
        for spelling in DOT_SEGMENTS {
            for path in [format!("/{spelling}"), format!("/public/{spelling}admin"), format!("/pub;/{spelling}admin")] {
                assert_eq!(judge(&path), Err(PathFault::DotSegment), "{path}");
            }
        }
        for path in ["/..", "/.", "/%2e", "/addon/%2e", "..", "/a%2f..%2fb", "/api/hassio/app/.%252e/supervisor/info"] {
            assert_eq!(judge(path), Err(PathFault::DotSegment), "{path}");
        }
    }

    #[test]
    fn control_characters_are_found_however_they_are_written() {
        for path in CONTROLS.map(|spelling| format!("/{spelling}x")) {
            assert_eq!(judge(&path), Err(PathFault::Control), "{path}");
        }
        assert_eq!(judge("/x%1b"), Err(PathFault::Control));
    }

    #[test]
    fn malformed_encoding_is_refused_in_what_was_sent_only() {
        for path in BROKEN_ENCODINGS.map(|spelling| format!("/{spelling}")) {
            assert_eq!(judge(&path), Err(PathFault::Encoding), "{path}");
        }
        assert_eq!(judge("/%1"), Err(PathFault::Encoding));
        assert_eq!(judge("/100%25"), Ok(()));
        assert_eq!(judge("/%25zz"), Ok(()));
    }

    #[test]
    fn what_is_only_odd_passes() {
        for path in [
            "/",
            "",
            "//",
            "/a//b",
            "/%2F",
            "/%252F",
            "/%23%3F",
            "/;v=1",
            "/a;b/c",
            "/...",
            "/.well-known/x",
            "/a..b/",
            "/a/.b",
            "/caf%C3%A9",
            "/%ef%bc%8e",
            "/%c0%ae",
            "/a|b",
            "/x:1/y",
            "/ingress/...",
        ] {
            assert_eq!(judge(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn proxies_decode_once_and_merge_slashes() {
        for (path, read) in [
            ("/a/%61dmin/x", "/a/admin/x"),
            ("/a//admin", "/a/admin"),
            ("//a///b/", "/a/b/"),
            ("/a%2Fb", "/a/b"),
            ("/a/%2F/b", "/a/b"),
            ("/%2561", "/%2561"),
            ("/a%20b%3F%23%25", "/a%20b%3F%23%25"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/A;v=1/x", "/A;v=1/x"),
            ("/a%3bb", "/a;b"),
            ("/", "/"),
        ] {
            assert_eq!(normalized(path), read, "{path}");
        }
    }

    #[test]
    fn nested_encodings_cost_one_pass() {
        let nested = format!("/%{}2e%2e", "25".repeat(100_000));
        assert_eq!(judge(&nested), Err(PathFault::DotSegment));
    }
}
