//! Which methods there are, and which of them change nothing.
//!
//! Anything that is not on the list is refused, so that no add-on is asked in words that we do not know (S-36, S-54).

use http::Method;

/// The methods that may pass: those of RFC 9110 without TRACE and CONNECT, PATCH (RFC 5789), and those of `WebDAV` (RFC
/// 4918, 3253, 5323, 4791, 3744).
pub fn is_known(method: &Method) -> bool {
    matches!(
        method.as_str(),
        "GET"
            | "HEAD"
            | "POST"
            | "PUT"
            | "PATCH"
            | "DELETE"
            | "OPTIONS"
            | "PROPFIND"
            | "PROPPATCH"
            | "MKCOL"
            | "COPY"
            | "MOVE"
            | "LOCK"
            | "UNLOCK"
            | "REPORT"
            | "SEARCH"
            | "MKCALENDAR"
            | "ACL"
    )
}

/// Whether the method is safe (RFC 9110 section 9.2.1; RFC 4918 section 9.1, RFC 3253 section 3.6, RFC 5323 section 2):
/// asked for by another site, it changes nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" | "SEARCH")
}

/// What 405 says in `Allow` (RFC 9110 section 10.2.1).
pub const ALLOW: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, \
                         UNLOCK, REPORT, SEARCH, MKCALENDAR, ACL";
