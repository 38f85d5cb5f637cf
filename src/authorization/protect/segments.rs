//! A path cut at its slashes, each segment decoded exactly once, and how far all servers agree about it.
//!
//! Servers differ in what they make of `//`, `;x`, `\`, of an encoded slash, and of what is still encoded after it was
//! decoded; file systems in what they take off a name or take a name for. Before the first segment with such a thing
//! they all read the same.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::http::decode;

/// The segments of a path. A slash at the end makes none: `/settings/` is `/settings`.
#[derive(Debug)]
pub(super) struct Segments<'a> {
    decoded: Vec<Segment<'a>>,
    /// How many segments stand before the first one that can be read in two ways.
    agreed: Option<usize>,
}

/// A segment, decoded; or nothing, where it is no text.
pub(super) type Segment<'a> = Option<Cow<'a, str>>;

impl<'a> Segments<'a> {
    /// Cuts a path that `http/path.rs` has let pass: no dot segments, no control characters, no malformed encoding.
    pub(super) fn of(path: &'a str) -> Self {
        // `*` asks about the server as a whole (RFC 9110 section 9.3.7), which is more than a path.
        let Some(body) = path.strip_prefix('/') else { return Self { decoded: Vec::new(), agreed: Some(0) } };
        // One slash only: a second one is an empty segment, which servers disagree about.
        let body = body.strip_suffix('/').unwrap_or(body);
        let mut segments = Self { decoded: Vec::new(), agreed: None };
        if path == "/" {
            return segments;
        }
        for raw in body.split('/') {
            let decoded = decode(raw);
            // Only the first one counts. Behind it servers may already be in another place of the path.
            if segments.agreed.is_none() && is_odd(raw, decoded.as_deref()) {
                segments.agreed = Some(segments.decoded.len());
            }
            segments.decoded.push(decoded);
        }
        segments
    }

    /// Whether servers may read it in more than one way.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.agreed.is_some()
    }

    /// The segments on which all servers agree.
    pub(super) fn agreed(&self) -> &[Segment<'a>] {
        self.decoded.get(..self.agreed.unwrap_or(self.decoded.len())).unwrap_or_default()
    }

    pub(super) fn all(&self) -> &[Segment<'a>] {
        &self.decoded
    }
}

/// What some server takes for a separator or for the end of the path, or would decode once more.
fn is_odd(raw: &str, decoded: Option<&str>) -> bool {
    let Some(decoded) = decoded else { return true };
    let meant_otherwise = |c: char| matches!(c, '/' | '\\' | ';' | '?' | '#');
    // In the decoded text: `%2f` is a slash to some servers, and `%3f` cuts the path for those that decode before they
    // cut.
    let is_cut = raw.is_empty() || decoded.contains(meant_otherwise);
    is_cut || (raw.contains('%') && has_encoding(decoded.as_bytes())) || is_trimmed(decoded) || is_other_name(decoded)
}

/// What some server or file system takes off a name: dots and blanks at its end (Windows), blanks before it, and
/// invisible characters (HFS+).
fn is_trimmed(name: &str) -> bool {
    let ignored = |c: char| matches!(c, '\u{ad}' | '\u{feff}') || UNSEEN.iter().any(|range| range.contains(&c));
    name.ends_with(|c: char| c == '.' || c == ':' || c.is_whitespace())
        || name.starts_with(char::is_whitespace)
        || name.contains(ignored)
}

/// What HFS+ leaves out when it compares names: joiners, marks of direction, invisible operators.
const UNSEEN: [RangeInclusive<char>; 3] = ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{206f}'];

/// Another name of a file on Windows: its stream (`x::$DATA`), or its short name (`LONGNA~1.TXT`).
fn is_other_name(name: &str) -> bool {
    let is_short = |(stem, rest): (&str, &str)| {
        let (number, extension) = rest.split_once('.').unwrap_or((rest, ""));
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        digits && !stem.is_empty() && stem.len().saturating_add(number.len()) < 8 && extension.len() <= 3
    };
    name.contains(":$") || name.rsplit_once('~').is_some_and(is_short)
}

fn has_encoding(text: &[u8]) -> bool {
    text.windows(3).any(|three| matches!(three, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> (Vec<String>, Option<usize>) {
        let segments = Segments::of(path);
        let text = |segment: &Segment<'_>| segment.as_deref().unwrap_or("(no text)").to_owned();
        (segments.all().iter().map(text).collect(), segments.agreed)
    }

    #[test]
    fn a_path_is_cut_at_its_slashes_and_decoded_once() {
        for (path, segments) in [
            ("/", &[][..]),
            ("/a", &["a"]),
            ("/a/", &["a"]),
            ("/a/b%20c/%C3%A9", &["a", "b c", "é"]),
            ("/%41dmin", &["Admin"]),
            ("/100%25", &["100%"]),
            ("/%25zz", &["%zz"]),
            (
                "/.a/b.c/12:30/~a/a~/a~b/longname~1/a~1.html",
                &[".a", "b.c", "12:30", "~a", "a~", "a~b", "longname~1", "a~1.html"],
            ),
        ] {
            assert_eq!(read(path), (segments.iter().map(|s| (*s).to_owned()).collect(), None), "{path}");
        }
    }

    #[test]
    fn where_servers_would_differ_is_found() {
        for (path, agreed) in [
            ("//", 0),
            ("//a", 0),
            ("/a//", 1),
            ("/a//b", 1),
            ("/a/b%2Fc", 1),
            ("/a/%5c/b", 1),
            ("/a\\b", 0),
            ("/a;x=1/b", 0),
            ("/a/b/;", 2),
            ("/%3b", 0),
            ("/a%3Fb", 0),
            ("/a%23b", 0),
            ("/a/%2561", 1),
            ("/a/%252F", 1),
            ("/%c0%ae", 0),
            ("/a/%ff", 1),
            ("/a/b.", 1),
            ("/a/b%2E/c", 1),
            ("/a/...", 1),
            ("/a%20/b", 0),
            ("/%20a", 0),
            ("/a%C2%A0", 0),
            ("/a%E2%80%8B", 0),
            ("/a::$DATA", 0),
            ("/a%3A%24i30", 0),
            ("/a:", 0),
            ("/a/LONGNA~1.TXT", 1),
            ("/a~12", 0),
            ("*", 0),
            ("", 0),
        ] {
            assert_eq!(read(path).1, Some(agreed), "{path}");
        }
    }
}
