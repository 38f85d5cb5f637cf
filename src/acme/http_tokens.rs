//! What an ACME server is told that asks in the clear whether a name is ours (RFC 8555 section 8.3).

use std::collections::HashMap;

use parking_lot::Mutex;

/// The answers to the challenges that are open, by token.
#[derive(Debug, Default)]
pub struct HttpTokens(Mutex<HashMap<String, String>>);

impl HttpTokens {
    /// The key authorization for this path, while its challenge is open.
    pub fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(PLACE)?;
        self.0.lock().get(token).cloned()
    }

    pub(super) fn open(&self, token: &str, key_authorization: &str) {
        self.0.lock().insert(token.to_owned(), key_authorization.to_owned());
    }

    pub(super) fn close(&self, token: &str) {
        self.0.lock().remove(token);
    }
}

/// Where the server asks.
const PLACE: &str = "/.well-known/acme-challenge/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_there_while_its_challenge_is_open_and_at_its_place_alone() {
        let tokens = HttpTokens::default();
        tokens.open("abc", "abc.thumb");
        assert_eq!(tokens.answer("/.well-known/acme-challenge/abc").as_deref(), Some("abc.thumb"));
        for path in [
            "/abc",
            "/.well-known/acme-challenge/",
            "/.well-known/acme-challenge/abc/",
            "/.well-known/acme-challenge/ABC",
        ] {
            assert_eq!(tokens.answer(path), None, "{path}");
        }
        tokens.close("abc");
        assert_eq!(tokens.answer("/.well-known/acme-challenge/abc"), None);
    }
}
