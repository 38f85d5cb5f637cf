//! From the accepted socket to the secured connection, through real sockets and real clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy sees tests only where #[test] is"
)]

#[path = "../support/stopwatch.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of the harness")]
mod stopwatch;
mod support;

mod handshakes;
mod certificates;
mod development;
mod proxies;
mod limits;
