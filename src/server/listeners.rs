//! The addresses that browsers reach: bound as a whole before the first is let go.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::config::{BrowserListener, ListenerScheme};
use crate::listener::{BindError, ConnectionLimiter, Listener};
use crate::operations::activation::Inherited;

/// The addresses that are bound.
#[derive(Default)]
pub(super) struct Listeners {
    all: Vec<Open>,
}

struct Open {
    entry: BrowserListener,
    listener: Arc<Listener>,
    stop: CancellationToken,
    running: bool,
}

/// A change that has succeeded and is not yet in force; dropped, nothing has changed.
pub(super) struct Change {
    new: Vec<Open>,
    wanted: Vec<BrowserListener>,
}

impl Listeners {
    /// Binds what is wanted and not there yet.
    pub(super) fn change(
        &self,
        wanted: &[BrowserListener],
        connection_limiter: &Arc<ConnectionLimiter>,
        inherited: &mut Inherited,
    ) -> Result<Change, BindError> {
        let mut new = Vec::new();
        for entry in wanted {
            if self.all.iter().any(|open| open.serves(entry)) {
                continue;
            }
            // A socket that systemd has opened may be on a port that we could not bind ourselves.
            let listener = match inherited.take(entry.address) {
                Some(handed) => Listener::adopt(handed, entry, connection_limiter)?,
                None => Listener::bind(entry, connection_limiter)?,
            };
            let (listener, stop) = (Arc::new(listener), CancellationToken::new());
            // Bound and not served yet: on a reload nobody is accepted here before the new stages are in place.
            new.push(Open { entry: entry.clone(), listener, stop, running: false });
        }
        Ok(Change { new, wanted: wanted.to_vec() })
    }

    /// Those whose accepting has not begun; it is the caller's to begin it.
    pub(super) fn begin(&mut self) -> Vec<(Arc<Listener>, CancellationToken)> {
        let idle = self.all.iter_mut().filter(|open| !open.running);
        idle.map(|open| {
            open.running = true;
            (Arc::clone(&open.listener), open.stop.clone())
        })
        .collect()
    }

    /// The addresses, with the ports that the operating system chose.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (ListenerScheme, SocketAddr)> {
        self.all.iter().map(|open| (open.listener.scheme(), open.listener.address()))
    }

    /// The first address that is served over HTTPS.
    pub(super) fn first_https(&self) -> Option<SocketAddr> {
        self.addresses().find_map(|(scheme, address)| (scheme == ListenerScheme::Https).then_some(address))
    }

    /// Lets all of them go.
    pub(super) fn close(&mut self) {
        for open in self.all.drain(..) {
            open.stop.cancel();
        }
    }
}

impl Open {
    /// Whether it is the socket of this entry, leaving aside which proxies it trusts.
    fn serves(&self, entry: &BrowserListener) -> bool {
        // Trusted proxies are not compared: they can be replaced on an open socket, and the address need not be bound
        // anew.
        let socket = |entry: &BrowserListener| (entry.address, entry.scheme, entry.proxy_protocol);
        socket(&self.entry) == socket(entry)
    }
}

impl Change {
    /// Puts the change in force: what is no longer wanted is let go, and its open connections trust no proxy any more.
    pub(super) fn commit(self, listeners: &mut Listeners) {
        listeners.all.retain(|open| {
            let wanted = self.wanted.iter().find(|entry| open.serves(entry));
            // First for those that go, too: their open connections must not go on to believe a proxy that nobody
            // configures any more.
            open.listener.trust(wanted.map(|entry| entry.trusted_proxies.clone()).unwrap_or_default());
            if wanted.is_none() {
                open.stop.cancel();
            }
            wanted.is_some()
        });
        listeners.all.extend(self.new);
    }
}
