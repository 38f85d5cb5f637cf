//! How many connections may be open: all together, and from one client.
//!
//! An address gets a [`ConnectionSlot`], or the reason why there is none. The slot is given back when it is dropped, by
//! whatever path the connection ends, so that nothing can forget to count down.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;

use super::log_limiter::LogLimiter;
use crate::budget::{Budget, Claim, Holder, Limit, Permit};
use crate::config::{self, TrustedProxies};

/// The count of open connections, shared by all listeners.
#[derive(Debug)]
pub struct ConnectionLimiter {
    rules: ArcSwap<Rules>,
    budget: Arc<Budget>,
    untrusted: AtomicU64,
    spoken: LogLimiter,
}

#[derive(Debug)]
struct Rules {
    connections: usize,
    per_address: usize,
}

/// Why a connection was closed as soon as it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// `[limits] connections` are open.
    #[error("too many connections are open")]
    TotalLimit,
    /// `[limits] connections_per_address` are open from this address, or from its /64.
    #[error("too many connections from this address are open")]
    AddressLimit,
    /// A peer that the listener does not trust came to a listener that requires the PROXY protocol (S-22).
    #[error("the listener is for trusted proxies only")]
    Untrusted,
}

/// What the counts are at this moment, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections that are open.
    pub open: u64,
    /// Connections closed because of [`Refused::TotalLimit`] since the start.
    pub refused_total_limit: u64,
    /// Connections closed because of [`Refused::AddressLimit`] since the start.
    pub refused_address_limit: u64,
    /// Connections closed because of [`Refused::Untrusted`] since the start.
    pub refused_untrusted: u64,
}

impl ConnectionLimiter {
    /// An empty count under these limits.
    pub fn new(limits: &config::Limits, budget: &Arc<Budget>) -> Arc<Self> {
        Arc::new(Self {
            rules: ArcSwap::from_pointee(Rules::new(limits)),
            budget: Arc::clone(budget),
            untrusted: AtomicU64::new(0),
            spoken: LogLimiter::default(),
        })
    }

    /// New limits from here on; what is open stays open.
    pub fn reload(&self, limits: &config::Limits) {
        self.rules.store(Arc::new(Rules::new(limits)));
    }

    /// The counts at this moment.
    pub fn counts(&self) -> Counts {
        let refused = |limit| self.budget.refusals().find(|(name, _)| *name == limit).map_or(0, |(_, count)| count);
        Counts {
            open: self.budget.taken(Limit::Connections, &Holder::All),
            refused_total_limit: refused(Limit::Connections),
            refused_address_limit: refused(Limit::ConnectionsPerAddress),
            refused_untrusted: self.untrusted.load(Ordering::Relaxed),
        }
    }

    /// A place for a connection whose peer is the client. A trusted proxy stands for many clients, so for it only the
    /// total counts.
    pub(super) fn direct(self: &Arc<Self>, peer: IpAddr, trusted: &TrustedProxies) -> Result<ConnectionSlot, Refused> {
        let mut slot = self.place(peer)?;
        if !trusted.contains(peer) {
            slot.count_for(peer)?;
        }
        Ok(slot)
    }

    /// A place for a connection that has to begin with a PROXY header. The client is counted when the header was read.
    pub(super) fn behind_proxy(
        self: &Arc<Self>,
        peer: IpAddr,
        trusted: &TrustedProxies,
    ) -> Result<ConnectionSlot, Refused> {
        // Before any byte is read: a stranger could otherwise claim any client's address (S-22).
        if !trusted.contains(peer) {
            return Err(self.refuse(Refused::Untrusted, peer));
        }
        self.place(peer)
    }

    fn place(self: &Arc<Self>, peer: IpAddr) -> Result<ConnectionSlot, Refused> {
        let all = Claim::new(Limit::Connections, Holder::All, self.rules.load().connections);
        let permit = self.budget.take(1, &[all]).map_err(|_| self.refuse(Refused::TotalLimit, peer))?;
        Ok(ConnectionSlot { connection_limiter: Arc::clone(self), permit })
    }

