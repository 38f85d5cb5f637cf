//! A connection before and after its client's address is known.
//!
//! An accepted socket is an [`Incoming`], from which a [`Connection`] is made and in no other way, so that nothing can
//! take a proxy for the client where a PROXY header is required.

use tokio::net::TcpStream;

use super::address::Addresses;
use super::connection_limiter::ConnectionSlot;
use super::plain::PlainStream;
use super::proxy::{self, Client, ProxyError};
use super::trust::ListenerTrust;

/// An accepted connection before any of it is read. No runtime watches its socket yet: the one on which it is
/// identified does from then on.
#[derive(Debug)]
pub struct Incoming {
    pub(super) stream: std::net::TcpStream,
    pub(super) addresses: Addresses,
    pub(super) slot: ConnectionSlot,
    pub(super) header_required: bool,
    pub(super) trust: ListenerTrust,
}

/// A connection whose client is known.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    addresses: Addresses,
    slot: ConnectionSlot,
    trust: ListenerTrust,
}

impl Incoming {
    /// Reads the PROXY header where one is required, and not one byte more. It waits for as long as the peer likes: the
    /// caller holds the deadline.
    pub async fn identify(self) -> Result<Connection, ProxyError> {
        let Self { stream, mut addresses, mut slot, header_required, trust } = self;
        let mut stream = TcpStream::from_std(stream).map_err(ProxyError::Watch)?;
        if header_required {
            if let Client::Address(client) = proxy::read(&mut stream).await? {
                addresses = addresses.on_behalf_of(client);
            }
            // Counted for the client only now that it is known: by the proxy's address all clients behind it would
            // share one limit.
            slot.count_for(addresses.client().ip())?;
        }
        Ok(Connection { stream, addresses, slot, trust })
    }

    /// The other end of the socket, which may be a proxy.
    pub fn peer(&self) -> std::net::SocketAddr {
        self.addresses.peer()
    }
}

impl Connection {
    /// Where it comes from and where it arrived.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The bytes as they are, for a listener in the clear, and where they come from. The place among the open
    /// connections goes along.
    pub(crate) fn in_the_clear(self) -> (PlainStream, Addresses) {
        (PlainStream::new(self.stream, self.slot.into_permit()), self.addresses)
    }

    /// The bytes, the addresses, whom its listener trusts, and the place among the open connections, which must be held
    /// for as long as the bytes are.
    pub(crate) fn into_parts(self) -> (TcpStream, Addresses, ListenerTrust, ConnectionSlot) {
        (self.stream, self.addresses, self.trust, self.slot)
    }
}
