//! The one table of methods: which may pass, which change nothing, and which act on more than their path.
//!
//! Anything that is not in it is refused, so that no add-on is asked in words that we do not know (S-36, S-54).

use std::sync::LazyLock;

use http::{HeaderValue, Method};

/// A method that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownMethod {
    /// As it is sent.
    pub name: &'static str,
    /// Whether it changes nothing, asked for by whomever (RFC 9110 section 9.2.1).
    pub is_safe: bool,
    /// What it acts on.
    pub reach: MethodReach,
}

/// What a method acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodReach {
    /// Its path.
    Path,
    /// Everything below its path as well.
    Tree,
    /// As deep below its path as `Depth` says, by default everything (RFC 4918 section 10.2).
    Depth,
    /// Its path with `Depth: 0`, else the tree: no other depth is legal (RFC 4918 section 9.10.3).
    DepthZeroOrTree,
    /// Whatever its body names (RFC 5323 section 2.2.1).
    Anywhere,
}

const SAFE: bool = true;
const CHANGES: bool = false;

const fn row(name: &'static str, is_safe: bool, reach: MethodReach) -> KnownMethod {
    KnownMethod { name, is_safe, reach }
}

/// Those of RFC 9110 without TRACE and CONNECT, PATCH (RFC 5789), and those of `WebDAV` (RFC 4918, 3253, 5323, 4791,
/// 3744).
///
/// DELETE, COPY and MOVE act on the tree whatever `Depth` says (RFC 4918 sections 9.6.1, 9.8.3 and 9.9.2), because
/// servers pay little heed to it. REPORT names in its body what it is about (RFC 4791 section 7.9, RFC 6578 section
/// 3.3), and what ACL sets is inherited (RFC 3744 section 5.5.4).
const METHODS: [KnownMethod; 18] = [
    row("GET", SAFE, MethodReach::Path),
    row("HEAD", SAFE, MethodReach::Path),
    row("POST", CHANGES, MethodReach::Path),
    row("PUT", CHANGES, MethodReach::Path),
    row("PATCH", CHANGES, MethodReach::Path),
    row("DELETE", CHANGES, MethodReach::Tree),
    row("OPTIONS", SAFE, MethodReach::Path),
    row("PROPFIND", SAFE, MethodReach::Depth),
    row("PROPPATCH", CHANGES, MethodReach::Path),
    row("MKCOL", CHANGES, MethodReach::Path),
    row("COPY", CHANGES, MethodReach::Tree),
    row("MOVE", CHANGES, MethodReach::Tree),
    row("LOCK", CHANGES, MethodReach::DepthZeroOrTree),
    row("UNLOCK", CHANGES, MethodReach::Path),
    row("REPORT", SAFE, MethodReach::Tree),
    row("SEARCH", SAFE, MethodReach::Anywhere),
    row("MKCALENDAR", CHANGES, MethodReach::Path),
    row("ACL", CHANGES, MethodReach::Tree),
];

impl KnownMethod {
    /// The row of a method; nothing for one that may not pass.
    pub fn of(method: &Method) -> Option<&'static Self> {
        METHODS.iter().find(|known| known.name == method.as_str())
    }

    /// Whether a method changes nothing; one that is not known may.
    pub fn is_safe(method: &Method) -> bool {
        Self::of(method).is_some_and(|known| known.is_safe)
    }

    /// All of them, in the order of the table.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        METHODS.iter()
    }

    /// All names, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::all().map(|known| known.name)
    }

    /// What 405 says in `Allow` (RFC 9110 section 10.2.1).
    pub fn allow() -> HeaderValue {
        static ALLOW: LazyLock<HeaderValue> = LazyLock::new(|| {
            let names = KnownMethod::names().collect::<Vec<_>>().join(", ");
            HeaderValue::from_str(&names).expect("names of methods are visible ASCII")
        });
        ALLOW.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_compared_byte_for_byte() {
        for name in ["GET", "PROPFIND", "ACL"] {
            assert_eq!(KnownMethod::of(&name.parse().unwrap()).map(|known| known.name), Some(name));
        }
        for name in ["get", "TRACE", "CONNECT", "BIND", "PROPFINDX", "X"] {
            assert_eq!(KnownMethod::of(&name.parse().unwrap()), None, "{name}");
        }
        assert!(KnownMethod::allow().to_str().unwrap().starts_with("GET, HEAD, POST, "));
    }
}
