//! The connections that [`serve`](super::serve) takes, one kind for each listener.
//!
//! In comes a connection of a listener, out come its bytes, what is true of every request on it, what is spoken, and when
//! the first request is due. The loop knows no more of it.

use tokio::io::{AsyncRead, AsyncWrite};

use super::entry_point::Via;
use super::timeouts::FirstHead;
use crate::listener::{Addresses, FromAddon, FromHomeAssistant, PlainStream};
use crate::tls::{self, Protocol, Secured};

/// A connection of one of the listeners.
pub trait Connection {
    /// Its bytes.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// What every request on it is given along.
    type Via: Clone + Send + Sync + 'static;

    /// Takes it apart.
    fn open(self) -> Opened<Self::Stream, Self::Via>;
}

/// A connection as the loop takes it.
#[derive(Debug)]
pub struct Opened<S, V> {
    pub(super) stream: S,
    pub(super) via: V,
    pub(super) protocol: Protocol,
    pub(super) first_head: FirstHead,
}

impl Connection for Secured {
    type Stream = tls::Stream;
    type Via = Via;

    fn open(self) -> Opened<Self::Stream, Via> {
        let (stream, transport) = self.into_parts();
        let protocol = transport.protocol();
        Opened { stream, via: Via::tls(transport), protocol, first_head: FirstHead::WhenAsked }
    }
}

/// Of Home Assistant, which speaks HTTP/1.1.
impl Connection for FromHomeAssistant {
    type Stream = PlainStream;
    type Via = Via;

    fn open(self) -> Opened<PlainStream, Via> {
        let (stream, addresses, trust) = self.into_parts();
        let via = Via::home_assistant(addresses, trust);
        Opened { stream, via, protocol: Protocol::Http1, first_head: FirstHead::AtOnce }
    }
}

/// Of an add-on, which speaks HTTP/1.1. It never makes a [`Via`]: a call of an add-on can be taken for a request of nobody
/// else.
impl Connection for FromAddon {
    type Stream = PlainStream;
    type Via = Addresses;

    fn open(self) -> Opened<PlainStream, Addresses> {
        let (stream, via) = self.into_parts();
        Opened { stream, via, protocol: Protocol::Http1, first_head: FirstHead::AtOnce }
    }
}
