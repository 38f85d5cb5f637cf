//! What add-ons may ask of the API on its own listener, with the real program before a raw Supervisor and with none.

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

mod supervised;
mod home;
mod socket;

mod roles;
mod spellings;
mod auth;
mod auth_cache;
mod passwords;
mod answered_here;
mod forwarded;
mod home_assistant;
mod core_rest;
mod core_websocket;
mod messages;
mod starved;
mod room;
