//! A form as a browser posts it: `application/x-www-form-urlencoded`, short, each field once.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use zeroize::Zeroizing;

use crate::connection::ClientBody;
use crate::http::read_short_body;
use crate::refusal::Reason;

/// The fields of our forms. What it does not name is ignored.
#[derive(Default)]
pub(super) struct Form {
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
    pub(super) return_to: String,
    pub(super) csrf: String,
    /// Anything but nothing is a tick.
    pub(super) remember: String,
    pub(super) token: String,
    /// Which session is to end.
    pub(super) session: String,
    pub(super) code: Zeroizing<String>,
}

impl Form {
    /// Reads the form; too large, too slow or not a form is a refusal.
    pub(super) async fn read(headers: &HeaderMap, body: ClientBody) -> Result<Self, Reason> {
        let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Reason::MalformedRequest);
        }
        let body = read_short_body(body, LARGEST, PATIENCE).await?;
        Self::parse(&body).ok_or(Reason::MalformedRequest)
    }

    fn parse(bytes: &Bytes) -> Option<Self> {
        let mut form = Self::default();
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            let field = match &*name {
                "username" => &mut form.username,
                "password" => &mut *form.password,
                "return_to" => &mut form.return_to,
                "csrf" => &mut form.csrf,
                "remember" => &mut form.remember,
                "session" => &mut form.session,
                "token" => &mut form.token,
                "code" => &mut *form.code,
                _ => continue,
            };
            // Our page sends no field twice, and which of two values counts differs from parser to parser.
            if seen.contains(&name) {
                return None;
            }
            *field = value.into_owned();
            seen.push(name);
        }
        Some(form)
    }
}

/// A user name, a password, a path and a token, generously.
const LARGEST: usize = 32 * 1024;
/// How long a form may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_comes_twice_is_no_form() {
        let parse = |text: &'static str| Form::parse(&Bytes::from_static(text.as_bytes()));
        let form = parse("username=zo%C3%AB&password=a+b%2B&other=1&other=2").unwrap();
        assert_eq!((form.username.as_str(), form.password.as_str()), ("zoë", "a b+"));
        assert!(parse("username=a&username=b").is_none());
    }
}
