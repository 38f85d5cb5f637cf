//! How many connections may be open: all together, and from one client.
//!
//! In comes an address, out comes a [`Slot`] or the reason why there is none. The slot is given back when it is dropped, by
//! whatever path the connection ends, so that nothing can forget to count down.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::address::Neighbourhood;
use super::seldom::Seldom;
use crate::config;

/// The count of open connections, shared by all listeners.
#[derive(Debug)]
pub struct Admission {
    rules: ArcSwap<Rules>,
    open: Mutex<Open>,
    refused: [AtomicU64; Refused::COUNT],
    spoken: Seldom,
}

#[derive(Debug)]
struct Rules {
    connections: usize,
    per_address: usize,
    trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_origin: HashMap<Neighbourhood, usize>,
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
    /// A peer outside `trusted_proxies` came to a listener that requires the PROXY protocol (S-22).
    #[error("the listener is for trusted proxies only")]
    Untrusted,
}

/// What the counts are at this moment, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections that are open.
    pub open: usize,
    /// Connections closed because of [`Refused::TotalLimit`] since the start.
    pub refused_total_limit: u64,
    /// Connections closed because of [`Refused::AddressLimit`] since the start.
    pub refused_address_limit: u64,
    /// Connections closed because of [`Refused::Untrusted`] since the start.
    pub refused_untrusted: u64,
}

impl Admission {
    /// An empty count under these limits.
    pub fn new(limits: &config::Limits, trusted_proxies: &[IpNet]) -> Arc<Self> {
        Arc::new(Self {
            rules: ArcSwap::from_pointee(Rules::new(limits, trusted_proxies)),
            open: Mutex::default(),
            refused: Default::default(),
            spoken: Seldom::default(),
        })
    }

    /// New limits from here on; what is open stays open.
    pub fn reload(&self, limits: &config::Limits, trusted_proxies: &[IpNet]) {
        self.rules.store(Arc::new(Rules::new(limits, trusted_proxies)));
    }

    /// The counts at this moment.
    pub fn counts(&self) -> Counts {
        let refused = |why: Refused| self.refused.get(why.place()).map_or(0, |count| count.load(Ordering::Relaxed));
        Counts {
            open: self.open().total,
            refused_total_limit: refused(Refused::TotalLimit),
            refused_address_limit: refused(Refused::AddressLimit),
            refused_untrusted: refused(Refused::Untrusted),
        }
    }

    /// A place for a connection whose peer is the client. A trusted proxy stands for many clients, so for it only the
    /// total counts.
    pub(super) fn direct(self: &Arc<Self>, peer: IpAddr) -> Result<Slot, Refused> {
        let rules = self.rules.load();
        let mut slot = self.place(&rules, peer)?;
        if !rules.trusts(peer) {
            slot.count_for(peer)?;
        }
        Ok(slot)
    }

    /// A place for a connection that has to begin with a PROXY header. The client is counted when the header was read.
    pub(super) fn behind_proxy(self: &Arc<Self>, peer: IpAddr) -> Result<Slot, Refused> {
        let rules = self.rules.load();
        if !rules.trusts(peer) {
            return Err(self.refuse(Refused::Untrusted, peer));
        }
        self.place(&rules, peer)
    }

    fn place(self: &Arc<Self>, rules: &Rules, peer: IpAddr) -> Result<Slot, Refused> {
        let mut open = self.open();
        if open.total >= rules.connections {
            drop(open);
            return Err(self.refuse(Refused::TotalLimit, peer));
        }
        open.total = open.total.saturating_add(1);
        drop(open);
        Ok(Slot { admission: Arc::clone(self), origin: None })
    }

