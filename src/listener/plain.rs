//! Addresses that programs of the same home reach: TCP or a Unix socket, in the clear.
//!
//! It binds a configured address and accepts connections without end. An error of `accept` is waited out, and a
//! connection for which there is no room, in all or for its peer, is closed at once. An address gives no right to ask
//! anything: a token or a session does.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::log_limiter::LogLimiter;
use super::send_buffer::UNSENT;
use crate::budget::{Budget, Claim, Holder, Limit, Permit, Refused};
use crate::config::ApiAddress;

#[derive(Debug)]
pub(super) struct PlainListener {
    bound: Bound,
    address: ApiAddress,
    places: ConnectionSlots,
    spoken: LogLimiter,
}

/// What an address's connections are counted by.
#[derive(Debug)]
pub(super) struct ConnectionSlots {
    pub(super) budget: Arc<Budget>,
    pub(super) all: Limit,
    /// Those of one peer.
    pub(super) of_peer: Limit,
}

/// How many there may be, at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainLimits {
    /// Connections of all peers together.
    pub all: usize,
    /// Of one peer: an address, or on a socket a user of the operating system.
    pub of_peer: usize,
}

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    /// With the file that it was bound to.
    Unix(UnixListener, FileId),
}

/// Which file a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        let file = std::fs::symlink_metadata(path)?;
        Ok(Self { device: file.dev(), inode: file.ino() })
    }
}

/// Why an address could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct PlainBindError {
    address: ApiAddress,
    source: io::Error,
}

/// An accepted connection that no runtime watches yet, and its place among the open ones.
#[derive(Debug)]
pub struct PlainSocket {
    socket: Accepted,
    place: Permit,
}

#[derive(Debug)]
enum Accepted {
    Tcp(std::net::TcpStream),
    Unix(std::os::unix::net::UnixStream),
}

/// The bytes of an accepted connection, and its place among the open ones.
pub struct PlainStream {
    socket: Box<dyn Socket>,
    _place: Permit,
}

trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

impl PlainListener {
    /// Binds the address. A socket that nobody listens on any more is replaced; one that lives is not.
    pub(super) async fn bind(address: &ApiAddress, places: ConnectionSlots) -> Result<Self, PlainBindError> {
        let bound = match address {
            ApiAddress::Tcp(tcp) => TcpListener::bind(tcp).await.map(Bound::Tcp),
            ApiAddress::Unix(path) => bind_unix(path).await.map(|(listener, file)| Bound::Unix(listener, file)),
        };
        let failed = |source| PlainBindError { address: address.clone(), source };
        Ok(Self { bound: bound.map_err(failed)?, address: address.clone(), places, spoken: LogLimiter::default() })
    }

    /// The address, with the port that the operating system chose.
    pub(super) fn address(&self) -> ApiAddress {
        match &self.bound {
            Bound::Tcp(listener) => listener.local_addr().map_or_else(|_| self.address.clone(), ApiAddress::Tcp),
            Bound::Unix(..) => self.address.clone(),
        }
    }

    /// The next connection that there is room for, and where it comes from: nobody knows that of a Unix socket.
    /// Cancel-safe.
    pub(super) async fn accept(&self, limits: impl Fn() -> PlainLimits) -> (PlainSocket, Option<SocketAddr>) {
        loop {
            match self.bound.accept().await {
                Ok((socket, peer)) => match self.places.take(peer, limits()) {
                    Ok(place) => return (PlainSocket { socket, place }, peer.address()),
                    Err(refused) => {
                        if let Some(silent) = self.spoken.due(Instant::now()) {
                            tracing::warn!(address = %self.address, %peer, not_logged = silent, "connection closed: {refused}");
                        }
                    }
                },
                // The peer left the queue before we came to it: its own affair, and the queue is shorter now.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this would be a busy loop.
                    if let Some(silent) = self.spoken.due(Instant::now()) {
                        tracing::warn!(%error, address = %self.address, not_logged = silent, "cannot accept connections");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl PlainStream {
    pub(super) fn new(socket: TcpStream, place: Permit) -> Self {
        Self { socket: Box::new(socket), _place: place }
    }
}

impl PlainSocket {
    /// Lets the runtime on which this is called watch the socket.
    pub(super) fn open(self) -> io::Result<PlainStream> {
        let socket: Box<dyn Socket> = match self.socket {
            Accepted::Tcp(stream) => Box::new(TcpStream::from_std(stream)?),
            Accepted::Unix(stream) => Box::new(UnixStream::from_std(stream)?),
        };
        Ok(PlainStream { socket, _place: self.place })
    }
}

impl ConnectionSlots {
    fn take(&self, peer: Peer, limits: PlainLimits) -> Result<Permit, Refused> {
        let of_peer = Claim::new(self.of_peer, peer.holder(), limits.of_peer);
        // The peer's share first: one that has spent it must not show as a refusal of the total.
        self.budget.take(1, &[of_peer, Claim::new(self.all, Holder::All, limits.all)])
    }
}

/// Who connected, as far as the operating system says.
#[derive(Debug, Clone, Copy)]
enum Peer {
    Address(SocketAddr),
    User(u32),
}

impl Peer {
    fn holder(self) -> Holder {
        match self {
            Self::Address(address) => Holder::from(address.ip()),
            Self::User(user) => Holder::LocalUser(user),
        }
    }

    fn address(self) -> Option<SocketAddr> {
        if let Self::Address(address) = self { Some(address) } else { None }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.ip().fmt(f),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

/// What cannot be removed is replaced at the next start.
impl Drop for PlainListener {
    fn drop(&mut self) {
        // A successor may have bound the path already, and its socket is not ours to remove.
        if let (ApiAddress::Unix(path), Bound::Unix(_, ours)) = (&self.address, &self.bound)
            && FileId::of(path).is_ok_and(|there| there == *ours)
        {
            let _gone = std::fs::remove_file(path);
        }
    }
}

impl Bound {
    async fn accept(&self) -> io::Result<(Accepted, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // Options fail for a peer that is gone again, which is seen at the first read.
                let _for_gone_peers = stream.set_nodelay(true);
                let _for_gone_peers = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
                Ok((Accepted::Tcp(stream.into_std()?), Peer::Address(from)))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // All peers of a Unix socket have one address. The user's number tells them apart, so that one cannot
                // take all places.
                let user = stream.peer_cred()?.uid();
                Ok((Accepted::Unix(stream.into_std()?), Peer::User(user)))
            }
        }
    }
}

async fn bind_unix(path: &Path) -> io::Result<(UnixListener, FileId)> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        // A process that answers is alive, and its socket is not ours to replace.
        match UnixStream::connect(path).await {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            // Refused means that no process has it open any more. Any other error leaves that open, a full queue among
            // them, and then nothing is replaced.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {}
            Err(error) => return Err(error),
        }
        let _gone = std::fs::remove_file(path);
    }
    // Bound beside its place and then moved there: at no moment is there a socket with the wrong mode.
    let temporary = PathBuf::from(format!("{}.new", path.display()));
    // What a start left that was broken off. `bind` fails where a file is.
    let _gone = std::fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary)?;
    // The token decides who may call; the folder's mode only who can connect.
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o666))?;
    std::fs::rename(&temporary, path)?;
    Ok((listener, FileId::of(path)?))
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

/// Where connections of a Unix socket come from.
pub(super) const THIS_MACHINE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
