//! The Supervisor's ingress as Home Assistant asks for it: sessions for its users, and add-ons' pages by a token, on a
//! listener in the clear that has nothing else (docs/design/supervisor.md sections 1 and 10.1). Case numbers are those
//! of section 7.

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

mod door;

mod calls;
mod sessions;
mod routes;
mod answers;
mod spellings;
mod trust;
mod websockets;
mod silence;
