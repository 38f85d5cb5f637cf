//! Connections out: TCP, TLS, a Unix socket.
//!
//! Connects to an address, with a certificate that must be believed where there is one. TLS is never left off where it
//! is configured (S-46): a certificate that does not hold is a connection that failed, and there is no second try
//! without it. All names of rustls for this side of a connection stay in this folder.

mod exchange;
mod pinned;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::config::Trust;
use crate::ids::Address;
use crate::workers::spawn_blocking;
pub use exchange::{ExchangeError, exchange};
use tls::ClientTls;
pub use tls::{TrustError, check_authorities};

/// A stream to whom was dialled.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The operating system or the other side said no.
    #[error("cannot connect")]
    Io(#[from] io::Error),
    /// It took longer than the limit.
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
    /// There is nothing to judge the other side's certificate by.
    #[error("no certificate could be believed")]
    Trust(#[from] TrustError),
    /// The other side's certificate is not believed, or it speaks no TLS.
    #[error("no TLS with {host}")]
    Tls {
        /// The host that was dialled, without its port.
        host: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The other side does not speak what it must.
    #[error("{0} does not speak HTTP/2")]
    NoHttp2(String),
    /// The host is neither a name nor an address.
    #[error("not a name that a certificate can be for: {0}")]
    BadName(String),
}

/// Makes connections to one place.
#[derive(Debug)]
pub struct Dialer {
    address: Address,
    timeout: Duration,
    tls: ClientTls,
}

impl Dialer {
    /// Connections to this place, each made within `timeout`, the handshake included. With `https`, `trust` says whose
    /// certificate is believed. Nothing is dialled yet.
    pub fn new(address: Address, trust: Trust, timeout: Duration) -> Self {
        Self { address, timeout, tls: ClientTls::new(trust) }
    }

    /// The same for a peer that must speak HTTP/2: over TLS that is agreed on in the handshake (RFC 9113 section 3.2),
    /// elsewhere it is known beforehand (section 3.3).
    pub fn to_http2(address: Address, trust: Trust, timeout: Duration) -> Self {
        let mut dialer = Self::new(address, trust, timeout);
        dialer.tls.demand_http2();
        dialer
    }

    /// Opens a new connection, with TLS where it is configured. Fails when that takes longer than the dial's limit.
    pub async fn dial(&self) -> Result<Box<dyn Wire>, DialError> {
        let connecting = tokio::time::timeout(self.timeout, self.connect());
        connecting.await.map_err(|_| DialError::TimedOut(self.timeout))?
    }

    async fn connect(&self) -> Result<Box<dyn Wire>, DialError> {
        match &self.address {
            Address::Http { host, port } => Ok(Box::new(tcp(host, *port).await?)),
            Address::Https { host, port } => {
                let stream = tcp(host, *port).await?;
                Ok(Box::new(self.tls.handshake(host, stream).await?))
            }
            Address::Unix(path) => Ok(Box::new(unix(path).await?)),
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(&*resolved(host, port).await?).await?;
    // Heads and messages of WebSockets are small: Nagle's algorithm would hold them until the last packet is
    // acknowledged.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses of a host, in the order in which they are to be tried.
async fn resolved(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // Not left to `connect`, which would look the name up on a thread of the worker's own.
    let host = host.to_owned();
    let looking = spawn_blocking(move || (&*host, port).to_socket_addrs().map(Iterator::collect));
    looking.await.map_err(io::Error::other)?
}

async fn unix(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}
