//! A WebSocket at an add-on, for whoever speaks in it in the place of the client.

use hyper::upgrade::Upgraded;

use super::pool::TunnelSlot;
use crate::connection::InFlightGuard;
use crate::exchanges::Open;

/// A WebSocket that has just been opened at an add-on.
pub struct OpenedWebSocket {
    /// The add-on's side.
    pub stream: Upgraded,
    /// Its place among what is open.
    pub open: Open,
    /// What it takes up while it lives: its place at the add-on, and its connection's time.
    pub held: HeldPlaces,
}

/// A place at an add-on and the time of a connection, given back when this is dropped.
pub struct HeldPlaces {
    _place: TunnelSlot,
    _serving: InFlightGuard,
}

impl HeldPlaces {
    pub(super) fn new(place: TunnelSlot, serving: InFlightGuard) -> Self {
        Self { _place: place, _serving: serving }
    }
}