    fn refuse(&self, why: Refused, address: IpAddr) -> Refused {
        if let Some(count) = self.refused.get(why.place()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(silent) = self.spoken.due(Instant::now()) {
            tracing::warn!(%address, not_logged = silent, "connection closed: {why}");
        }
        why
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    fn new(limits: &config::Limits, trusted_proxies: &[IpNet]) -> Self {
        Self {
            connections: limits.connections,
            per_address: limits.connections_per_address,
            trusted_proxies: trusted_proxies.to_vec(),
        }
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}

impl Refused {
    const COUNT: usize = 3;

    const fn place(self) -> usize {
        match self {
            Self::TotalLimit => 0,
            Self::AddressLimit => 1,
            Self::Untrusted => 2,
        }
    }
}

/// A place among the open connections. It is free again when this value is dropped.
#[derive(Debug)]
pub struct Slot {
    admission: Arc<Admission>,
    origin: Option<Neighbourhood>,
}

impl Slot {
    /// Counts the connection for this client too, or says that the client has enough of them.
    pub(super) fn count_for(&mut self, client: IpAddr) -> Result<(), Refused> {
        let limit = self.admission.rules.load().per_address;
        let origin = Neighbourhood::from(client);
        let mut open = self.admission.open();
        let count = open.by_origin.get(&origin).copied().unwrap_or_default();
        if count >= limit {
            drop(open);
            return Err(self.admission.refuse(Refused::AddressLimit, client));
        }
        open.by_origin.insert(origin, count.saturating_add(1));
        drop(open);
        self.origin = Some(origin);
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        open.total = open.total.saturating_sub(1);
        let Some(origin) = self.origin else { return };
        if let Some(count) = open.by_origin.get_mut(&origin) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.by_origin.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(connections: usize, connections_per_address: usize) -> config::Limits {
        config::Limits {
            connections,
            connections_per_address,
            handshake_timeout: Duration::ZERO,
            header_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            header_size: 0,
            header_count: 0,
            http2_streams: 0,
            http2_control_frames: 0,
            body_stall_timeout: Duration::ZERO,
            drain_timeout: Duration::ZERO,
            judged_body_size: 0,
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_dropped_slot_is_free_for_the_next() {
        let admission = Admission::new(&limits(2, 2), &[]);
        let first = admission.direct(ip("192.0.2.1")).unwrap();
        let _second = admission.direct(ip("192.0.2.2")).unwrap();
        assert_eq!(admission.direct(ip("192.0.2.3")).unwrap_err(), Refused::TotalLimit);
        drop(first);
        let _third = admission.direct(ip("192.0.2.3")).unwrap();
        assert_eq!(admission.counts().open, 2);
        assert_eq!(admission.counts().refused_total_limit, 1);
    }

    #[test]
    fn one_subscriber_cannot_take_every_place() {
        let admission = Admission::new(&limits(10, 1), &[]);
        let held = admission.direct(ip("2001:db8::1")).unwrap();
        assert_eq!(admission.direct(ip("2001:db8::2")).unwrap_err(), Refused::AddressLimit);
        let _other = admission.direct(ip("2001:db8:0:1::2")).unwrap();
        drop(held);
        let _again = admission.direct(ip("2001:db8::2")).unwrap();
        assert_eq!(admission.counts().open, 2, "a refused connection holds no place");
        assert_eq!(admission.open().by_origin.len(), 2, "clients that left are forgotten");
    }

    #[test]
    fn a_trusted_proxy_is_not_one_client() {
        let admission = Admission::new(&limits(10, 1), &["10.0.0.0/8".parse().unwrap()]);
        let _one = admission.direct(ip("10.0.0.1")).unwrap();
        let _two = admission.direct(ip("10.0.0.1")).unwrap();
        let mut proxied = admission.behind_proxy(ip("10.0.0.1")).unwrap();
        proxied.count_for(ip("192.0.2.1")).unwrap();
        let mut same = admission.behind_proxy(ip("10.0.0.1")).unwrap();
        assert_eq!(same.count_for(ip("192.0.2.1")), Err(Refused::AddressLimit));
        assert_eq!(admission.behind_proxy(ip("192.0.2.1")).unwrap_err(), Refused::Untrusted);
        assert_eq!(admission.counts().refused_untrusted, 1);
    }

    #[test]
    fn new_limits_hold_from_the_next_connection_on() {
        let admission = Admission::new(&limits(1, 1), &[]);
        let _held = admission.direct(ip("192.0.2.1")).unwrap();
        admission.reload(&limits(3, 2), &[]);
        let _second = admission.direct(ip("192.0.2.1")).unwrap();
        assert_eq!(admission.direct(ip("192.0.2.1")).unwrap_err(), Refused::AddressLimit);
    }
}
