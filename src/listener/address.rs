//! The addresses of a connection, in the one form that the rest of the program compares.
//!
//! Addresses come from the kernel or a PROXY header; an IPv4 address that is mapped into IPv6 becomes IPv4 again. An
//! address must never have two spellings here: a rule for `192.168.0.0/16` has to hold for `::ffff:192.168.0.7`.

use std::net::{IpAddr, SocketAddr};

/// Where a connection comes from and where it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    peer: SocketAddr,
    client: SocketAddr,
    local: SocketAddr,
    proxied: bool,
}

impl Addresses {
    /// A connection whose peer is the client.
    pub(super) fn direct(peer: SocketAddr, local: SocketAddr) -> Self {
        let peer = canonical(peer);
        Self { peer, client: peer, local: canonical(local), proxied: false }
    }

    /// The same connection, made for `client` by the peer, who says so in a PROXY header.
    pub(super) fn on_behalf_of(self, client: SocketAddr) -> Self {
        Self { client: canonical(client), proxied: true, ..self }
    }

    /// The other end of the socket.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The client as far as the connection tells: the address in the PROXY header, else the peer. Whether
    /// `X-Forwarded-*` is believed is judged by this address.
    pub fn client(&self) -> SocketAddr {
        self.client
    }

    /// Our own end of the socket.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether a PROXY header named the client.
    pub fn proxied(&self) -> bool {
        self.proxied
    }
}

/// An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) as the IPv4 address that it is.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_client_on_an_ipv6_socket_is_an_ipv4_client() {
        let addresses =
            Addresses::direct("[::ffff:192.168.0.7]:5000".parse().unwrap(), "[::ffff:10.0.0.1]:443".parse().unwrap());
        assert_eq!(addresses.peer(), "192.168.0.7:5000".parse().unwrap());
        assert_eq!(addresses.client(), addresses.peer());
        assert_eq!(addresses.local(), "10.0.0.1:443".parse().unwrap());
        let proxied = addresses.on_behalf_of("[::ffff:203.0.113.9]:7".parse().unwrap());
        assert_eq!(proxied.client(), "203.0.113.9:7".parse().unwrap());
        assert!(proxied.proxied());
    }
}
