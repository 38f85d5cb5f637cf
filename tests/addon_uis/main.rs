//! What the web UIs of real add-ons need from a proxy: the 19 points of spec/addon-uis.md section 3, each held by a
//! test that has its number in its name.
//!
//! The add-ons here say what the real ones were seen to say; `tests/browser` and `tests/addons` open the real ones.

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

mod prefix;
mod headers;
mod another_host;
mod cookies;
mod addresses;
mod destination;
mod framing;
mod bodies;
mod websockets;
mod scripts;
mod shared_origin;
mod manifests;

use support::{RawAddon, Vestibule};

/// Vestibule in front of one add-on at `/ingress/a` with more lines in its table, and bob's cookie.
fn behind(addon: &RawAddon, lines: &str) -> (Vestibule, String) {
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", addon, lines);
    });
    let cookie = vestibule.cookie("bob");
    (vestibule, cookie)
}

/// An add-on that answers 200 with these lines in its head, each ended.
fn saying(lines: &str) -> RawAddon {
    RawAddon::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{lines}\r\nok"))
}
