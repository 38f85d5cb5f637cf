//! The `Authorization` line of a request to an add-on that takes Home Assistant's tokens.
//!
//! Finds the token in the header lines, if one is meant. A scheme that only resembles `Bearer` is refused: it could
//! reach the add-on as a token that was not looked at here. Other schemes are the add-on's own.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::http::one_line;
use crate::refusal::Reason;

/// The token, when there is one. The scheme is `Bearer` and one space, as Home Assistant wants it (spec/permissions.md
/// section 3); a second `Authorization` line beside it makes it ambiguous.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<&[u8]>, Reason> {
    if !headers.get_all(AUTHORIZATION).iter().any(|line| is_bearer(line.as_bytes())) {
        return Ok(None);
    }
    let line = one_line(headers, AUTHORIZATION).ok_or(Reason::AmbiguousCredentials)?;
    line.as_bytes().strip_prefix(b"Bearer ").map(Some).ok_or(Reason::BadToken)
}

/// Schemes are case-insensitive (RFC 9110 section 11.1).
pub(super) fn is_bearer(line: &[u8]) -> bool {
    // At a tab and a comma too: a lenient reader could take what stands before them for the scheme.
    let scheme = line.split(|byte| matches!(byte, b' ' | b'\t' | b',')).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"bearer")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn said(lines: &[&'static str]) -> Result<Option<String>, Reason> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_static(line));
        }
        presented(&headers).map(|token| token.map(|token| String::from_utf8(token.to_vec()).unwrap()))
    }

    #[test]
    fn one_line_with_the_exact_scheme_is_a_token() {
        assert_eq!(said(&["Bearer a.b.c"]), Ok(Some("a.b.c".to_owned())));
        for others in [&[][..], &["Basic eDp5"], &["Bearerx y"], &["Digest a", "Basic b"], &["Negotiate bearer"]] {
            assert_eq!(said(others), Ok(None), "{others:?}");
        }
        for bad in ["bearer a.b.c", "BEARER a", "Bearer", "Bearer\ta", "Bearer,a"] {
            assert_eq!(said(&[bad]), Err(Reason::BadToken), "{bad}");
        }
        for two in [&["Bearer a", "Bearer a"], &["Basic a", "Bearer b"], &["Bearer a", "Basic b"]] {
            assert_eq!(said(two), Err(Reason::AmbiguousCredentials), "{two:?}");
        }
    }
}
