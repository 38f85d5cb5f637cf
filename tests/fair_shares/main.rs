//! One user, one address or one slow add-on cannot starve others: security cases S-67 and S-155 to S-159, over HTTP/1.1
//! and HTTP/2. In each of them `bob` takes whatever he can get and keeps it; `alice` must be served as if nothing were.

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

mod answers;
mod uploads;
mod websockets;
mod judged_bodies;
mod sign_in_forms;
mod calls;
mod rates;

use crate::support::{Ask, BOTH, Keep, RawAddon, Vestibule, eventually};

/// An add-on of four places: `/flood` answers for as long as anybody reads, `/quiet` begins an answer and says no more.
fn addon() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        if request.line.contains("/flood") {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while wire.write(&[b'x'; 16 * 1024]).is_ok() {}
            return Keep::Closed;
        }
        if request.line.contains("/quiet") {
            let _ =
                wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            let _ = wire.write(b"1\r\n:\r\n");
            while !wire.some().is_empty() {}
            return Keep::Closed;
        }
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    })
}

const PLACES: &str = "connections = 4\nwebsockets = 4\nqueue_timeout = \"300ms\"";

/// How many bob tries for: more than there are.
const ATTEMPTS: usize = 9;

fn behind(addon: &RawAddon, lines: &str, limits: &[(&str, &str)]) -> Vestibule {
    let lines = format!("{PLACES}\n{lines}");
    Vestibule::start(|config| {
        config.addon_with("a", addon, &lines);
        for (key, value) in limits {
            config.set("limits", key, value);
        }
    })
}

/// Somebody else is served, however they come.
#[track_caller]
fn assert_served(vestibule: &Vestibule, user: &str) {
    let cookie = vestibule.cookie(user);
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/page").cookie(&cookie));
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "{protocol:?}: {answer:#?}");
    }
}

/// Waits until so many connections to the add-on are open, and not more.
#[track_caller]
fn await_open(addon: &RawAddon, count: usize) {
    eventually("the add-on's connections", || (addon.open() == count).then_some(()));
}

/// How often a limit has refused so far.
fn refusals(vestibule: &Vestibule, limit: &str) -> u64 {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let start = format!("vestibule_limit_refusals_total{{limit=\"{limit}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("{start} in {text}"));
    line.parse().unwrap()
}

#[track_caller]
fn await_refusal(vestibule: &Vestibule, limit: &str) {
    eventually(limit, || (refusals(vestibule, limit) > 0).then_some(()));
}
