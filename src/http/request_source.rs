//! Where a request came from: by which door, from which peer, forwarded for whom, sent by whose page. Kept as it was said, so
//! that it can be judged again when the operator trusts other proxies or has other names (S-16, S-92).
//!
//! In come a connection and the headers as they arrived, out come the client's address and the request's provenance by the
//! rules of one moment.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};

use super::authority::Authority;
use super::client_addr::{BadForwarded, ClientAddr, ForwardedFor};
use super::origin::{PageHeaders, Provenance};
use super::sanitize::Rules;
use super::via::{Door, Via};

/// What a request and its connection say of where it came from.
#[derive(Debug, Clone)]
pub struct RequestSource {
    door: Door,
    /// As far as the connection tells: the peer, or whom its PROXY header names.
    peer: IpAddr,
    forwarded_for: ForwardedFor,
    page: PageHeaders,
}

impl RequestSource {
    pub(super) fn of(via: &Via, headers: &HeaderMap) -> Self {
        Self {
            door: via.door(),
            peer: via.addresses().client().ip(),
            forwarded_for: ForwardedFor::of(headers),
            page: PageHeaders::of(headers),
        }
    }

    /// By which door.
    pub fn door(&self) -> Door {
        self.door
    }

    /// The only origin that it names.
    pub fn origin(&self) -> Option<&HeaderValue> {
        self.page.origin()
    }

    /// Who the client is, by these rules.
    pub fn client(&self, rules: &Rules) -> Result<ClientAddr, BadForwarded> {
        ClientAddr::of(self.peer, &self.forwarded_for, &rules.trusted_proxies)
    }

    /// Whose page sent it to `authority`, by these rules.
    pub fn provenance(&self, authority: &Authority, rules: &Rules) -> Provenance {
        match self.door {
            Door::Browsers => self.page.at_browsers_door(authority, &rules.names),
            Door::HomeAssistant => self.page.at_home_assistant(authority, self.peer, &rules.trusted_proxies),
        }
    }
}
