//! Forward-auth: other proxies ask whether a request may pass (S-16 to S-21), and nginx and Caddy do as the examples
//! say.

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

mod examples;
mod proxies;
mod questions;
mod readings;

use crate::support::{RawAddon, Vestibule};

/// `/ingress/a/` for everybody, `/ingress/b/` for administrators; questions are taken from 127.0.0.1 alone.
fn bench() -> (RawAddon, RawAddon, Vestibule) {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        config.addon("a", &a).addon_with("b", &b, "access = { admin_only = true }\nassertion = true");
    });
    (a, b, vestibule)
}
