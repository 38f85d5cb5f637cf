//! Entity tags of answers that are compressed here (RFC 9110 section 8.8.3), and their way back.
//!
//! A strong tag says that two answers are the same byte for byte. That is not so of what is compressed anew each time,
//! so that its tag becomes a weak one. It gets a mark too: when a client shows it again, the add-on must see the tag
//! that it gave, since many compare the text alone, and a tag that was weak from the start must stay so.

use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What a client showed of tags that were marked here, as the add-on gave them.
#[derive(Debug, Default)]
pub(super) struct Shown(Vec<Vec<u8>>);

impl Shown {
    /// Whether there was any.
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether this one was among them.
    pub(super) fn contains(&self, tag: &HeaderValue) -> bool {
        self.0.iter().any(|shown| shown == tag.as_bytes())
    }
}

/// Marks a strong tag, and leaves a weak one, and what is none.
pub(super) fn mark(headers: &mut HeaderMap) {
    let marked = headers.get(ETAG).and_then(|tag| {
        let inner = strong(tag.as_bytes())?;
        HeaderValue::from_bytes(&[b"W/\"", inner, MARK, b"\""].concat()).ok()
    });
    if let Some(marked) = marked {
        headers.insert(ETAG, marked);
    }
}

/// Puts the add-on's own tags in the place of marked ones in what a client makes its request depend on. `If-Range` is
/// left: a weak tag never matches there (section 13.1.5), and a part of the plain answer must not be put behind a part
/// of a compressed one.
pub(super) fn unmark(headers: &mut HeaderMap) -> Shown {
    let mut shown = Shown::default();
    unmark_lines(headers, &IF_MATCH, &mut Shown::default());
    unmark_lines(headers, &IF_NONE_MATCH, &mut shown);
    shown
}

fn unmark_lines(headers: &mut HeaderMap, name: &HeaderName, shown: &mut Shown) {
    if !headers.get_all(name).iter().any(|line| contains(line.as_bytes(), MARK)) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(name).iter().map(|line| unmarked(line, shown)).collect();
    headers.remove(name);
    for line in lines {
        headers.append(name, line);
    }
}

/// The line with its marked tags as the add-on gave them; every other byte stays.
fn unmarked(line: &HeaderValue, shown: &mut Shown) -> HeaderValue {
    let (mut rest, mut out) = (line.as_bytes(), Vec::with_capacity(line.len()));
    while let Some(quote) = rest.iter().position(|b| *b == b'"') {
        let (before, opened) = rest.split_at(quote);
        let inside = opened.get(1..).unwrap_or_default();
        // RFC 9110 section 8.8.3: no quote stands within a tag, and nothing is escaped.
        let Some(end) = inside.iter().position(|b| *b == b'"') else { break };
        let (inner, closed) = inside.split_at(end);
        if let (Some(before), Some(inner)) = (before.strip_suffix(b"W/"), inner.strip_suffix(MARK)) {
            let tag = [b"\"", inner, b"\""].concat();
            out.extend_from_slice(before);
            out.extend_from_slice(&tag);
            shown.0.push(tag);
        } else {
            out.extend_from_slice(before);
            out.extend_from_slice(opened.get(..end.saturating_add(2)).unwrap_or(opened));
        }
        rest = closed.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    HeaderValue::from_bytes(&out).unwrap_or_else(|_| line.clone())
}

/// What stands between the quotes of a strong tag.
fn strong(tag: &[u8]) -> Option<&[u8]> {
    let inner = tag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    inner.iter().all(|b| *b == 0x21 || (0x23..=0x7e).contains(b) || *b >= 0x80).then_some(inner)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Behind a tag that is weak because we compressed what it is about.
const MARK: &[u8] = b"+vestibule";

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(tag: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_str(tag).unwrap());
        mark(&mut headers);
        headers[ETAG].to_str().unwrap().to_owned()
    }

    fn shown(line: &str) -> (String, usize) {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_str(line).unwrap());
        let shown = unmark(&mut headers);
        (headers[IF_NONE_MATCH].to_str().unwrap().to_owned(), shown.0.len())
    }

    #[test]
    fn a_strong_tag_becomes_a_weak_one_with_a_mark_and_comes_back() {
        for tag in ["\"abc\"", "\"\"", "\"W/x\"", "\"a,b\"", "\"a-gzip\"", "\"a+vestibule\""] {
            let out = marked(tag);
            assert!(out.starts_with("W/\"") && out.ends_with("+vestibule\""), "{out}");
            assert_eq!(shown(&out), (tag.to_owned(), 1));
        }
        for tag in ["W/\"abc\"", "abc", "\"abc", "abc\"", "\"a\"b\"", "\"a b\"", "W/abc", "\""] {
            assert_eq!(marked(tag), tag, "{tag} is weak already, or no tag");
        }
    }

    #[test]
    fn only_marked_tags_are_changed() {
        for (line, back, count) in [
            ("W/\"a+vestibule\", W/\"b\", \"c\"", "\"a\", W/\"b\", \"c\"", 1),
            ("W/\"a+vestibule\",W/\"b+vestibule\"", "\"a\",\"b\"", 2),
            ("\"a+vestibule\"", "\"a+vestibule\"", 0),
            ("*", "*", 0),
            ("W/\"a, W/\\\", \"b+vestibule\"", "W/\"a, W/\\\", \"b+vestibule\"", 0),
            ("W/\"x\", W/\"a+vestibule", "W/\"x\", W/\"a+vestibule", 0),
            ("w/\"a+vestibule\"", "w/\"a+vestibule\"", 0),
        ] {
            assert_eq!(shown(line), (back.to_owned(), count), "{line}");
        }
    }

    #[test]
    fn a_part_is_never_asked_for_by_a_marked_tag() {
        let mut headers = HeaderMap::new();
        headers.insert("if-range", HeaderValue::from_static("W/\"a+vestibule\""));
        headers.insert(IF_MATCH, HeaderValue::from_static("W/\"a+vestibule\""));
        assert!(!unmark(&mut headers).is_any(), "what must not have changed is no question for a copy");
        assert_eq!(headers["if-range"], "W/\"a+vestibule\"");
        assert_eq!(headers[IF_MATCH], "\"a\"");
    }
}
