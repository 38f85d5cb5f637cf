//! A connection to an add-on: TCP, TLS, a Unix socket, or the built-in add-on in this process.
//!
//! In comes where the add-on listens, out comes a stream. TLS is never left off where it is configured (S-46): a
//! certificate that does not hold is a connection that failed.

mod tls;

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::whoami;
use crate::config::Upstream;
use tls::UpstreamTls;

/// A stream to an add-on.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The operating system or the add-on said no.
    #[error("cannot connect")]
    Io(#[from] io::Error),
    /// It took longer than the add-on's `connect_timeout`.
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
    /// The system has no root certificates to judge the add-on's by.
    #[error("no root certificates")]
    NoRoots(#[source] io::Error),
    /// The add-on's host is neither a name nor an address.
    #[error("not a name that a certificate can be for: {0}")]
    BadName(String),
}

/// Makes connections to one add-on.
#[derive(Debug)]
pub(super) struct Connector {
    upstream: Upstream,
    timeout: Duration,
    tls: UpstreamTls,
}

impl Connector {
    pub(super) fn new(upstream: Upstream, timeout: Duration) -> Self {
        Self { upstream, timeout, tls: UpstreamTls::default() }
    }

    pub(super) async fn connect(&self) -> Result<Box<dyn Wire>, ConnectError> {
        let connecting = tokio::time::timeout(self.timeout, self.dial());
        connecting.await.map_err(|_| ConnectError::TimedOut(self.timeout))?
    }

    async fn dial(&self) -> Result<Box<dyn Wire>, ConnectError> {
        match &self.upstream {
            Upstream::Http { host, port } => Ok(Box::new(dial_tcp(host, *port).await?)),
            Upstream::Https { host, port } => {
                let stream = dial_tcp(host, *port).await?;
                Ok(Box::new(self.tls.handshake(host, stream).await?))
            }
            Upstream::Unix(path) => Ok(Box::new(dial_unix(path).await?)),
            Upstream::Whoami => Ok(Box::new(whoami::connect())),
        }
    }
}

async fn dial_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn dial_unix(path: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(path).await
}
