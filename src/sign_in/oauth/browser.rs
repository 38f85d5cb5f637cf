//! Which browser it is that began a sign-in: a random value in a `__Host-` cookie, one for all tabs.
//!
//! It is `Lax`, because the way back from Home Assistant's page is a navigation from another site. Another site can
//! neither read nor plant it: browsers take a `__Host-` cookie from this very host over TLS only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;

use crate::entropy;
use crate::http::Presented;

/// The name of its cookie.
pub const OAUTH_COOKIE: &str = "__Host-ingress_journey";

/// A browser's value.
pub(super) struct Browser(pub(super) String);

impl Browser {
    /// The browser's, when it has one already, so that tabs do not spoil each other; else a new one.
    pub(super) fn of(presented: &Presented) -> Self {
        Self::known(presented).unwrap_or_else(|| Self(random()))
    }

    /// The browser's, when it has one.
    pub(super) fn known(presented: &Presented) -> Option<Self> {
        let Presented::One(value) = presented else { return None };
        let text = std::str::from_utf8(value).ok()?;
        is_random(text).then(|| Self(text.to_owned()))
    }

    /// The line that gives it to the browser, for as long as a sign-in may take.
    pub(super) fn set(&self) -> HeaderValue {
        let line = format!("{OAUTH_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600", self.0);
        let mut value = HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

/// 256 random bits.
pub(super) fn random() -> String {
    URL_SAFE_NO_PAD.encode(entropy::random::<32>())
}

/// Whether a text may have come from [`random`].
pub(super) fn is_random(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}
