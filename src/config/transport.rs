//! An add-on's transport: how many connections, how long each step may take, and how large a request may be.

use std::time::Duration;

use toml::Spanned;

use super::diagnostic::Diagnostic;
use super::part::{burst_of, days, minutes, part, seconds};
use super::raw::section::Key;
use super::resolve::context::Context;
use crate::ids::RequestRate;

part! {
    /// What an add-on's connections are bounded by.
    Transport, RawTransport {
        /// Connections to the add-on, tunnels not counted.
        connections: count(256, 1..=100_000),
        /// Those of them that one user may have.
        connections_per_user: count(half(connections), 1..=100_000),
        /// Open WebSockets to the add-on.
        websockets: count(1024, 1..=100_000),
        /// Those of them that one user may have.
        websockets_per_user: count(half(websockets), 1..=100_000),
        /// How long a WebSocket may stand idle.
        websocket_idle_timeout: time(days(1), seconds(1)..=days(30)),
        /// How long a request waits for a connection.
        queue_timeout: time(seconds(5), SHORTEST..=minutes(5)),
        /// How many requests of one user may wait for a connection of their share.
        queue_per_user: count(256, 0..=100_000),
        /// How long a connection may take to be made.
        connect_timeout: time(seconds(5), SHORTEST..=minutes(5)),
        /// How long the add-on may take to begin its answer.
        response_timeout: time(seconds(60), SHORTEST..=days(1)),
        /// The largest request body in bytes; `u64::MAX` is no limit.
        max_body: size(u64::MAX, 1..=u64::MAX),
        /// The largest head of a request in bytes that the add-on takes; `usize::MAX` is no limit of its own. Below 1
        /// KiB not even our own headers would fit.
        max_head: bytes(u64::MAX, 1 << 10..=1 << 20),
        /// Requests to the add-on in a time.
        rate: rate(None, ..),
        /// Those of them that may come at once.
        burst: number(burst_of(rate), 1..=1_000_000),
        /// Requests of one user to the add-on in a time.
        rate_per_user: rate(None, ..),
        /// Those of them that may come at once.
        burst_per_user: number(burst_of(rate_per_user), 1..=1_000_000),
    }
}

const SHORTEST: Duration = Duration::from_millis(10);

/// Half of all, unless it is said: whoever takes more than that leaves nobody else as much.
fn half(all: usize) -> u32 {
    u32::try_from(all.div_ceil(2)).unwrap_or(u32::MAX)
}

impl Transport {
    /// Resolves it, and compares the shares with the whole.
    pub(in crate::config) fn checked(raw: &RawTransport, cx: &mut Context<'_>) -> Self {
        let transport = Self::resolve(raw, cx);
        let shares = [
            ("connections_per_user", &raw.connections_per_user, transport.connections_per_user, transport.connections),
            ("websockets_per_user", &raw.websockets_per_user, transport.websockets_per_user, transport.websockets),
        ];
        for (name, key, share, all) in shares {
            check_share((name, key), share, all, cx);
        }
        check_burst(("burst", &raw.burst), ("rate", &raw.rate), cx);
        check_burst(("burst_per_user", &raw.burst_per_user), ("rate_per_user", &raw.rate_per_user), cx);
        let is_idle = |(share, all): (RequestRate, RequestRate)| share.interval() < all.interval();
        if transport.rate_per_user.zip(transport.rate).is_some_and(is_idle)
            && let Some(at) = raw.rate_per_user.given().map(Spanned::span)
        {
            let more = Diagnostic::warning(at, "one user may send as much as all together");
            cx.add(more.label("`rate_per_user` never counts").hint("make it lower than `rate`"));
        }
        transport
    }
}

/// A burst says nothing where there is no rate.
pub(super) fn check_burst(
    (name, burst): (&str, &Key<u64>),
    (needed, rate): (&str, &Key<String>),
    cx: &mut Context<'_>,
) {
    if let (Some(at), Key::Absent) = (burst.given().map(Spanned::span), rate) {
        let idle = Diagnostic::mistake(at, format!("`{name}` without `{needed}`"));
        cx.add(idle.label(format!("needs `{needed}`")).hint(format!("add {needed} = \"50/s\", or take this key out")));
    }
}

fn check_share((name, key): (&str, &Key<u64>), share: usize, all: usize, cx: &mut Context<'_>) {
    if let Some(at) = key.given().map(Spanned::span).filter(|_| share > all) {
        let more = Diagnostic::warning(at, "one user may take all places of the add-on");
        let hint = format!("there are {all} for all: allow one user fewer");
        cx.add(more.label(format!("`{name}` never counts")).hint(hint));
    }
}
