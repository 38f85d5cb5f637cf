//! Path prefixes, in the one spelling that the raw bytes of a request are compared with. What could be spelled in two
//! ways is refused, and so is what would hide our own pages.

use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::findings::Explained;

/// A path prefix: begins with `/`, does not end with it, no empty or dot segment, only unreserved characters (RFC 3986
/// section 2.3) and `/`. The root is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathPrefix(Arc<str>);

impl PathPrefix {
    /// The prefix, without a trailing slash: `/ingress/zigbee2mqtt`, or nothing for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a path prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPathPrefix {
    /// What looks like a regular expression, or has a wildcard.
    #[error("a path that looks like a regular expression")]
    Regex,
    /// Does not begin with a slash.
    #[error("a path that does not begin with `/`")]
    Relative,
    /// Ends with a slash, and is not the root.
    #[error("a path that ends with `/`")]
    TrailingSlash,
    /// `//`
    #[error("a path with an empty segment")]
    EmptySegment,
    /// `.` or `..`
    #[error("a path with a dot segment")]
    DotSegment,
    /// A character that has a second spelling or another meaning.
    #[error("a path with a character that may not stand in a prefix")]
    Reserved,
    /// Ours.
    #[error("this path belongs to vestibule's own pages")]
    Ours,
}

/// The first segment of all paths of our own.
const OURS: &str = ".vestibule";

impl FromStr for PathPrefix {
    type Err = BadPathPrefix;

    /// `/` alone is the root and becomes the empty text. Unreserved characters (RFC 3986 section 2.3) are the ones that
    /// mean the same whether they are percent-encoded or not; all others are refused.
    fn from_str(text: &str) -> Result<Self, BadPathPrefix> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'/');
        // Also where it does not begin with a slash: one put in front of `^/a` would not mend it.
        if text.contains(['^', '$', '*', '+', '(', ')', '[', ']', '|']) {
            return Err(BadPathPrefix::Regex);
        }
        let rest = text.strip_prefix('/').ok_or(BadPathPrefix::Relative)?;
        if rest.is_empty() {
            return Ok(Self("".into()));
        }
        // The more telling mistakes come first, since only one is reported.
        if !text.bytes().all(legal) {
            Err(BadPathPrefix::Reserved)
        } else if rest.split('/').any(|segment| segment == "." || segment == "..") {
            Err(BadPathPrefix::DotSegment)
        } else if rest.starts_with('/') || rest.contains("//") {
            Err(BadPathPrefix::EmptySegment)
        } else if rest.ends_with('/') {
            Err(BadPathPrefix::TrailingSlash)
        } else if rest.split('/').next().is_some_and(|first| first.eq_ignore_ascii_case(OURS)) {
            Err(BadPathPrefix::Ours)
        } else {
            Ok(Self(text.into()))
        }
    }
}

impl Explained for BadPathPrefix {
    fn expected(&self) -> &'static str {
        "expected a path as in \"/ingress/zigbee2mqtt\""
    }

    fn hint(&self) -> String {
        match self {
            Self::Regex => "write the prefix as it is: all paths below it are the add-on's, without a wildcard",
            Self::Relative => "put a `/` in front",
            Self::TrailingSlash => "leave the last `/` out; requests are matched with and without it",
            Self::EmptySegment => "write one `/` where there are two",
            Self::DotSegment => "write the path without `.` and `..`",
            Self::Reserved => "only letters, digits, `-`, `.`, `_`, `~` and `/` have a single spelling in a path",
            Self::Ours => "everything under `/.vestibule` is taken: choose another path, as in \"/ingress/name\"",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_one_spelling() {
        let read = |text: &str| text.parse::<PathPrefix>().map(|prefix| prefix.as_str().to_owned());
        assert_eq!(read("/ingress/zigbee2mqtt"), Ok("/ingress/zigbee2mqtt".into()));
        assert_eq!(read("/"), Ok(String::new()));
        assert_eq!(read("/.well-known/x"), Ok("/.well-known/x".into()));
        assert_eq!(read("ingress"), Err(BadPathPrefix::Relative));
        assert_eq!(read(""), Err(BadPathPrefix::Relative));
        assert_eq!(read("/ingress/"), Err(BadPathPrefix::TrailingSlash));
        assert_eq!(read("//"), Err(BadPathPrefix::EmptySegment));
        assert_eq!(read("/a//b"), Err(BadPathPrefix::EmptySegment));
        assert_eq!(read("/a/../b"), Err(BadPathPrefix::DotSegment));
        assert_eq!(read("/a/."), Err(BadPathPrefix::DotSegment));
        for bad in ["/%61", "/a b", "/a?b", "/zoë", "/a;b", "/a\\b", "/{a}"] {
            assert_eq!(read(bad), Err(BadPathPrefix::Reserved), "{bad}");
        }
        for bad in ["^/a", "/a/.*", "/a$", "/*", "/(a|b)", "/[ab]", "/a+"] {
            assert_eq!(read(bad), Err(BadPathPrefix::Regex), "{bad}");
        }
    }

    #[test]
    fn our_own_pages_cannot_be_hidden() {
        for taken in ["/.vestibule", "/.vestibule/sign-in", "/.Vestibule"] {
            assert_eq!(taken.parse::<PathPrefix>(), Err(BadPathPrefix::Ours), "{taken}");
        }
        assert!("/.vestibules".parse::<PathPrefix>().is_ok());
    }
}
