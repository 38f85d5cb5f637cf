//! Home Assistant's own front: who gets what of it, before a small Home Assistant that records what it was asked.
//! An administrator's bytes are Home Assistant's; everybody else is held; strangers get the front end and its sign-in.

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

#[path = "../addon_api/home.rs"]
#[allow(dead_code, reason = "the tests of the add-on API use the rest of it")]
mod home;

mod attacker;
mod bed;
mod ingress;
mod live;
mod passes;
mod rest;
mod socket;
mod trial;
