//! Certificates that are ordered from an ACME server that other people have written, Debian's `pebble`, with its faults
//! on: one nonce in five is refused, and no authorization is used twice. Where `pebble` is missing the tests are
//! skipped, with a message; with `VESTIBULE_TOOLS=required`, as in CI, they fail.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod client;
mod dns;
mod hook;
mod named;
mod pebble;

mod challenges;
mod dns_updates;
mod external_account;
mod failures;
mod renewal_info;
mod renewals;
#[cfg(feature = "redis-store")]
mod shared;
mod start;

use pebble::Pebble;
use support::{ConfigFile, Vestibule};

/// Has certificates for these names ordered from this server, and has none of its own.
fn ordering(config: &mut ConfigFile, pebble: &Pebble, domains: &str, challenge: &str) {
    config.unset("tls", "certificates");
    config.set("listen", "https", &format!("[\"127.0.0.1:{}\"]", pebble.tls_port));
    config.set("listen", "http", &format!("[\"127.0.0.1:{}\"]", pebble.http_port));
    config.set("tls.acme", "domains", domains).set("tls.acme", "challenge", &format!("\"{challenge}\""));
    config.set("tls.acme", "directory", &format!("\"{}\"", pebble.directory()));
    config.set("tls.acme", "directory_ca", &format!("\"{}\"", pebble.ca().display()));
    config.set("tls.acme", "agree_to_terms", "true").set("tls.acme", "email", "\"me@home.example\"");
}

/// What `vestibule certificates` says.
fn certificates(server: &Vestibule) -> Vec<serde_json::Value> {
    let said: serde_json::Value = serde_json::from_str(&server.command_ok(&["certificates", "--json"])).unwrap();
    said["certificates"].as_array().unwrap().clone()
}

/// What `/readyz` says, and with which status.
fn readiness(server: &Vestibule) -> (u16, serde_json::Value) {
    let answer = server.ask_operations(&support::Ask::get("/readyz"));
    (answer.status, answer.json())
}

/// The number of a series of `/metrics`; nothing where there is no such series.
fn metric(server: &Vestibule, series: &str) -> Option<i64> {
    let text = server.ask_operations(&support::Ask::get("/metrics")).text();
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}
