//! The connection that a request came over: by which entry point, and from where.
//!
//! It is made of a finished handshake, or of a connection of Home Assistant, and holds what is true of every request on
//! it. A request keeps its [`EntryPoint`] all its way: what belongs to one entry point is neither offered nor believed
//! at the other.

use std::sync::Arc;

use crate::listener::{Addresses, ListenerTrust};
use crate::tls::{ClientCertificate, Transport};

/// A connection that requests come over. Only [`super::Connection`]s of browsers and of Home Assistant make one.
#[derive(Debug, Clone)]
pub struct ConnectionInfo(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Tls(Arc<Transport>),
    HomeAssistant(Addresses, ListenerTrust),
}

/// Who speaks to us there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryPoint {
    /// Browsers and scripts, over TLS: our pages, our cookies, and all routes.
    Browsers,
    /// Home Assistant, in the clear, for its own pages: the Supervisor's session calls, and routes by an add-on's
    /// token.
    HomeAssistant,
}

impl ConnectionInfo {
    pub(super) fn tls(transport: Arc<Transport>) -> Self {
        Self(Kind::Tls(transport))
    }

    pub(super) fn home_assistant(addresses: Addresses, trust: ListenerTrust) -> Self {
        Self(Kind::HomeAssistant(addresses, trust))
    }

    /// The entry point that the connection came by.
    pub fn entry_point(&self) -> EntryPoint {
        match &self.0 {
            Kind::Tls(_) => EntryPoint::Browsers,
            Kind::HomeAssistant(..) => EntryPoint::HomeAssistant,
        }
    }

    /// Where the connection comes from and where it arrived.
    pub fn addresses(&self) -> Addresses {
        match &self.0 {
            Kind::Tls(transport) => transport.addresses(),
            Kind::HomeAssistant(addresses, _) => *addresses,
        }
    }

    /// The proxies that its listener trusts, and no other listener's.
    pub fn trust(&self) -> &ListenerTrust {
        match &self.0 {
            Kind::Tls(transport) => transport.trust(),
            Kind::HomeAssistant(_, trust) => trust,
        }
    }

    /// The name that the handshake asked for and the client certificate that it showed; nothing in the clear.
    pub fn handshake(&self) -> Option<(Option<&str>, Option<&Arc<ClientCertificate>>)> {
        match &self.0 {
            Kind::Tls(transport) => Some((transport.sni(), transport.certificate())),
            Kind::HomeAssistant(..) => None,
        }
    }

    /// Whether requests to this host may come over it: what the certificate covers; in the clear nothing says.
    pub fn covers(&self, host: &str) -> bool {
        match &self.0 {
            Kind::Tls(transport) => transport.covered().covers(host),
            Kind::HomeAssistant(..) => true,
        }
    }
}
