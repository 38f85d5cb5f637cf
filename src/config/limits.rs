//! `[limits]`: what a peer may make us hold, and how long it may take.

use std::num::NonZero;

use toml::Spanned;

use super::diagnostic::Diagnostic;
use super::part::{burst_of, minutes, part, seconds};
use super::resolve::context::Context;
use super::transport::check_burst;

part! {
    /// `[limits]`: what a peer may make us hold, and how long it may take.
    Limits, RawLimits {
        /// Threads that connections are served on.
        workers: count(cores(), 1..=MOST_WORKERS),
        /// Open connections of browsers, all listeners together.
        connections: count(4096, 1..=1_000_000),
        /// Open connections from one address (IPv6: one /64).
        connections_per_address: count(256, 1..=1_000_000),
        /// From the accepted connection to the end of the TLS handshake.
        handshake_timeout: time(seconds(10), seconds(1)..=minutes(5)),
        /// From the first byte of a request's head to its end.
        header_timeout: time(seconds(15), seconds(1)..=minutes(5)),
        /// How long a connection may stand idle between requests.
        idle_timeout: time(seconds(75), seconds(1)..=minutes(60)),
        /// Bytes of a request's head; over HTTP/2 the size of its header list.
        header_size: bytes(16 << 10, 1 << 10..=1 << 20),
        /// Header lines in a request.
        header_count: count(100, 10..=10_000),
        /// Streams that one HTTP/2 connection may have open.
        http2_streams: number(128, 1..=10_000),
        /// HTTP/2 frames without content on one connection within ten seconds, besides those that what is transferred
        /// explains.
        http2_control_frames: number(1000, 100..=1_000_000),
        /// How long a request's body may make no progress.
        body_stall_timeout: time(seconds(60), seconds(1)..=minutes(60)),
        /// How long open requests and tunnels have to end after SIGTERM.
        drain_timeout: time(seconds(10), seconds(1)..=minutes(60)),
        /// Bytes of a body that a protected path is judged by, which is held in memory until it is.
        judged_body_size: bytes(64 << 10, 1 << 10..=16 << 20),
        /// From the head of a request to the end of a body that is judged.
        judged_body_timeout: time(seconds(60), seconds(1)..=minutes(60)),
        /// Bytes of bodies that are held to be judged, all together.
        judged_bytes: bytes(room_for_one_user(judged_body_size).saturating_mul(8), 1 << 10..=1 << 40),
        /// Those of them that one user may have.
        judged_bytes_per_user: bytes(room_for_one_user(judged_body_size), 1 << 10..=1 << 40),
        /// How long a client may take nothing of its answer.
        unread_timeout: time(body_stall_timeout, seconds(1)..=minutes(60)),
        /// Bytes of a body that must move, in either direction, in `min_rate_window`.
        min_rate_bytes: size(4 << 10, 1..=1 << 20),
        /// The time spent waiting for the client in which so many bytes must move.
        min_rate_window: time(seconds(60), seconds(1)..=minutes(60)),
        /// Requests of one user to all add-ons in a time.
        rate_per_user: rate(None, ..),
        /// Those of them that may come at once.
        burst_per_user: number(burst_of(rate_per_user), 1..=1_000_000),
        /// Answers that are compressed at the same time, all together; more are sent as they are.
        compressions: count(64, 0..=10_000),
        /// Those of them that are one user's.
        compressions_per_user: count(16, 0..=10_000),
        /// Sign-in forms that are read or checked at the same time.
        sign_in_forms: count(256, 1..=10_000),
        /// Those of them that may come from one address (IPv6: one /64).
        sign_in_forms_per_address: count(32, 1..=10_000),
        /// Open connections of add-ons to their API, all together.
        addon_api_connections: count(1024, 1..=100_000),
        /// Those of them that may come from one address, or on a socket from one user of the operating system.
        addon_api_connections_per_address: count(128, 1..=100_000),
        /// WebSockets to Home Assistant from one address that have not shown a token.
        addon_api_pending_websockets: count(16, 1..=10_000),
        /// Calls of one add-on at the same time.
        addon_api_calls: count(64, 1..=10_000),
        /// Bytes of bodies, answers and messages that are read whole for add-ons, all together.
        addon_api_bytes: bytes(ROOM_FOR_ONE_ADDON * 2, 1 << 20..=1 << 40),
        /// Those of them that one add-on may have.
        addon_api_bytes_per_addon: bytes(ROOM_FOR_ONE_ADDON, 1 << 20..=1 << 40),
        /// From the head of a call to the end of a body that is read whole.
        addon_api_body_timeout: time(seconds(30), seconds(1)..=minutes(60)),
        /// WebSockets at Home Assistant's front from one address that have not shown a token.
        front_pending_websockets: count(64, 1..=10_000),
        /// Bytes of messages and answers that Home Assistant's front reads whole for users who are held, all together.
        front_bytes: bytes(ROOM_FOR_ONE_ADDON * 2, 1 << 20..=1 << 40),
        /// Those of them that one user may have.
        front_bytes_per_user: bytes(ROOM_FOR_ONE_ADDON, 1 << 20..=1 << 40),
        /// Open connections at the address that Home Assistant reaches us at, all together.
        home_assistant_connections: count(1024, 1..=100_000),
        /// Those of them that may come from one address.
        home_assistant_connections_per_address: count(512, 1..=100_000),
    }
}

