//! Addresses that programs of the same home reach: TCP or a Unix socket, in the clear.
//!
//! In comes a configured address, out come accepted connections, one by one and without end. An error of `accept` is waited
//! out, and a connection for which there is no room is closed at once. Who may ask what on them is no matter of the address:
//! whoever serves one asks for a token or a session.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ApiAddress;

/// A bound address.
#[derive(Debug)]
pub struct PlainListener {
    bound: Bound,
    address: ApiAddress,
    places: Arc<Semaphore>,
}

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why an address could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct PlainBindError {
    address: ApiAddress,
    source: io::Error,
}

/// The bytes of an accepted connection, and its place among the open ones.
pub struct PlainStream {
    socket: Box<dyn Socket>,
    _place: OwnedSemaphorePermit,
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

impl PlainListener {
    /// Binds the address. A socket that nobody listens on any more is replaced; one that lives is not.
    pub async fn bind(address: &ApiAddress) -> Result<Self, PlainBindError> {
        let bound = match address {
            ApiAddress::Tcp(tcp) => TcpListener::bind(tcp).await.map(Bound::Tcp),
            ApiAddress::Unix(path) => bind_unix(path).await.map(Bound::Unix),
        };
        let failed = |source| PlainBindError { address: address.clone(), source };
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(Self { bound: bound.map_err(failed)?, address: address.clone(), places })
    }

    /// The address, with the port that the operating system chose.
    pub fn address(&self) -> ApiAddress {
        match &self.bound {
            Bound::Tcp(listener) => listener.local_addr().map_or_else(|_| self.address.clone(), ApiAddress::Tcp),
            Bound::Unix(_) => self.address.clone(),
        }
    }

    /// The next connection that there is room for, and where it comes from: nobody knows that of a Unix socket.
    /// Cancel-safe.
    pub async fn accept(&self) -> (PlainStream, Option<SocketAddr>) {
        loop {
            match self.bound.accept().await {
                Ok((socket, from)) => {
                    if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                        return (PlainStream { socket, _place: place }, from);
                    }
                    tracing::debug!(address = %self.address, "no room for another connection");
                }
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this would be a busy loop.
                    tracing::warn!(%error, address = %self.address, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Whoever starts next replaces the socket's file anyway.
impl Drop for PlainListener {
    fn drop(&mut self) {
        if let ApiAddress::Unix(path) = &self.address {
            let _gone = std::fs::remove_file(path);
        }
    }
}

impl Bound {
    async fn accept(&self) -> io::Result<(Box<dyn Socket>, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Some(from)))
            }
            Self::Unix(listener) => Ok((Box::new(listener.accept().await?.0), None)),
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        if tokio::net::UnixStream::connect(path).await.is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        std::fs::remove_file(path)?;
    }
    let temporary = PathBuf::from(format!("{}.new", path.display()));
    let _gone = std::fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary)?;
    // The token is what admits; whoever may reach the folder may knock.
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o666))?;
    std::fs::rename(&temporary, path)?;
    Ok(listener)
}

impl fmt::Debug for PlainStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainStream").finish_non_exhaustive()
    }
}

impl AsyncRead for PlainStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for PlainStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

/// Connections of one address.
const CONNECTIONS: usize = 1024;

/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
