//! Signing in with a Home Assistant user name and password: where it leads (S-90), whom it refuses, and what it gives
//! away to somebody who guesses (S-96 in part).

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

mod arriving;
mod leaving;
mod form;
mod guessing;
mod hand_over;
mod refused_users;

use std::net::IpAddr;
use std::net::Ipv4Addr;

use crate::support::{RawAddon, Vestibule};

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
        config.addon("a", &addon);
    });
    (addon, vestibule)
}
