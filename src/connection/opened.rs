//! The connections that [`serve`](super::serve) takes, one kind for each listener.
//!
//! A connection gives the loop its bytes, what is true of every request on it, the protocol, and when the first request
//! is due. The loop knows no more of it.

use tokio::io::{AsyncRead, AsyncWrite};

use super::entry_point::ConnectionInfo;
use super::timeouts::FirstRequest;
use crate::listener::{self, Addresses, FromAddon, FromHomeAssistant, PlainStream};
use crate::tls::{self, Protocol, Secured};

/// A connection of one of the listeners.
pub trait Connection {
    /// The bytes in the clear: what TLS has decrypted, or the socket itself.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// What every request on it is given along.
    type ConnectionInfo: Clone + Send + Sync + Unpin + 'static;

    /// Takes the connection apart for the loop that serves it.
    fn open(self) -> Opened<Self::Stream, Self::ConnectionInfo>;
}

/// A connection as the loop takes it.
#[derive(Debug)]
pub struct Opened<S, V> {
    pub(super) stream: S,
    pub(super) connection_info: V,
    pub(super) protocol: Protocol,
    pub(super) first_request: FirstRequest,
}

impl Connection for Secured {
    type Stream = tls::Stream;
    type ConnectionInfo = ConnectionInfo;

    fn open(self) -> Opened<Self::Stream, ConnectionInfo> {
        let (stream, transport) = self.into_parts();
        let protocol = transport.protocol();
        Opened {
            stream,
            connection_info: ConnectionInfo::tls(transport),
            protocol,
            first_request: FirstRequest::WhenAsked,
        }
    }
}

/// A connection of a browser in the clear, which speaks HTTP/1.1. It never makes a [`ConnectionInfo`]: no request on it
/// can be taken for one that came over TLS.
impl Connection for listener::Connection {
    type Stream = PlainStream;
    type ConnectionInfo = Addresses;

    fn open(self) -> Opened<PlainStream, Addresses> {
        let (stream, connection_info) = self.in_the_clear();
        Opened { stream, connection_info, protocol: Protocol::Http1, first_request: FirstRequest::AtOnce }
    }
}

/// A connection of Home Assistant, which speaks HTTP/1.1.
impl Connection for FromHomeAssistant {
    type Stream = PlainStream;
    type ConnectionInfo = ConnectionInfo;

    fn open(self) -> Opened<PlainStream, ConnectionInfo> {
        let (stream, addresses, trust) = self.into_parts();
        let connection_info = ConnectionInfo::home_assistant(addresses, trust);
        Opened { stream, connection_info, protocol: Protocol::Http1, first_request: FirstRequest::AtOnce }
    }
}

/// A connection of an add-on, which speaks HTTP/1.1. It never makes a [`ConnectionInfo`]: a call of an add-on cannot be
/// taken for any other request.
impl Connection for FromAddon {
    type Stream = PlainStream;
    type ConnectionInfo = Addresses;

    fn open(self) -> Opened<PlainStream, Addresses> {
        let (stream, connection_info) = self.into_parts();
        Opened { stream, connection_info, protocol: Protocol::Http1, first_request: FirstRequest::AtOnce }
    }
}
