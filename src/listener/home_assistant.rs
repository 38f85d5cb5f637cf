//! The address that Home Assistant reaches us at, when it passes requests of its own users on to add-ons.
//!
//! In comes a [`PlainListener`], out come connections as [`FromHomeAssistant`]: there is no other way to one, so that nothing
//! can take a connection in the clear for one of a browser, or one of an add-on for one of Home Assistant.

use std::sync::Arc;

use super::address::Addresses;
use super::plain::{Places, PlainBindError, PlainLimits, PlainListener, PlainStream, THIS_MACHINE};
use crate::budget::{Budget, Limit};
use crate::config::ApiAddress;

/// The bound address.
#[derive(Debug)]
pub struct HomeAssistantListener(PlainListener);

/// An accepted connection.
#[derive(Debug)]
pub struct FromHomeAssistant {
    stream: PlainStream,
    addresses: Addresses,
}

impl HomeAssistantListener {
    /// Binds the address.
    pub async fn bind(address: &ApiAddress, budget: &Arc<Budget>) -> Result<Self, PlainBindError> {
        let (all, of_peer) = (Limit::HomeAssistantConnections, Limit::HomeAssistantConnectionsPerAddress);
        PlainListener::bind(address, Places { budget: Arc::clone(budget), all, of_peer }).await.map(Self)
    }

    /// The address, with the port that the operating system chose.
    pub fn address(&self) -> ApiAddress {
        self.0.address()
    }

    /// The next connection that there is room for. Cancel-safe.
    pub async fn accept(&self, limits: impl Fn() -> PlainLimits) -> FromHomeAssistant {
        let (stream, from) = self.0.accept(limits).await;
        let peer = from.unwrap_or(THIS_MACHINE);
        FromHomeAssistant { stream, addresses: Addresses::direct(peer, THIS_MACHINE) }
    }
}

impl FromHomeAssistant {
    /// Where it comes from: on a Unix socket, this machine.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The bytes, and where they come from.
    pub(crate) fn into_parts(self) -> (PlainStream, Addresses) {
        (self.stream, self.addresses)
    }
}
