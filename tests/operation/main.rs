//! What an operator relies on: reload, drain, the service manager, the control socket, and sessions that survive the
//! worst.

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

mod workers;
mod survival;
mod check;
mod command_line;
mod control;
mod redirects;
mod operator;
mod refusals;
mod trial;
mod reload;
mod sandbox;
mod doctor;
mod revocation;
mod drain;
mod service_manager;
mod health;
mod init;
mod broken_addons;
mod addon_health;

use support::{ConfigFile, RawAddon};

/// The store that survives.
const STORE: &str = r#""state/sessions.redb""#;

/// One add-on, and sessions on disk.
fn kept(addon: &RawAddon) -> impl FnOnce(&mut ConfigFile) + '_ {
    move |config| {
        config.set("session", "store", STORE).addon("a", addon);
    }
}
