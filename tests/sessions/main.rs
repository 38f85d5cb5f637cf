//! A session is one cookie, known to one browser and to nobody else: security cases S-74 to S-83.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod ending;
mod cookie_names;
mod cookies_of_add_ons;
mod tokens;
mod time;
mod remembered;
mod max_age;
mod access_tokens;
mod api_keys;
mod attributes;
mod secrets;
mod strangers;

use crate::support::process::COOKIE;
use crate::support::{RawAddon, Vestibule};

/// Two add-ons, reached at `/ingress/a/` and `/ingress/b/`.
fn two_addons() -> (RawAddon, RawAddon, Vestibule) {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &a).addon("b", &b);
    });
    (a, b, vestibule)
}

fn token(cookie: &str) -> &str {
    cookie.strip_prefix(COOKIE).unwrap().strip_prefix('=').unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
