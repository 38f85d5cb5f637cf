//! Signing in with a Home Assistant user name and password, or over Home Assistant's own page: where it leads (S-90),
//! whom it refuses, whose browser it was (S-88), and what it gives away to somebody who guesses (S-96 in part).

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

mod account;
mod api_alone;
mod arriving;
mod launcher;
mod leaving;
mod own_pages;
mod presence;
mod password_timeout;
mod form;
mod guessing;
mod journey;
mod journey_ends;
mod journey_refused;
mod hand_over;
mod refused_users;
mod step_up;

use std::net::IpAddr;
use std::net::Ipv4Addr;

use crate::support::{ConfigFile, RawAddon, There, Vestibule};

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// One that offers Home Assistant's page and the form, and a stand-in for Home Assistant.
fn at_there() -> (RawAddon, There, Vestibule) {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start(|config| {
        offering(config, &there).addon("a", &addon);
    });
    (addon, there, vestibule)
}

fn offering<'a>(config: &'a mut ConfigFile, there: &There) -> &'a mut ConfigFile {
    config.set("home_assistant", "url", &there.url());
    config.set("sign_in", "methods", r#"["home-assistant", "password"]"#);
    config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000")
}

fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
        config.addon("a", &addon);
    });
    (addon, vestibule)
}
