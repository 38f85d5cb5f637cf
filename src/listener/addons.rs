//! The address that add-ons reach their API at.
//!
//! Its connections are [`FromAddon`], and there is no other way to make one, so that nothing can take a connection of
//! an add-on for one of Home Assistant, or the other way round.

use std::io;
use std::sync::Arc;

use super::address::Addresses;
use super::plain::{
    ConnectionSlots, PlainBindError, PlainLimits, PlainListener, PlainSocket, PlainStream, THIS_MACHINE,
};
use crate::budget::{Budget, Limit};
use crate::config::ApiAddress;

/// The socket on which add-ons reach their API.
#[derive(Debug)]
pub struct AddonListener(PlainListener);

/// A connection of an add-on, in the clear. As it is accepted no runtime watches its socket yet.
#[derive(Debug)]
pub struct FromAddon<S = PlainStream> {
    stream: S,
    addresses: Addresses,
}

impl AddonListener {
    /// Binds the address. Fails when it is taken or is not an address of this machine.
    pub async fn bind(address: &ApiAddress, budget: &Arc<Budget>) -> Result<Self, PlainBindError> {
        let (all, of_peer) = (Limit::AddonApiConnections, Limit::AddonApiConnectionsPerAddress);
        PlainListener::bind(address, ConnectionSlots { budget: Arc::clone(budget), all, of_peer }).await.map(Self)
    }

    /// The address, with the port that the operating system chose.
    pub fn address(&self) -> ApiAddress {
        self.0.address()
    }

    /// The next connection that there is room for. Cancel-safe.
    pub async fn accept(&self, limits: impl Fn() -> PlainLimits) -> FromAddon<PlainSocket> {
        let (stream, from) = self.0.accept(limits).await;
        let peer = from.unwrap_or(THIS_MACHINE);
        FromAddon { stream, addresses: Addresses::direct(peer, THIS_MACHINE) }
    }
}

impl FromAddon<PlainSocket> {
    /// Lets the runtime on which this is called watch the socket: the one that serves the connection.
    pub fn open(self) -> io::Result<FromAddon> {
        Ok(FromAddon { stream: self.stream.open()?, addresses: self.addresses })
    }
}

impl FromAddon {
    /// The bytes, and where they come from: on a Unix socket, this machine.
    pub(crate) fn into_parts(self) -> (PlainStream, Addresses) {
        (self.stream, self.addresses)
    }
}
