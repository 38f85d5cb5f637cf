//! What this node knows: its table, what has ended, and the bell for those who hold something open.
//!
//! In come entries that were read and ends that were heard, in any order, out comes a table in which nothing stands that
//! has ended. An end is noted before it is looked for in the table, and an entry is put into the table before its end is
//! looked for: whichever comes first, the session is gone afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::ended::Ended;
use crate::clock::{Clock, Timestamp};
use crate::session::lifetime::{SKEW, State};
use crate::session::limits::{CurrentLimits, Limits};
use crate::session::live::Session;
use crate::session::record::Record;
use crate::session::table::Table;
use crate::session::token::SessionDigest;

#[derive(Debug)]
pub(super) struct Known {
    pub(super) table: Arc<Table>,
    pub(super) ended: Ended,
    pub(super) clock: Clock,
    limits: CurrentLimits,
    bell: watch::Sender<u64>,
    /// Counts connections. What was read over one that is gone may have ended since.
    generation: AtomicU64,
}

impl Known {
    pub(super) fn new(table: Arc<Table>, bell: watch::Sender<u64>, clock: Clock, limits: CurrentLimits) -> Self {
        Self { table, ended: Ended::default(), clock, limits, bell, generation: AtomicU64::new(0) }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.get()
    }

    pub(super) fn state(&self, session: &Session) -> State {
        session.state(self.limits().lifetimes, self.clock.now())
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn next_generation(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Another node has ended a session.
    pub(super) fn hear(&self, digest: SessionDigest) {
        self.ended.heard(digest, self.longest());
        self.forget(digest);
    }

    /// Ends a session in memory, at once, and rings the bell.
    pub(super) fn forget(&self, digest: SessionDigest) {
        if let Some(session) = self.table.remove(&digest) {
            session.end();
            self.bell.send_modify(|rung| *rung = rung.wrapping_add(1));
        }
    }

    /// Takes a session over that Redis had when the connections were at `generation`; nothing when it may have ended since.
    pub(super) fn adopt(&self, digest: SessionDigest, record: Record, generation: u64) -> Option<Arc<Session>> {
        let seen = record.last_seen;
        let session = self.table.adopt(Session::new(digest, record));
        session.see(seen);
        session.stored(seen);
        if self.ended.contains(&digest) || self.generation() != generation {
            self.forget(digest);
            return None;
        }
        Some(session)
    }

    /// The time at which no session that exists now can be alive any more.
    pub(super) fn longest(&self) -> Timestamp {
        self.clock.now().saturating_add(self.limits().lifetimes.absolute).saturating_add(SKEW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Session as Settings, SessionStore};
    use crate::session::record::{MadeBy, NewSession};
    use std::time::Duration;

    fn known() -> Known {
        let settings = Settings {
            store: SessionStore::Memory,
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            password_timeout: None,
            per_user: 20,
            cross_site_framing: false,
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        Known::new(Arc::default(), watch::Sender::new(0), Clock::System, CurrentLimits::new(&settings))
    }

    fn record(known: &Known) -> Record {
        let about = NewSession::new("alice".parse().unwrap(), MadeBy::Password);
        Record { about, created: known.clock.now(), last_seen: known.clock.now() }
    }

    const DIGEST: SessionDigest = SessionDigest([1; 32]);

    #[test]
    fn an_end_that_is_heard_while_an_entry_is_read_wins_in_either_order() {
        let known = known();
        known.hear(DIGEST);
        assert!(known.adopt(DIGEST, record(&known), 0).is_none() && known.table.len() == 0);
        let other = SessionDigest([2; 32]);
        let session = known.adopt(other, record(&known), 0).unwrap();
        known.hear(other);
        assert!(session.ended() && known.table.len() == 0);
    }

    #[test]
    fn what_was_read_over_a_connection_that_has_gone_is_not_believed() {
        let known = known();
        let before = known.generation();
        known.next_generation();
        assert!(known.adopt(DIGEST, record(&known), before).is_none() && known.table.len() == 0);
        assert!(known.adopt(DIGEST, record(&known), known.generation()).is_some());
    }

    #[test]
    fn a_session_that_is_read_twice_is_one_session() {
        let known = known();
        let one = known.adopt(DIGEST, record(&known), 0).unwrap();
        let later = known.clock.now().saturating_add(Duration::from_secs(5));
        let two = known.adopt(DIGEST, Record { last_seen: later, ..record(&known) }, 0).unwrap();
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(one.last_seen(), later, "seen on another node is seen");
    }
}
