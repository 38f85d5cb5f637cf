//! Which rules can be about a path, found by the text that their patterns begin with. Asking each rule of an add-on
//! would make a request dearer with each; most rules differ in their first segments.
//!
//! It decides nothing: what it gives is asked by [`super::matching`], what it leaves out could not fit. Where it cannot
//! know that, it gives every rule.

use std::collections::HashMap;

use super::segments::Segments;
use crate::config::{PathPattern, Segment as Part};

/// Rules by the segments that their patterns begin with.
#[derive(Debug, Clone, Default)]
pub(super) struct RuleIndex {
    /// The places of the rules whose text ends here, in order.
    here: Vec<usize>,
    /// By the next segment in small letters.
    below: HashMap<Box<str>, Self>,
}

impl RuleIndex {
    /// The index of these patterns, whose places are counted from zero.
    pub(super) fn new<'p>(patterns: impl Iterator<Item = &'p PathPattern>) -> Self {
        let mut root = Self::default();
        for (place, pattern) in patterns.enumerate() {
            let texts = pattern.segments().iter().map_while(|part| match part {
                // Of other letters there are many that look alike.
                Part::Text(text) if text.is_ascii() => Some(text.to_ascii_lowercase().into_boxed_str()),
                Part::Text(_) | Part::Placeholder(_) => None,
            });
            texts.fold(&mut root, |node, text| node.below.entry(text).or_default()).here.push(place);
        }
        root
    }

    /// The places of all rules whose patterns could fit this path and nothing below it; nothing where only asking each
    /// rule can tell.
    pub(super) fn candidates(&self, segments: &Segments<'_>) -> Option<Vec<usize>> {
        let mut places = self.here.clone();
        let mut node = self;
        for segment in segments.all() {
            if node.below.is_empty() {
                break;
            }
            let text = segment.as_deref().filter(|text| text.is_ascii())?;
            let Some(next) = node.below.get(&*text.to_ascii_lowercase()) else { break };
            places.extend_from_slice(&next.here);
            node = next;
        }
        // In the order in which operators wrote them, which is the order of what they are told.
        places.sort_unstable();
        Some(places)
    }
}

#[cfg(test)]
mod tests {
    use super::super::matching::Fit;
    use super::*;

    #[test]
    fn what_it_leaves_out_does_not_fit() {
        let patterns = [
            "/",
            "/{*rest}",
            "/admin",
            "/admin/{*rest}",
            "/Admin/users",
            "/{page}",
            "/admin/{page}/edit",
            "/api/v1/x",
            "/caf\u{e9}",
            "/caf\u{e9}/{*rest}",
            "/admin/caf\u{e9}",
            "/a/b/c/d",
        ];
        let patterns: Vec<PathPattern> = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
        let index = RuleIndex::new(patterns.iter());
        for path in [
            "/",
            "/admin",
            "/ADMIN/",
            "/admin/users",
            "/%61dmin/x/edit",
            "/api",
            "/api/V1/x",
            "/cafe%CC%81",
            "/admin/caf%C3%A9",
            "/\u{fe0f}admin",
            "/adm%C4%B1n",
            "/a/b/c/d",
            "/a/b/c",
            "/nothing/of/this",
            "/%ff/x",
        ] {
            let segments = Segments::of(path);
            let fits: Vec<usize> =
                (0..patterns.len()).filter(|place| Fit::of(&patterns[*place], &segments).is_some()).collect();
            let Some(candidates) = index.candidates(&segments) else { continue };
            let missing: Vec<_> = fits.iter().filter(|place| !candidates.contains(place)).collect();
            assert!(missing.is_empty(), "{path}: {missing:?} of {candidates:?}");
        }
    }

    #[test]
    fn it_leaves_out_what_begins_otherwise() {
        let patterns: Vec<PathPattern> =
            (0..1000).map(|number| format!("/section{number}/{{*rest}}").parse().unwrap()).collect();
        let index = RuleIndex::new(patterns.iter());
        assert_eq!(index.candidates(&Segments::of("/section7/x")), Some(vec![7]));
        assert_eq!(index.candidates(&Segments::of("/other")), Some(vec![]));
    }
}
