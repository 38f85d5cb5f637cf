//! How Home Assistant compares user names.
//!
//! The names in the password file say which way of comparing them it is. Nothing here may treat two names as one that
//! Home Assistant keeps apart.

use std::collections::HashSet;

/// How names are compared in one password file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Trimmed and case-folded.
    Folded,
    /// As they are: the file is from a time when names could differ only in case or in spaces around them, and folding
    /// would mix those users up. Home Assistant called this its legacy mode.
    Exact,
}

impl Comparison {
    /// The way to compare that keeps all these names apart.
    pub(super) fn among<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut seen = HashSet::new();
        for name in names {
            if strip(name) != name || !seen.insert(caseless::default_case_fold_str(name)) {
                return Self::Exact;
            }
        }
        Self::Folded
    }

    /// What is compared in place of the name.
    pub(super) fn key(self, name: &str) -> String {
        match self {
            Self::Folded => caseless::default_case_fold_str(strip(name)),
            Self::Exact => name.to_owned(),
        }
    }
}

/// A name in the one spelling that all have that Home Assistant takes for the same, in every file but very old ones.
pub fn one_spelling(name: &str) -> String {
    Comparison::Folded.key(name)
}

/// Python's `str.strip()`: Unicode's white space, and the four separators U+001C to U+001F, which Rust's `trim` keeps.
fn strip(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_folded() {
        let same = [
            ("alice", " ALICE\t"),
            ("zoë", "\u{a0}ZOË\u{3000}"),
            ("strasse", "Straße"),
            ("i\u{307}", "İ"),
            ("σ", "ς"),
            ("ᏸ", "Ᏸ"),
            ("bob", "\u{1c}bob\u{1f}\u{85}"),
        ];
        for (one, other) in same {
            assert_eq!(Comparison::Folded.key(one), Comparison::Folded.key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_that_python_keeps_apart_stay_apart() {
        let different =
            [("zoë", "zoe\u{308}"), ("bob", "bob\u{200b}"), ("bob", "\u{feff}bob"), ("bob", "b ob"), ("ı", "i")];
        for (one, other) in different {
            assert_ne!(Comparison::Folded.key(one), Comparison::Folded.key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_file_whose_names_would_be_mixed_up_is_compared_exactly() {
        assert_eq!(Comparison::among(["alice", "Bob", "zoë"]), Comparison::Folded);
        assert_eq!(Comparison::among(["alice", "Alice"]), Comparison::Exact);
        assert_eq!(Comparison::among(["strasse", "straße"]), Comparison::Exact);
        assert_eq!(Comparison::among(["alice", " bob"]), Comparison::Exact);
        assert_eq!(Comparison::Exact.key(" Bob"), " Bob");
    }
}
