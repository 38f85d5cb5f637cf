//! The sockets that browsers reach.
//!
//! A listener binds a configured address, or takes a socket from the service manager, and accepts connections without
//! end. An error of `accept` is waited out, never returned and never retried in a tight loop (S-73).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::address::Addresses;
use super::connection::Incoming;
use super::connection_limiter::ConnectionLimiter;
use super::log_limiter::LogLimiter;
use super::send_buffer::UNSENT;
use super::trust::ListenerTrust;
use crate::config::{self, ListenerScheme, TrustedProxies};

/// A listening socket for browsers.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    scheme: ListenerScheme,
    proxy_protocol: bool,
    trust: ListenerTrust,
    connection_limiter: Arc<ConnectionLimiter>,
    spoken: LogLimiter,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The operating system refuses the address.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address as configured.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The socket from the service manager is not one to accept on.
    #[error("the socket that was handed over cannot be used")]
    Adopt(#[source] io::Error),
}

impl Listener {
    /// Binds a configured address. Needs a runtime, as all of tokio's sockets do.
    pub fn bind(
        entry: &config::BrowserListener,
        connection_limiter: &Arc<ConnectionLimiter>,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError::Bind { address: entry.address, source };
        let socket = bound(entry.address, entry.ipv6_only).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self::new(socket, address, entry, connection_limiter))
    }

    /// Takes over a socket that already listens (socket activation).
    pub fn adopt(
        socket: std::net::TcpListener,
        entry: &config::BrowserListener,
        connection_limiter: &Arc<ConnectionLimiter>,
    ) -> Result<Self, BindError> {
        // A socket from the service manager may block, and a blocking `accept` would stop a whole thread of the
        // runtime.
        socket.set_nonblocking(true).map_err(BindError::Adopt)?;
        let socket = TcpListener::from_std(socket).map_err(BindError::Adopt)?;
        let address = socket.local_addr().map_err(BindError::Adopt)?;
        Ok(Self::new(socket, address, entry, connection_limiter))
    }

    fn new(
        socket: TcpListener,
        address: SocketAddr,
        entry: &config::BrowserListener,
        connection_limiter: &Arc<ConnectionLimiter>,
    ) -> Self {
        let trust = ListenerTrust::new(entry.trusted_proxies.clone());
        let (proxy_protocol, connection_limiter) = (entry.proxy_protocol, Arc::clone(connection_limiter));
        let scheme = entry.scheme;
        Self { socket, address, scheme, proxy_protocol, trust, connection_limiter, spoken: LogLimiter::default() }
    }

    /// Trusts these proxies from now on, and no others.
    pub fn trust(&self, trusted: TrustedProxies) {
        self.trust.replace(trusted);
    }

    /// The address that it listens on, with the port that the operating system chose when the configured one is 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What browsers speak on it.
    pub fn scheme(&self) -> ListenerScheme {
        self.scheme
    }

    /// The next connection that there is room for; others are closed at once. Cancel-safe.
    pub async fn accept(&self) -> Incoming {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    if let Some(incoming) = self.admit(stream, peer) {
                        return incoming;
                    }
                    pause = SHORTEST_PAUSE;
                }
                // The peer left the queue before we came to it: its own affair, and the queue is shorter now.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // EMFILE and its like leave the connection in the queue: at once would be again the same.
                Err(error) => {
                    if let Some(silent) = self.spoken.due(Instant::now()) {
                        tracing::error!(%error, address = %self.address, not_logged = silent, "cannot accept connections");
                    }
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr) -> Option<Incoming> {
        // They fail only when the peer has reset the connection already.
        let addresses = Addresses::direct(peer, stream.local_addr().ok()?);
        stream.set_nodelay(true).ok()?;
        // tcp(7) has no name for it yet: without it the kernel takes megabytes from us before it says that a client
        // does not read, and after that it says nothing for minutes.
        socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT).ok()?;
        let peer = addresses.peer().ip();
        let trusted = self.trust.current();
        // Without a place the socket is dropped, and so closed, here: a client over its limit costs no task.
        let slot = if self.proxy_protocol {
            self.connection_limiter.behind_proxy(peer, &trusted)
        } else {
            self.connection_limiter.direct(peer, &trusted)
        };
        // Shared with the listener and not a copy: a reload holds for connections that are open as well.
        let trust = self.trust.clone();
        // Another runtime will read it, and this one must not watch it as well.
        let stream = stream.into_std().ok()?;
        Some(Incoming { stream, addresses, slot: slot.ok()?, header_required: self.proxy_protocol, trust })
    }
}

fn bound(address: SocketAddr, ipv6_only: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for the last connections of the process before to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    if ipv6_only {
        // Without it `[::]` would take the port of IPv4 as well, and the listener of `0.0.0.0` would find it in use.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Connections that the kernel keeps until we accept them: after a restart all browsers come back at once.
const BACKLOG: i32 = 1024;
/// Between two tries after an `accept` that failed, at first and at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