    fn refuse(&self, why: Refused, address: IpAddr) -> Refused {
        if why == Refused::Untrusted {
            self.untrusted.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(silent) = self.spoken.due(Instant::now()) {
            tracing::warn!(%address, not_logged = silent, "connection closed: {why}");
        }
        why
    }
}

impl Rules {
    fn new(limits: &config::Limits) -> Self {
        Self { connections: limits.connections, per_address: limits.connections_per_address }
    }
}

/// A place among the open connections. It is free again when this value is dropped.
#[derive(Debug)]
pub struct ConnectionSlot {
    connection_limiter: Arc<ConnectionLimiter>,
    permit: Permit,
}

impl ConnectionSlot {
    /// Counts the connection for this client too, or says that the client has enough of them.
    pub(super) fn count_for(&mut self, client: IpAddr) -> Result<(), Refused> {
        let limit = self.connection_limiter.rules.load().per_address;
        let claim = Claim::new(Limit::ConnectionsPerAddress, Holder::from(client), limit);
        self.permit.add(1, &claim).map_err(|_| self.connection_limiter.refuse(Refused::AddressLimit, client))
    }

    /// The place itself, where nobody will be counted for it any more.
    pub(super) fn into_permit(self) -> Permit {
        self.permit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: usize, connections_per_address: usize) -> config::Limits {
        config::Limits { connections, connections_per_address, ..config::Limits::default() }
    }

    fn connection_limiter(limits: &config::Limits) -> Arc<ConnectionLimiter> {
        ConnectionLimiter::new(limits, &Budget::new())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_dropped_slot_is_free_for_the_next() {
        let connection_limiter = connection_limiter(&limits(2, 2));
        let first = connection_limiter.direct(ip("192.0.2.1"), &TrustedProxies::default()).unwrap();
        let _second = connection_limiter.direct(ip("192.0.2.2"), &TrustedProxies::default()).unwrap();
        assert_eq!(
            connection_limiter.direct(ip("192.0.2.3"), &TrustedProxies::default()).unwrap_err(),
            Refused::TotalLimit
        );
        drop(first);
        let _third = connection_limiter.direct(ip("192.0.2.3"), &TrustedProxies::default()).unwrap();
        assert_eq!(connection_limiter.counts().open, 2);
    }

    #[test]
    fn one_subscriber_cannot_take_every_place() {
        let connection_limiter = connection_limiter(&limits(10, 1));
        let held = connection_limiter.direct(ip("2001:db8::1"), &TrustedProxies::default()).unwrap();
        assert_eq!(
            connection_limiter.direct(ip("2001:db8::2"), &TrustedProxies::default()).unwrap_err(),
            Refused::AddressLimit
        );
        let _other = connection_limiter.direct(ip("2001:db8:0:1::2"), &TrustedProxies::default()).unwrap();
        drop(held);
        let _again = connection_limiter.direct(ip("2001:db8::2"), &TrustedProxies::default()).unwrap();
        assert_eq!(connection_limiter.counts().open, 2, "a refused connection holds no place");
    }

    #[test]
    fn a_trusted_proxy_is_not_one_client() {
        let connection_limiter = connection_limiter(&limits(10, 1));
        let trusted = TrustedProxies::from_iter(["10.0.0.0/8".parse().unwrap()]);
        let _one = connection_limiter.direct(ip("10.0.0.1"), &trusted).unwrap();
        let _two = connection_limiter.direct(ip("10.0.0.1"), &trusted).unwrap();
        let mut proxied = connection_limiter.behind_proxy(ip("10.0.0.1"), &trusted).unwrap();
        proxied.count_for(ip("192.0.2.1")).unwrap();
        let mut same = connection_limiter.behind_proxy(ip("10.0.0.1"), &trusted).unwrap();
        assert_eq!(same.count_for(ip("192.0.2.1")), Err(Refused::AddressLimit));
        assert_eq!(connection_limiter.behind_proxy(ip("192.0.2.1"), &trusted).unwrap_err(), Refused::Untrusted);
        assert_eq!(connection_limiter.counts().refused_untrusted, 1);
    }

    #[test]
    fn new_limits_hold_from_the_next_connection_on() {
        let connection_limiter = connection_limiter(&limits(1, 1));
        let _held = connection_limiter.direct(ip("192.0.2.1"), &TrustedProxies::default()).unwrap();
        connection_limiter.reload(&limits(3, 2));
        let _second = connection_limiter.direct(ip("192.0.2.1"), &TrustedProxies::default()).unwrap();
        assert_eq!(
            connection_limiter.direct(ip("192.0.2.1"), &TrustedProxies::default()).unwrap_err(),
            Refused::AddressLimit
        );
    }
}
