//! What this node knows: its table, what has ended, and the notifier for those who hold something open.
//!
//! Entries that were read and ends that were heard come in any order, and nothing that has ended stays in the table. An
//! end is noted before it is looked for in the table, and an entry is put into the table before its end is looked for:
//! whichever comes first, the session is gone afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::ended::Ended;
use crate::clock::{Clock, Timestamp};
use crate::session::lifetime::{SKEW, SessionState};
use crate::session::limits::{CurrentLimits, Limits};
use crate::session::live::Session;
use crate::session::record::Record;
use crate::session::table::Table;
use crate::session::token::SessionDigest;

#[derive(Debug)]
pub(super) struct SessionCache {
    pub(super) table: Arc<Table>,
    pub(super) ended: Ended,
    pub(super) clock: Clock,
    limits: CurrentLimits,
    notifier: watch::Sender<u64>,
    /// Counts connections. What was read over one that is gone may have ended since.
    generation: AtomicU64,
}

impl SessionCache {
    pub(super) fn new(table: Arc<Table>, notifier: watch::Sender<u64>, clock: Clock, limits: CurrentLimits) -> Self {
        Self { table, ended: Ended::default(), clock, limits, notifier, generation: AtomicU64::new(0) }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.get()
    }

    pub(super) fn state(&self, session: &Session) -> SessionState {
        session.state(self.limits().lifetimes, self.clock.now())
    }

    pub(super) fn generation(&self) -> u64 {
        // With the `AcqRel` below: an end that was noted before the number changed is seen with it.
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn next_generation(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Another node has ended a session.
    pub(super) fn hear(&self, digest: SessionDigest) {
        // Noted first and forgotten then. In the other order, an entry that is adopted in between would stay.
        self.ended.heard(digest, self.longest());
        self.forget(digest);
    }

    /// Ends a session in memory, at once, and notifies subscribers.
    pub(super) fn forget(&self, digest: SessionDigest) {
        if let Some(session) = self.table.remove(&digest) {
            // Also in the `Session` itself: requests and tunnels that hold it do not look into the table.
            session.end();
            self.notifier.send_modify(|rung| *rung = rung.wrapping_add(1));
        }
    }

    /// Takes a session over that Redis had when the connections were at `generation`; nothing when it may have ended
    /// since.
    pub(super) fn adopt(&self, digest: SessionDigest, record: &Record, generation: u64) -> Option<Arc<Session>> {
        // There is one `Session` for a digest: requests that hold the old one must hear of its end, too.
        let session = self.table.adopt(Session::new(digest, record.clone()));
        session.take_over(record);
        // Looked for after the session is in the table, for the same reason that [`Self::hear`] notes before it
        // forgets.
        if self.ended.contains(&digest) || self.generation() != generation {
            self.forget(digest);
            return None;
        }
        Some(session)
    }

    /// The time at which no session that exists now can be alive any more.
    pub(super) fn longest(&self) -> Timestamp {
        self.clock.now().saturating_add(self.limits().lifetimes.longest()).saturating_add(SKEW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Session as Settings, SessionStore};
    use crate::session::record::{MadeBy, NewSession};
    use std::time::Duration;

    fn cache() -> SessionCache {
        let settings = Settings {
            store: SessionStore::Memory,
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            password_timeout: None,
            per_user: 20,
            cross_site_framing: false,
            remembered: None,
            max_age: Vec::new(),
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        SessionCache::new(Arc::default(), watch::Sender::new(0), Clock::System, CurrentLimits::new(&settings))
    }

    fn record(cache: &SessionCache) -> Record {
        let about = NewSession::new("alice".parse().unwrap(), MadeBy::Password);
        Record { about, created: cache.clock.now(), last_seen: cache.clock.now(), rotation: None }
    }

    const DIGEST: SessionDigest = SessionDigest([1; 32]);

    #[test]
    fn an_end_that_is_heard_while_an_entry_is_read_wins_in_either_order() {
        let cache = cache();
        cache.hear(DIGEST);
        assert!(cache.adopt(DIGEST, &record(&cache), 0).is_none() && cache.table.len() == 0);
        let other = SessionDigest([2; 32]);
        let session = cache.adopt(other, &record(&cache), 0).unwrap();
        cache.hear(other);
        assert!(session.ended() && cache.table.len() == 0);
    }

    #[test]
    fn what_was_read_over_a_connection_that_has_gone_is_not_believed() {
        let cache = cache();
        let before = cache.generation();
        cache.next_generation();
        assert!(cache.adopt(DIGEST, &record(&cache), before).is_none() && cache.table.len() == 0);
        assert!(cache.adopt(DIGEST, &record(&cache), cache.generation()).is_some());
    }

    #[test]
    fn a_session_that_is_read_twice_is_one_session() {
        let cache = cache();
        let one = cache.adopt(DIGEST, &record(&cache), 0).unwrap();
        let later = cache.clock.now().saturating_add(Duration::from_secs(5));
        let two = cache.adopt(DIGEST, &Record { last_seen: later, ..record(&cache) }, 0).unwrap();
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(one.last_seen(), later, "seen on another node is seen");
    }
}
