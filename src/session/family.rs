//! A session and those that were made from it: an add-on on a host of its own gets a session of its own, handed over by
//! the one that its user signed in with (its parent).
//!
//! In comes a session, out comes whether it still counts, or who goes with it. A child never outlives its parent: it is
//! asked for with every use, and is what the file knows too. Being seen at a child counts for the parent, so that whoever
//! works on an add-on's own host is not signed out behind their back.

use std::collections::HashSet;
use std::sync::Arc;

use super::live::Session;
use super::sessions::Sessions;
use super::token::SessionDigest;
use crate::clock::Timestamp;

impl Sessions {
    /// Notes that a session was seen, and says whether it still counts: an open tunnel or stream asks this now and then. What
    /// does not count any more is not seen.
    pub fn touch(&self, session: &Session) -> bool {
        let now = self.clock.now();
        let Some(lineage) = self.lineage(session, now) else { return false };
        session.see(now);
        if let Lineage::Child(parent) = lineage {
            parent.see(now);
        }
        true
    }

    /// Whether a session counts now.
    pub fn is_live(&self, session: &Session) -> bool {
        self.lineage(session, self.clock.now()).is_some()
    }

    fn lineage(&self, session: &Session, now: Timestamp) -> Option<Lineage> {
        let lifetimes = self.lifetimes();
        if !session.is_live(lifetimes, now) {
            return None;
        }
        let Some(parent) = session.parent() else { return Some(Lineage::Head) };
        self.table.get(&parent).filter(|parent| parent.is_live(lifetimes, now)).map(Lineage::Child)
    }

    /// These sessions and all that were made from them. A child makes no sessions, so one look is enough.
    pub(super) fn with_children(&self, mut sessions: Vec<Arc<Session>>) -> Vec<Arc<Session>> {
        if sessions.is_empty() {
            return sessions;
        }
        let listed: HashSet<SessionDigest> = sessions.iter().map(|session| session.digest()).collect();
        let is_child = |session: &Session| session.parent().is_some_and(|parent| listed.contains(&parent));
        sessions.extend(self.table.select(|session| is_child(session) && !listed.contains(&session.digest())));
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
