//! What Home Assistant may be told of the audit log: two bounded queues that are never waited for.
//!
//! What strangers can cause in any number has a queue of its own, so that nobody can crowd out the news that somebody
//! has signed in. Nothing here holds what a client wrote.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::ids::UserId;
use crate::refusal::Reason;

/// Something that Home Assistant may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notable {
    /// Somebody has signed in.
    SignedIn {
        /// The user.
        user: UserId,
        /// The session's id.
        session: String,
        /// Where from.
        client: IpAddr,
        /// `password`, `home-assistant` or `certificate`.
        method: String,
    },
    /// Somebody has ended a session with the link of an event.
    NotMe {
        /// The session's id.
        session: String,
    },
    /// Too many attempts to sign in came from there.
    Throttled {
        /// Where from.
        client: IpAddr,
        /// Whether it is banned for that.
        banned: bool,
    },
    /// A user was refused, or asks for what was refused.
    Refused {
        /// The user.
        user: UserId,
        /// The slug of the add-on.
        addon: Option<String>,
        /// The id of the request that was refused.
        id: String,
        /// Why; nothing where the user asks for access.
        reason: Option<Reason>,
        /// Where from.
        client: IpAddr,
    },
}

/// The end that is written to; clones share it.
#[derive(Debug, Clone)]
pub(super) struct AuditTap(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    is_open: AtomicBool,
    certain: mpsc::Sender<Notable>,
    of_strangers: mpsc::Sender<Notable>,
    receiver: Mutex<Option<Notables>>,
    dropped: prometheus_client::metrics::counter::Counter,
}

/// The end that is read.
#[derive(Debug)]
pub struct Notables {
    /// What takes a password or a link to cause.
    pub certain: mpsc::Receiver<Notable>,
    /// What anybody can cause, and any user without end.
    pub of_strangers: mpsc::Receiver<Notable>,
}

impl AuditTap {
    pub(super) fn new(dropped: prometheus_client::metrics::counter::Counter) -> Self {
        let (certain, of_strangers) = (mpsc::channel(PLACES), mpsc::channel(PLACES));
        let receiver = Mutex::new(Some(Notables { certain: certain.1, of_strangers: of_strangers.1 }));
        let is_open = AtomicBool::new(false);
        Self(Arc::new(Shared { is_open, certain: certain.0, of_strangers: of_strangers.0, receiver, dropped }))
    }

    pub(super) fn take(&self) -> Option<Notables> {
        self.0.receiver.lock().take()
    }

    pub(super) fn switch(&self, to: bool) {
        self.0.is_open.store(to, Ordering::Relaxed);
    }

    /// Takes up what is notable; what finds no place is dropped and counted.
    pub(super) fn offer(&self, notable: impl FnOnce() -> Option<Notable>) {
        if !self.0.is_open.load(Ordering::Relaxed) {
            return;
        }
        let Some(notable) = notable() else { return };
        let is_common = matches!(notable, Notable::Throttled { .. } | Notable::Refused { .. });
        let queue = if is_common { &self.0.of_strangers } else { &self.0.certain };
        if queue.try_send(notable).is_err() {
            self.0.dropped.inc();
        }
    }
}

/// What may wait in each queue while Home Assistant does not answer.
const PLACES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn signed_in() -> Notable {
        let (user, session) = ("u1".parse().unwrap(), "s1".to_owned());
        Notable::SignedIn { user, session, client: CLIENT, method: "password".to_owned() }
    }

    #[test]
    fn strangers_crowd_out_nobody_who_signs_in_and_what_finds_no_place_is_counted() {
        let dropped = Counter::default();
        let tap = AuditTap::new(dropped.clone());
        tap.offer(|| Some(signed_in()));
        let mut notables = tap.take().unwrap();
        assert!(notables.certain.try_recv().is_err(), "nobody has asked for them");
        tap.switch(true);
        for _ in 0..PLACES + 3 {
            tap.offer(|| Some(Notable::Throttled { client: CLIENT, banned: true }));
        }
        tap.offer(|| Some(signed_in()));
        assert_eq!(dropped.get(), 3);
        assert_eq!(notables.certain.try_recv().ok(), Some(signed_in()));
        assert!(notables.of_strangers.try_recv().is_ok());
    }
}
