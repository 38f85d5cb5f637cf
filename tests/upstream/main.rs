//! What vestibule and the add-on behind it say to each other: TLS, protocols, bodies of every kind and size, and the
//! connections that are kept.

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

mod answers;
mod bodies;
mod compression;
mod grpc;
mod https;
mod lies;
mod pool;
mod response_headers;

use support::{RawAddon, Vestibule};

/// One add-on at `/ingress/a`, with more lines in its table, and bob's cookie.
fn behind(addon: &RawAddon, lines: &str) -> (Vestibule, String) {
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", addon, lines);
    });
    let cookie = vestibule.cookie("bob");
    (vestibule, cookie)
}
