//! Where a request came from: by which entry point, from which peer, forwarded for whom, sent by whose page. Kept as it
//! was said, so that it can be judged again when the operator trusts other proxies or has other names (S-16, S-92).
//!
//! From the connection and the headers as they arrived it works out the client's address and the request's provenance,
//! by the rules of one moment.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use super::authority::Authority;
use super::client_addr::{BadForwarded, ClientAddr, ForwardedFor};
use super::origin::{Names, PageHeaders, Provenance};
use crate::config::TrustedProxies;
use crate::connection::{ConnectionInfo, EntryPoint};
use crate::listener::ListenerTrust;
use crate::tls::ClientCertificate;

/// What a request and its connection say of where it came from.
#[derive(Debug, Clone)]
pub struct RequestSource {
    entry_point: EntryPoint,
    /// As far as the connection tells: the peer, or whom its PROXY header names.
    peer: IpAddr,
    /// Whom its listener trusts, also later: the operator may change that while it is open.
    trust: ListenerTrust,
    forwarded_for: ForwardedFor,
    page: PageHeaders,
    /// What the client has shown in the handshake.
    certificate: Option<Arc<ClientCertificate>>,
}

impl RequestSource {
    pub(super) fn of(connection_info: &ConnectionInfo, headers: &HeaderMap) -> Self {
        Self {
            entry_point: connection_info.entry_point(),
            peer: connection_info.addresses().client().ip(),
            trust: connection_info.trust().clone(),
            forwarded_for: ForwardedFor::of(headers),
            page: PageHeaders::of(headers),
            certificate: connection_info.handshake().and_then(|(_, certificate)| certificate.cloned()),
        }
    }

    /// The entry point that the request came by.
    pub fn entry_point(&self) -> EntryPoint {
        self.entry_point
    }

    /// The same of a request at the proxy whose connection this is: nobody here sees the certificate of its client.
    pub(super) fn of_stand_in(&self) -> Self {
        Self { certificate: None, ..self.clone() }
    }

    pub(super) fn certificate(&self) -> Option<&Arc<ClientCertificate>> {
        self.certificate.as_ref()
    }

    /// Whether the connection is one of a proxy that is trusted at this moment.
    pub(super) fn is_from_proxy(&self) -> bool {
        self.trust.current().contains(self.peer)
    }

    /// The only origin that it names.
    pub fn origin(&self) -> Option<&HeaderValue> {
        self.page.origin()
    }

    /// The proxies that its listener trusts at this moment, and no other listener's.
    pub(super) fn trusted_proxies(&self) -> Arc<TrustedProxies> {
        self.trust.current()
    }

    /// Who the client is, as its listener trusts at this moment.
    pub fn client(&self) -> Result<ClientAddr, BadForwarded> {
        ClientAddr::of(self.peer, &self.forwarded_for, &self.trust.current())
    }

    /// Whose page sent it to `authority`, where we have these names.
    pub fn provenance(&self, authority: &Authority, names: &Names) -> Provenance {
        match self.entry_point {
            EntryPoint::Browsers => self.page.of_browser(authority, names),
            EntryPoint::HomeAssistant => self.page.of_home_assistant(authority, self.peer, &self.trust.current()),
        }
    }
}
