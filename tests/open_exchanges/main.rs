//! What is open is admitted again whenever something changes: one of everything is opened, then a permission is taken
//! away, and a table says what was cut after how many milliseconds. Whatever still runs after a second fails the test,
//! and so does whatever is cut that had nothing to do with it (S-99, S-103, S-104, S-140, S-141, S-142, S-143).

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

mod endless;
mod events;
mod opened;
mod states;
mod world;

mod bed;
mod clock_steps;
