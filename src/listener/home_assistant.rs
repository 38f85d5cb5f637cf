//! The address that Home Assistant reaches us at, when it passes requests of its own users on to add-ons.
//!
//! Its connections are [`FromHomeAssistant`], and there is no other way to make one, so that nothing can take a
//! connection in the clear for one of a browser, or one of an add-on for one of Home Assistant.

use std::io;
use std::sync::Arc;

use super::address::Addresses;
use super::plain::{
    ConnectionSlots, PlainBindError, PlainLimits, PlainListener, PlainSocket, PlainStream, THIS_MACHINE,
};
use super::trust::ListenerTrust;
use crate::budget::{Budget, Limit};
use crate::config::{ApiAddress, IngressApi};

/// The socket on which Home Assistant reaches us.
#[derive(Debug)]
pub struct HomeAssistantListener {
    listener: PlainListener,
    trust: ListenerTrust,
}

/// A connection of Home Assistant, in the clear. As it is accepted no runtime watches its socket yet.
#[derive(Debug)]
pub struct FromHomeAssistant<S = PlainStream> {
    stream: S,
    addresses: Addresses,
    trust: ListenerTrust,
}

impl HomeAssistantListener {
    /// Binds the address. Fails when it is taken or is not an address of this machine.
    pub async fn bind(settings: &IngressApi, budget: &Arc<Budget>) -> Result<Self, PlainBindError> {
        let trust = ListenerTrust::new(settings.trusted_proxies.clone());
        let (all, of_peer) = (Limit::HomeAssistantConnections, Limit::HomeAssistantConnectionsPerAddress);
        let places = ConnectionSlots { budget: Arc::clone(budget), all, of_peer };
        Ok(Self { listener: PlainListener::bind(&settings.at, places).await?, trust })
    }

    /// The proxies whose headers are believed on it; a reload replaces them.
    pub fn trust(&self) -> &ListenerTrust {
        &self.trust
    }

    /// The address, with the port that the operating system chose.
    pub fn address(&self) -> ApiAddress {
        self.listener.address()
    }

    /// The next connection that there is room for. Cancel-safe.
    pub async fn accept(&self, limits: impl Fn() -> PlainLimits) -> FromHomeAssistant<PlainSocket> {
        let (stream, from) = self.listener.accept(limits).await;
        let peer = from.unwrap_or(THIS_MACHINE);
        let addresses = Addresses::direct(peer, THIS_MACHINE);
        FromHomeAssistant { stream, addresses, trust: self.trust.clone() }
    }
}

impl FromHomeAssistant<PlainSocket> {
    /// Lets the runtime on which this is called watch the socket: the one that serves the connection.
    pub fn open(self) -> io::Result<FromHomeAssistant> {
        Ok(FromHomeAssistant { stream: self.stream.open()?, addresses: self.addresses, trust: self.trust })
    }
}

impl FromHomeAssistant {
    /// Where it comes from: on a Unix socket, this machine.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The bytes, where they come from, and whom the listener trusts.
    pub(crate) fn into_parts(self) -> (PlainStream, Addresses, ListenerTrust) {
        (self.stream, self.addresses, self.trust)
    }
}
