//! Authentication that holds for a connection and not for a request: NTLM, and Kerberos by Negotiate.
//!
//! The headers of a request or of its answer say whether the connection now speaks for a user. Such a connection is not
//! used again: the next request on it may be another user's, and would be answered as this one's (S-60).

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, WWW_AUTHENTICATE};

/// Whether a request signs its connection in.
pub(super) fn is_asked_for(request: &HeaderMap) -> bool {
    names_a_scheme(request, &AUTHORIZATION)
}

/// Whether an answer invites to it or goes on with it.
pub(super) fn is_offered(answer: &HeaderMap) -> bool {
    names_a_scheme(answer, &WWW_AUTHENTICATE)
}

/// RFC 9110 section 11.6.1: one line may hold several challenges, each beginning with its scheme. A parameter that only
/// looks like a scheme costs a connection and nothing else.
fn names_a_scheme(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.contains_key(name) && headers.get_all(name).iter().any(names_one)
}

fn names_one(line: &HeaderValue) -> bool {
    let words = line.as_bytes().split(|byte| matches!(byte, b' ' | b'\t' | b','));
    words.into_iter().any(|word| word.eq_ignore_ascii_case(b"ntlm") || word.eq_ignore_ascii_case(b"negotiate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s60_a_scheme_is_found_in_every_line_and_list() {
        let offered = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(line));
            }
            is_offered(&headers)
        };
        assert!(offered(&["NTLM"]) && offered(&["Negotiate YII="]) && offered(&["Basic realm=\"a\"", "negotiate"]));
        assert!(offered(&["Basic realm=\"a\", NTLM"]) && offered(&["Basic realm=\"a\",Ntlm TlRM"]));
        assert!(!offered(&[]) && !offered(&["Basic realm=\"a\"", "Digest nonce=\"b\""]) && !offered(&["Bearer ntlm2"]));
    }
}
