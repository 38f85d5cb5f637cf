//! A session and those that were made from it: an add-on on a host of its own gets a session of its own, handed over by
//! the one that its user signed in with (its parent).
//!
//! A child never outlives its parent: it is asked for with every use, and is what the file knows too. Being seen at a
//! child counts for the parent, so that whoever works on an add-on's own host is not signed out at the main host
//! meanwhile.

use std::collections::HashSet;
use std::sync::Arc;

use super::lifetime::SessionState;
use super::live::Session;
use super::sessions::Sessions;
use super::token::SessionDigest;
use crate::clock::Timestamp;
use crate::refusal::Reason;

impl Sessions {
    /// Notes that a session was seen, and says whether it still counts: an open tunnel or stream asks this now and
    /// then. What does not count any more is not seen.
    pub fn touch(&self, session: &Session) -> bool {
        let now = self.clock.now();
        // Asked before anything is noted: seeing a session that no longer counts would keep it alive.
        let Some(lineage) = self.lineage(session, now) else { return false };
        session.see(now);
        self.store.seen(session, now);
        if let Lineage::Child(parent) = lineage {
            // The parent would otherwise idle out while its user works on an add-on's own host, and would take the
            // child with it.
            parent.see(now);
            self.store.seen(&parent, now);
        }
        true
    }

    /// Whether what is open with this session may go on. If so, the session counts as seen.
    pub fn standing(&self, session: &Session) -> Result<(), Reason> {
        if self.touch(session) { Ok(self.store.may_go_on()?) } else { Err(Reason::SessionEnded) }
    }

    /// Whether a session counts now.
    pub fn is_live(&self, session: &Session) -> bool {
        self.lineage(session, self.clock.now()).is_some()
    }

    /// Whether a session is over for good. That it was not seen here for long is no end where it may have been seen by
    /// another proxy: what all know decides.
    pub fn is_over(&self, session: &Session) -> bool {
        session.ended() || (!self.store.is_shared() && !self.is_live(session))
    }

    fn lineage(&self, session: &Session, now: Timestamp) -> Option<Lineage> {
        if !self.counts(session, now) {
            return None;
        }
        let Some(parent) = session.parent() else { return Some(Lineage::Head) };
        self.table.get(&parent).filter(|parent| self.counts(parent, now)).map(Lineage::Child)
    }

    /// Whether it counts by itself. Once it is found expired it has ended, even if the clock goes back or a limit is
    /// raised; but that it was not seen, only the store knows when others may have seen it.
    pub(super) fn counts(&self, session: &Session, now: Timestamp) -> bool {
        match session.state(self.lifetimes(), now) {
            SessionState::Live => true,
            SessionState::Ahead => false,
            SessionState::Expired => {
                if !self.store.is_shared() {
                    // For good: otherwise a clock that is set back, or a longer limit after a reload, would bring it
                    // back.
                    session.end();
                }
                false
            }
        }
    }

    /// These sessions and all that were made from them. A child makes no sessions, so one look is enough.
    pub(super) fn with_children(&self, mut sessions: Vec<Arc<Session>>) -> Vec<Arc<Session>> {
        if sessions.is_empty() {
            return sessions;
        }
        let listed: HashSet<SessionDigest> = sessions.iter().map(|session| session.digest()).collect();
        let is_child = |session: &Session| session.parent().is_some_and(|parent| listed.contains(&parent));
        // A session is handed over to its own user alone.
        let users: HashSet<_> = sessions.iter().map(|session| session.user().clone()).collect();
        let candidates = users.iter().flat_map(|user| self.table.of_user(user));
        sessions.extend(candidates.filter(|session| is_child(session) && !listed.contains(&session.digest())));
        sessions
    }

    /// Sessions whose parent is not there any more: it ended while its child was being made, or the file was changed.
    pub(super) fn orphans(&self) -> Vec<Arc<Session>> {
        let children = self.table.select(|session| session.parent().is_some());
        let is_gone = |session: &Arc<Session>| session.parent().is_some_and(|parent| self.table.get(&parent).is_none());
        children.into_iter().filter(is_gone).collect()
    }
}

/// Where a live session comes from.
enum Lineage {
    /// It was signed in with.
    Head,
    /// It was handed over by this one, which is live as well.
    Child(Arc<Session>),
}
