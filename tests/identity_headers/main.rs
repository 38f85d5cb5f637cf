//! The add-on is told who is asking by vestibule and by nobody else: security cases S-01 to S-07, S-09 to S-18, S-20,
//! S-180 and S-186.
//!
//! Everything is said to the running program in raw bytes and judged by the raw bytes that the add-on got.

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

mod aliases;
mod assertion;
mod client_address;
mod listeners;
mod absence;
mod hop_by_hop;
mod trailers;
mod odd_names;
mod namespaces;
mod passing;
mod attributes;
mod values;
mod whoami;

use crate::support::expectation::BOB;
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_id};

/// One add-on, reached at `/ingress/a/`.
fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    (addon, vestibule)
}

/// Asks as bob with one field more, and expects bob and nobody else at the add-on.
#[track_caller]
fn assert_bob_in_spite_of(fields: &[(&str, &str)]) {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = fields.iter().fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, (n, v)| ask.field(n, v));
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!(answer.status, 200, "{protocol:?}: stripped, not refused: {answer:#?}");
        assert_id(&addon.one(), &BOB);
    }
}
