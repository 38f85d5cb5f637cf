//! How far a request reaches: below its path, and into what other methods do.
//!
//! `WebDAV` has methods that act on a whole tree (RFC 4918 section 9). A rule for a path in that tree is a rule for
//! them as well, whatever the address is that they were sent to.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::http::one_line;
use crate::ids::{KnownMethod, MethodReach};

/// How deep below its path a request acts (RFC 4918 section 10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// On its path alone.
    Zero,
    /// On what stands directly below it, too.
    One,
    /// On everything below it.
    Infinity,
}

/// The two addresses that a request can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Its target.
    Target,
    /// Where MOVE and COPY lead.
    Destination,
}

impl Depth {
    /// How deep a request with this method and these headers acts, by the table of methods. The add-on gets no other
    /// headers than these.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        match KnownMethod::of(method).map(|known| known.reach) {
            Some(MethodReach::Path) | None => Self::Zero,
            Some(MethodReach::Depth) => Self::said(headers),
            Some(MethodReach::DepthZeroOrTree) if Self::said(headers) == Self::Zero => Self::Zero,
            Some(MethodReach::DepthZeroOrTree | MethodReach::Tree | MethodReach::Anywhere) => Self::Infinity,
        }
    }

    /// What the one header line says; anything else is infinity.
    fn said(headers: &HeaderMap) -> Self {
        match one_line(headers, DEPTH).map(HeaderValue::as_bytes) {
            Some(b"0") => Self::Zero,
            Some(b"1") => Self::One,
            // Several lines, or a value that is not in the RFC: the add-on may read any depth there, and the widest is
            // the safe one.
            Some(_) | None => Self::Infinity,
        }
    }
}

/// Whether the body of a request names the tree, so that its path does not.
pub(super) fn is_anywhere(method: &Method) -> bool {
    KnownMethod::of(method).is_some_and(|known| known.reach == MethodReach::Anywhere)
}

/// The methods whose rules hold for a request with this one as well, since it does the same at that address: what is
/// copied is read and can be read at another path after that; what lies at the destination is overwritten or deleted
/// first (RFC 4918 section 9.8.4).
pub(super) fn implied(method: &Method, side: Side) -> &'static [Method] {
    match (method.as_str(), side) {
        ("COPY" | "MOVE", Side::Destination) => WRITES,
        ("MOVE", Side::Target) => MOVES,
        ("COPY" | "REPORT" | "SEARCH", Side::Target) => READS,
        _ => &[],
    }
}

/// The header that says it.
pub(super) const DEPTH: HeaderName = HeaderName::from_static("depth");
const READS: &[Method] = &[Method::GET];
const MOVES: &[Method] = &[Method::GET, Method::DELETE];
const WRITES: &[Method] = &[Method::PUT, Method::DELETE];

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(method: &str, lines: &[&'static str]) -> Depth {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(DEPTH, HeaderValue::from_static(line));
        }
        Depth::of(&method.parse().unwrap(), &headers)
    }

    #[test]
    fn without_a_clear_depth_a_tree_is_a_whole_one() {
        assert_eq!(depth("PROPFIND", &["0"]), Depth::Zero);
        assert_eq!(depth("PROPFIND", &["1"]), Depth::One);
        assert_eq!(depth("LOCK", &["0"]), Depth::Zero);
        assert_eq!(depth("LOCK", &["1"]), Depth::Infinity);
        for lines in [&[][..], &["infinity"], &["0", "0"], &["0", "infinity"], &["00"], &["1,noroot"], &[""]] {
            assert_eq!(depth("PROPFIND", lines), Depth::Infinity, "{lines:?}");
            assert_eq!(depth("LOCK", lines), Depth::Infinity, "{lines:?}");
        }
    }

    #[test]
    fn no_depth_makes_the_others_smaller_or_larger() {
        for method in ["DELETE", "COPY", "MOVE", "REPORT", "SEARCH", "ACL"] {
            assert_eq!(depth(method, &["0"]), Depth::Infinity, "{method}");
        }
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "PROPPATCH", "MKCOL", "MKCALENDAR", "UNLOCK"] {
            assert_eq!(depth(method, &["infinity"]), Depth::Zero, "{method}");
        }
    }
}
