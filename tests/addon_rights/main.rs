//! What an operator decides about add-ons and what comes of it: protection, tokens, the container that is granted just
//! what it should be, and the steps of the documentation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod compose;
mod decisions;
mod schema;
mod shipped_compose;
mod steps;
