//! Whose count something is in.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::ids::AddonSlug;

/// Whose count it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// All peers together.
    All,
    /// One client, by address.
    Peer(ClientPrefix),
    /// A user's of this machine, by the operating system's number: what is known of the peer of a Unix socket.
    LocalUser(u32),
    /// A user's, by id. Sessions and tokens of one user count together.
    User(Arc<str>),
    /// One add-on, whichever user asks.
    Addon(AddonSlug),
    /// A user's, at one add-on.
    UserAt(Arc<str>, AddonSlug),
}

impl From<IpAddr> for Holder {
    fn from(address: IpAddr) -> Self {
        Self::Peer(address.into())
    }
}

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, because one subscriber has a whole /64 of
/// them to choose from (RFC 6177 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientPrefix(IpAddr);

impl ClientPrefix {
    /// Its address, or the first one of its /64.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for ClientPrefix {
    fn from(address: IpAddr) -> Self {
        // An IPv4 address that comes mapped into IPv6 is the same client as without.
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_64_are_one_client() {
        let origin = |text: &str| ClientPrefix::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff::9"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    }
}
