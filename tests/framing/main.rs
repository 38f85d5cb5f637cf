//! One request for us is one request for the add-on: framing, authority and path, cases S-24 to S-38 and S-47 to S-61.
//!
//! What the stack accepts and no two parsers read alike is refused, and what is not ambiguous arrives byte for byte.

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

mod authority;
mod connection;
mod early_answer;
mod length;
mod line_ends;
mod methods;
mod path;
mod pipeline;
mod property;

use support::{RawAddon, RawClient, Vestibule, assert_refused};

/// One add-on, reached at `/ingress/a/`, and bob's cookie.
fn one_addon() -> (RawAddon, Vestibule, String) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    (addon, vestibule, cookie)
}

/// Sends bytes that must be refused: a 4xx or 5xx of ours, the connection closed, nothing at the add-on.
#[track_caller]
fn assert_bytes_refused(vestibule: &Vestibule, addon: &RawAddon, bytes: &[u8]) {
    let why = String::from_utf8_lossy(bytes).into_owned();
    let mut client = RawClient::connect(vestibule.https());
    client.send(bytes);
    let answer = client.answer();
    if answer.status == 501 || answer.status == 505 {
        addon.assert_no_request(&why);
    } else {
        assert_refused(&answer, addon, &why);
    }
    assert!(client.is_closed(), "closed after {why}");
}
