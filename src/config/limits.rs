//! `[limits]`, settled: sizes in bytes, places in numbers, and times. What each is by default, and between which
//! bounds, is in `resolve/sections.rs`.

use std::time::Duration;

use super::addon_api::AddonApiLimits;

/// `[limits]`: what a peer may make us hold, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections of browsers, all listeners together.
    pub connections: usize,
    /// Open connections from one address (IPv6: one /64).
    pub connections_per_address: usize,
    /// From the accepted connection to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// From the first byte of a request's head to its end.
    pub header_timeout: Duration,
    /// How long a connection may stand idle between requests.
    pub idle_timeout: Duration,
    /// Bytes of a request's head; over HTTP/2 the size of its header list.
    pub header_size: usize,
    /// Header lines in a request.
    pub header_count: usize,
    /// Streams that one HTTP/2 connection may have open.
    pub http2_streams: u32,
    /// HTTP/2 frames without content on one connection within ten seconds, besides those that what is transferred
    /// explains.
    pub http2_control_frames: u32,
    /// How long a request's body may make no progress.
    pub body_stall_timeout: Duration,
    /// How long a client may take nothing of its answer.
    pub unread_timeout: Duration,
    /// Bytes of a body that must move, in either direction, in `min_rate_window`.
    pub min_rate_bytes: u64,
    /// The time spent waiting for the client in which so many bytes must move.
    pub min_rate_window: Duration,
    /// How long open requests and tunnels have to end after SIGTERM.
    pub drain_timeout: Duration,
    /// Bytes of a body that a protected path is judged by, which is held in memory until it is.
    pub judged_body_size: usize,
    /// From the head of a request to the end of a body that is judged.
    pub judged_body_timeout: Duration,
    /// Bytes of bodies that are held to be judged, all together.
    pub judged_bytes: usize,
    /// Those of them that one user may have.
    pub judged_bytes_per_user: usize,
    /// Sign-in forms that are read or checked at the same time.
    pub sign_in_forms: usize,
    /// Those of them that may come from one address (IPv6: one /64).
    pub sign_in_forms_per_address: usize,
    /// What add-ons may make us hold at their API.
    pub addon_api: AddonApiLimits,
    /// Open connections at the address that Home Assistant reaches us at, all together.
    pub home_assistant_connections: usize,
    /// Those of them that may come from one address.
    pub home_assistant_connections_per_address: usize,
}
