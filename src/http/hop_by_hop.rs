//! The headers that are for the next hop only and never pass a proxy (RFC 9110 section 7.6.1).

use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The names that the `Connection` lines nominate, all lines and all members, in lower case. Those that a peer must not
/// take away are left out (S-09): with them it could blind the add-on to who asks and what is asked.
///
/// RFC 9110 section 7.6.1: intermediaries MUST parse a received Connection header field before a message is forwarded
/// and, for each connection-option in this field, remove any header or trailer field(s) from the message with the same
/// name as the connection-option, and then remove the Connection header field itself.
pub(crate) fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut names = Vec::new();
    for line in headers.get_all(CONNECTION) {
        for option in line.as_bytes().split(|b| *b == b',') {
            let option = option.trim_ascii();
            // Options about the connection itself. `Keep-Alive` as a header is in the table of hop-by-hop names anyway.
            if option.eq_ignore_ascii_case(b"keep-alive") || option.eq_ignore_ascii_case(b"close") {
                continue;
            }
            // What is no token is the name of no header, so there is nothing to take out (S-10).
            let Ok(name) = HeaderName::from_bytes(option) else { continue };
            if !matches!(name.as_str(), "host" | "cookie" | "content-length" | "authorization" | "upgrade") {
                names.push(name);
            }
        }
    }
    names
}

/// Whether a `Connection` line has this option.
pub(crate) fn has_option(headers: &HeaderMap, option: &str) -> bool {
    let members = headers.get_all(CONNECTION).iter().flat_map(|line| line.as_bytes().split(|b| *b == b','));
    members.into_iter().any(|member| member.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
}

/// Whether the `Connection` lines have no more options than a client needs.
pub(super) fn is_modest(headers: &HeaderMap) -> bool {
    let options = |line: &HeaderValue| line.as_bytes().split(|byte| *byte == b',').count();
    headers.get_all(CONNECTION).iter().map(options).sum::<usize>() <= MOST_OPTIONS
}

/// Browsers send two.
const MOST_OPTIONS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(options: &[usize]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for count in options {
            let line = vec!["x"; *count].join(",");
            headers.append(CONNECTION, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn as_many_options_as_anybody_needs_and_not_one_more() {
        assert!(is_modest(&with(&[])) && is_modest(&with(&[MOST_OPTIONS])) && is_modest(&with(&[1; MOST_OPTIONS])));
        assert!(!is_modest(&with(&[MOST_OPTIONS + 1])) && !is_modest(&with(&[1, MOST_OPTIONS])));
    }
}
