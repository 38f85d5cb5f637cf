//! A pattern and a path: in one walk along the segments, whether they fit, and how well.

use std::borrow::Cow;

use super::reach::Depth;
use super::segments::{Segment, Segments};
use crate::config::{PathPattern, Segment as Part};
use crate::http::is_same_look;

/// How a path fits a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// As it is written.
    Exact,
    /// In another case, or in other characters of the same look. Many servers (Express, ASP.NET) take it for the same
    /// path, so that the rule holds (S-32); it opens nothing.
    Folded,
}

impl Fit {
    /// Whether the path fits. `{*rest}` stands for any number of segments, none included; a slash at the end of the
    /// path means nothing, since most servers serve the same with it and without.
    pub(super) fn of(pattern: &PathPattern, segments: &Segments<'_>) -> Option<Self> {
        let (parts, segments) = (pattern.segments(), segments.all());
        let long_enough =
            if pattern.rest().is_some() { segments.len() >= parts.len() } else { segments.len() == parts.len() };
        let fits =
            |fit, (part, segment)| of_part(part, segment).map(|next| if next == Self::Exact { fit } else { next });
        long_enough.then(|| parts.iter().zip(segments).try_fold(Self::Exact, fits)).flatten()
    }
}

fn of_part(part: &Part, segment: &Segment<'_>) -> Option<Fit> {
    match (part, segment.as_deref()) {
        // Whether it is a value that can be used is asked of the value.
        (Part::Placeholder(_), segment) => segment.is_none_or(|text| !text.is_empty()).then_some(Fit::Exact),
        (Part::Text(text), Some(segment)) if text == segment => Some(Fit::Exact),
        (Part::Text(text), Some(segment)) => is_same_look(text, segment).then_some(Fit::Folded),
        (Part::Text(_), None) => None,
    }
}

/// Whether some reading of an ambiguous path could fit: up to where all servers agree, nothing says no.
pub(super) fn is_possible(pattern: &PathPattern, segments: &Segments<'_>) -> bool {
    let (parts, agreed) = (pattern.segments(), segments.agreed());
    // At most as long, not as long: what comes behind the agreed part may be dropped or joined by some server.
    let long_enough = pattern.rest().is_some() || agreed.len() <= parts.len();
    long_enough && parts.iter().zip(agreed).all(|(part, segment)| of_part(part, segment).is_some())
}

/// Whether a path below this one, no further down than `depth`, could fit.
pub(super) fn is_below(pattern: &PathPattern, segments: &Segments<'_>, depth: Depth) -> bool {
    let (parts, agreed) = (pattern.segments(), segments.agreed());
    let children = agreed.len().saturating_add(1);
    let deep_enough = match depth {
        Depth::Zero => false,
        Depth::One => parts.len() == children || (pattern.rest().is_some() && parts.len() < children),
        Depth::Infinity => parts.len() >= children || pattern.rest().is_some(),
    };
    // `zip` ends with the shorter one: whichever of pattern and path is longer, what both have must fit.
    deep_enough && parts.iter().zip(agreed).all(|(part, segment)| of_part(part, segment).is_some())
}

