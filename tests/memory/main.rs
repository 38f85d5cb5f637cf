//! What a peer's bytes cost in memory: for each reader that a peer can fill, the real program is started, filled, and
//! measured. One file for each side that peers come from; [`table`] measures, prints and judges.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]
#![allow(dead_code, reason = "parts of the harness of other test binaries are used here")]

#[cfg(test)]
#[path = "../addon_api/socket.rs"]
mod socket;
#[cfg(test)]
#[path = "../addon_api/supervised.rs"]
mod supervised;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod great_home;
mod table;

mod addon_api;
mod browsers;
mod wire;
