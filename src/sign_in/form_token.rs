//! The form's token: a form that is posted came from a page that we gave to this browser.
//!
//! The same random value stands in a `__Host-` cookie and in the form (double submit). Another site can neither read
//! the cookie nor plant one: browsers take a `__Host-` cookie from this very host over TLS only.
//!
//! A script of an add-on under a prefix can: it is of our origin, and reads the page to sign in. The account's form has
//! a token of the session instead, which stands on no page that a script is shown.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::entropy;
use crate::http::Presented;
use crate::session::Session;

/// The name of its cookie.
pub const FORM_COOKIE: &str = "__Host-ingress_form";

#[derive(Clone)]
pub(super) struct FormToken(String);

impl FormToken {
    /// The browser's, when it has one already, so that two open tabs do not spoil each other; else a new one.
    pub(super) fn of_browser(presented: &Presented) -> Self {
        match presented {
            Presented::One(value) => Self::parse(value).unwrap_or_else(Self::new),
            Presented::Nothing | Presented::Several => Self::new(),
        }
    }

    fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(entropy::random::<32>()))
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// That of the account's form.
    pub(super) fn of_account(session: &Session) -> Self {
        // The session's digest is told to nobody either. It is not what stands on the page all the same.
        let text = format!("account {}", session.digest().hex());
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())))
    }

    /// That of the forms on an administrator's pages.
    pub(super) fn of_operator(session: &Session) -> Self {
        let text = format!("operator {}", session.digest().hex());
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())))
    }

    /// Whether the form that was posted has this token.
    pub(super) fn is(&self, field: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), field.as_bytes()).is_ok()
    }

    /// The line that gives it to the browser.
    pub(super) fn set(&self) -> HeaderValue {
        let line = format!("{FORM_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", self.0);
        let mut value = HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// Whether the form that was posted has the browser's token.
    pub(super) fn is_proven(presented: &Presented, field: &str) -> bool {
        let Presented::One(cookie) = presented else { return false };
        // Parsed, since an empty cookie would equal an empty field.
        Self::parse(cookie).is_some_and(|token| token.is(field))
    }
}
