//! The token that an add-on brings, or Home Assistant.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::http::one_line;

/// The first of the three places that holds one (docs/design/supervisor.md section 2.1). In `Authorization` it is the
/// last word, whatever the scheme is called: add-ons write `Bearer`, and nothing else counts here.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let named = ["x-supervisor-token", "x-hassio-key"].into_iter().filter_map(|name| only(headers, name));
    let bearer = only(headers, AUTHORIZATION.as_str()).and_then(|value| value.rsplit(' ').next());
    named.chain(bearer).find(|token| !token.is_empty())
}

/// The token for Home Assistant's API, which the Supervisor takes from elsewhere: the last word of `Authorization`, or
/// `X-Ha-Access` (docs/design/supervisor.md section 6).
pub(super) fn home_assistant_token(headers: &HeaderMap) -> Option<&str> {
    let bearer = only(headers, AUTHORIZATION.as_str()).and_then(|value| value.rsplit(' ').next());
    bearer.into_iter().chain(only(headers, "x-ha-access")).find(|token| !token.is_empty())
}

/// The value of a header that stands there once. Two are none: other software may take either of them.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    one_line(headers, name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn the_first_place_that_holds_one_counts() {
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("authorization", "Bearer a")]).as_deref(), Some("a"));
        assert_eq!(found(&[("authorization", "a")]).as_deref(), Some("a"));
        assert_eq!(found(&[("authorization", "Bearer a"), ("x-hassio-key", "b")]).as_deref(), Some("b"));
        let all = [("authorization", "Bearer a"), ("x-hassio-key", "b"), ("x-supervisor-token", "c")];
        assert_eq!(found(&all).as_deref(), Some("c"));
        assert_eq!(found(&[("x-supervisor-token", ""), ("x-hassio-key", "b")]).as_deref(), Some("b"));
        assert_eq!(found(&[("x-hassio-key", "b"), ("x-hassio-key", "c")]), None);
    }
}
