//! WebSockets open for our own pages alone, carry bytes both ways, and die with their session: security cases S-97 to
//! S-99, over HTTP/1.1 and over HTTP/2 (RFC 8441).

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

mod origin;
mod handshake;
mod lifetime;
mod farewell;
mod slow_clients;

use crate::support::{RawAddon, Vestibule};

const WS: &str = "/ingress/a/ws";

fn one_addon(addon: RawAddon) -> (RawAddon, Vestibule) {
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    (addon, vestibule)
}