/// What stands in the path for the placeholder at this position, if it is text.
pub(super) fn captured<'s>(pattern: &PathPattern, segments: &'s Segments<'_>, position: usize) -> Option<&'s str> {
    let pairs = pattern.segments().iter().zip(segments.all());
    let mut captured = pairs.filter(|(part, _)| matches!(part, Part::Placeholder(_)));
    captured.nth(position)?.1.as_ref().map(Cow::as_ref)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(pattern: &str, path: &str) -> Option<Fit> {
        Fit::of(&pattern.parse().unwrap(), &Segments::of(path))
    }

    #[test]
    fn a_pattern_fits_whole_segments_with_or_without_a_slash_at_the_end() {
        for (pattern, path) in [
            ("/", "/"),
            ("/settings", "/settings"),
            ("/settings", "/settings/"),
            ("/settings/", "/settings"),
            ("/settings", "/%73ettings"),
            ("/settings/{*rest}", "/settings"),
            ("/settings/{*rest}", "/settings/"),
            ("/settings/{*rest}", "/settings/a/b/"),
            ("/{*rest}", "/"),
            ("/{*rest}", "/a/b"),
            ("/covers/{cover}/open", "/covers/x/open"),
        ] {
            assert_eq!(fit(pattern, path), Some(Fit::Exact), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/app", "/app2"),
            ("/app", "/app_x"),
            ("/app", "/app-x"),
            ("/app", "/ap"),
            ("/app", "/"),
            ("/app", "/app/x"),
            ("/app/{*rest}", "/app2/x"),
            ("/", "/a"),
            ("/covers/{cover}", "/covers"),
            ("/covers/{cover}", "/covers/"),
            ("/covers/{cover}", "/covers/a/b"),
        ] {
            assert_eq!(fit(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn another_case_fits_too_but_not_exactly() {
        for (pattern, path) in [
            ("/admin", "/ADMIN"),
            ("/admin/{x}", "/%41dmin/y"),
            ("/Käse", "/k%C3%84se"),
            ("/admin", "/%EF%BD%81dmin"),
            ("/caf\u{e9}", "/cafe%CC%81"),
            ("/key", "/%E2%84%AAey"),
            ("/admin", "/adm%C4%B0n"),
            ("/files", "/f%C4%B1les"),
        ] {
            assert_eq!(fit(pattern, path), Some(Fit::Folded), "{pattern} {path}");
        }
    }

    #[test]
    fn what_servers_may_read_otherwise_is_possible_as_far_as_they_agree() {
        let possible = |pattern: &str, path: &str| is_possible(&pattern.parse().unwrap(), &Segments::of(path));
        assert!(possible("/settings/{*rest}", "//settings"));
        assert!(possible("/files/secret/{*rest}", "/files/secret%2Fx"));
        assert!(possible("/files/secret", "/FILES/secret;x"));
        assert!(possible("/files", "/files//"));
        assert!(!possible("/files", "/files/a//b"));
        assert!(!possible("/other/{*rest}", "/files/a%2Fb"));
    }

    #[test]
    fn what_stands_below_a_path_is_found_as_deep_as_the_request_reaches() {
        let below = |pattern: &str, path: &str, depth| is_below(&pattern.parse().unwrap(), &Segments::of(path), depth);
        for (pattern, path, depth) in [
            ("/a/b", "/", Depth::Infinity),
            ("/a/b", "/A/", Depth::Infinity),
            ("/{x}/b", "/a", Depth::Infinity),
            ("/a/{*rest}", "/", Depth::Infinity),
            ("/a/{*rest}", "/a/b/c", Depth::Infinity),
            ("/a", "/", Depth::One),
            ("/a/{*rest}", "/", Depth::One),
            ("/{*rest}", "/a", Depth::One),
        ] {
            assert!(below(pattern, path, depth), "{pattern} {path} {depth:?}");
        }
        for (pattern, path, depth) in [
            ("/a/b", "/a/b", Depth::Infinity),
            ("/a/b", "/c", Depth::Infinity),
            ("/a", "/a/b", Depth::Infinity),
            ("/a/b", "/", Depth::One),
            ("/a/b/{*rest}", "/", Depth::One),
            ("/a", "/", Depth::Zero),
        ] {
            assert!(!below(pattern, path, depth), "{pattern} {path} {depth:?}");
        }
    }

    #[test]
    fn a_placeholder_captures_its_decoded_segment() {
        let pattern = "/{domain}/x/{name}/{*rest}".parse().unwrap();
        let segments = Segments::of("/light/x/a%5Fb/c/d");
        assert_eq!(captured(&pattern, &segments, 0), Some("light"));
        assert_eq!(captured(&pattern, &segments, 1), Some("a_b"));
        assert_eq!(captured(&pattern, &segments, 2), None);
    }
}
