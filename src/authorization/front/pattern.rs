//! Whether a path is the one of a row: compared byte for byte as it was sent, so that no decoding stands between what
//! is judged and what Home Assistant is asked. A path that needs decoding before it fits does not fit.

use crate::config::{PathPattern, Segment};

/// A path that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match<'p> {
    /// The first name in it.
    pub(super) name: Option<&'p str>,
}

/// Compares with a row's path, in which `{}` is one name and `*` at the end all that follows.
pub(super) fn matched<'p>(pattern: &str, path: &'p str) -> Option<Match<'p>> {
    let (mut wanted, mut sent) = (pattern.split('/'), path.split('/'));
    let mut name = None;
    loop {
        match (wanted.next(), sent.next()) {
            (None, None) | (Some("*"), Some(_)) => return Some(Match { name }),
            (Some("{}"), Some(text)) if is_name(text) => name = name.or(Some(text)),
            (Some(wanted), Some(text)) if wanted == text => {}
            _ => return None,
        }
    }
}

/// What needs no encoding, and means nothing to anybody who cuts a path. Times have a `+` in them.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b':' | b'+'))
}

/// Whether a path fits one of the operator's patterns, by the same reading.
pub(super) fn is_one_of(patterns: &[PathPattern], path: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, path))
}

fn fits(pattern: &PathPattern, path: &str) -> bool {
    let mut sent = path.strip_prefix('/').unwrap_or_default().split('/');
    let each = pattern.segments().iter().all(|segment| match (segment, sent.next()) {
        (Segment::Text(wanted), Some(text)) => wanted == text,
        (Segment::Placeholder(_), Some(text)) => is_name(text),
        (_, None) => false,
    });
    each && (pattern.rest().is_some() || sent.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fits_its_path_alone() {
        let name = |pattern, path| matched(pattern, path).map(|found| found.name);
        assert_eq!(name("/", "/"), Some(None));
        assert_eq!(name("/api/states/{}", "/api/states/light.a"), Some(Some("light.a")));
        assert_eq!(name("/static/*", "/static/a//b%20c"), Some(None));
        for (pattern, path) in [
            ("/", "//"),
            ("/", ""),
            ("/api/states", "/api/states/"),
            ("/api/states/{}", "/api/states/"),
            ("/api/states/{}", "/api/states/light%2ea"),
            ("/api/states/{}", "/api/states/a/b"),
            ("/static/*", "/static"),
            ("/static/*", "/Static/a"),
            ("/static/*", "/%73tatic/a"),
        ] {
            assert_eq!(name(pattern, path), None, "{pattern} {path}");
        }
    }
}
