//! The form's token: a form that is posted came from a page that we gave to this browser.
//!
//! The same random value stands in a `__Host-` cookie and in the form (double submit). Another site can neither read
//! the cookie nor plant one: browsers take a `__Host-` cookie from this very host over TLS only.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::entropy;
use crate::http::Presented;

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
        // Parsed too, since an empty cookie would equal an empty field.
        Self::parse(cookie).is_some() && verify_slices_are_equal(cookie, field.as_bytes()).is_ok()
    }
}
