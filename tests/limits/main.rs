//! Both sides of the limits that no other test is about: what is just within one is served, what is just beyond is
//! refused, counted and named, over HTTP/1.1 and HTTP/2; and what still works when all is full.

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

mod connections;
mod full;
mod handshakes;
mod heads;
mod streams;
mod upstream;

use crate::support::{Ask, Vestibule, eventually};

const PATH: &str = "/ingress/a/";

/// How often a limit has refused so far.
fn refusals(vestibule: &Vestibule, limit: &str) -> u64 {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let start = format!("vestibule_limit_refusals_total{{limit=\"{limit}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{start} in {text}")).parse().unwrap()
}

/// Waits until a limit has refused so often, and not more.
#[track_caller]
fn await_refusals(vestibule: &Vestibule, limit: &str, count: u64) {
    eventually(limit, || (refusals(vestibule, limit) == count).then_some(()));
}