/// As many as this process may run on, where the operating system says it.
fn cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(cores).unwrap_or(MOST_WORKERS).min(MOST_WORKERS)
}

const MOST_WORKERS: u32 = 256;

/// Room for a few of the largest bodies, whatever their size is.
fn room_for_one_user(judged_body_size: usize) -> u64 {
    u64::try_from(judged_body_size).unwrap_or(u64::MAX).saturating_mul(4).max(4 << 20)
}

/// Room for two of the largest answers that are read whole, 64 MiB.
const ROOM_FOR_ONE_ADDON: u64 = 128 << 20;

impl Limits {
    /// Resolves them, and compares those that must fit each other.
    pub(super) fn checked(raw: &RawLimits, cx: &mut Context<'_>) -> Self {
        let limits = Self::resolve(raw, cx);
        limits.check_judged_bodies(raw, cx);
        let at = raw.connections_per_address.given().or(raw.connections.given()).map(Spanned::span);
        if let Some(at) = at.filter(|_| limits.connections_per_address > limits.connections) {
            let more = Diagnostic::warning(at, "one address may take all connections");
            let hint = format!("`connections` is {}: allow one address fewer", limits.connections);
            cx.add(more.label("`connections_per_address` never counts").hint(hint));
        }
        check_burst(("burst_per_user", &raw.burst_per_user), ("rate_per_user", &raw.rate_per_user), cx);
        limits.check_addon_api(raw, cx);
        limits
    }

    /// A body that may be larger than what there is for bodies would be refused whenever it came.
    fn check_judged_bodies(&self, raw: &RawLimits, cx: &mut Context<'_>) {
        let at = raw.judged_body_size.given().or(raw.judged_bytes_per_user.given()).or(raw.judged_bytes.given());
        let room = self.judged_bytes.min(self.judged_bytes_per_user);
        if let Some(at) = at.map(Spanned::span).filter(|_| self.judged_body_size.saturating_mul(2) > room) {
            let small = Diagnostic::mistake(at, "no room for one body of the size that is read");
            let hint = "make `judged_bytes_per_user` and `judged_bytes` at least twice `judged_body_size`";
            cx.add(small.label("`judged_body_size` never comes in whole").hint(hint));
        }
    }

    /// One address, or one add-on, that may take all there is.
    fn check_addon_api(&self, raw: &RawLimits, cx: &mut Context<'_>) {
        let at = raw.addon_api_connections_per_address.given().or(raw.addon_api_connections.given()).map(Spanned::span);
        if let Some(at) = at.filter(|_| self.addon_api_connections_per_address > self.addon_api_connections) {
            let more = Diagnostic::warning(at, "one address may take all connections of add-ons");
            let hint = format!("`addon_api_connections` is {}: allow one address fewer", self.addon_api_connections);
            cx.add(more.label("`addon_api_connections_per_address` never counts").hint(hint));
        }
        let at = raw.front_bytes_per_user.given().or(raw.front_bytes.given()).map(Spanned::span);
        if let Some(at) = at.filter(|_| self.front_bytes_per_user > self.front_bytes) {
            let more = Diagnostic::warning(at, "one user may take all memory that there is at Home Assistant's front");
            let hint = "make `front_bytes_per_user` smaller than `front_bytes`";
            cx.add(more.label("`front_bytes_per_user` never counts").hint(hint));
        }
        let at = raw.addon_api_bytes_per_addon.given().or(raw.addon_api_bytes.given()).map(Spanned::span);
        if let Some(at) = at.filter(|_| self.addon_api_bytes_per_addon > self.addon_api_bytes) {
            let more = Diagnostic::warning(at, "one add-on may take all memory that there is for calls");
            let hint = "make `addon_api_bytes_per_addon` smaller than `addon_api_bytes`";
            cx.add(more.label("`addon_api_bytes_per_addon` never counts").hint(hint));
        }
    }
}
