//! The sessions in memory: the truth, and the file is a copy of it.
//!
//! The map is wrapped so that no guard of it leaves a function here: what holds one stops other threads.

use std::sync::Arc;

use dashmap::DashMap;
use foldhash::fast::RandomState;

use super::live::Session;
use super::token::SessionDigest;
use crate::ids::UserId;

/// The keys are digests, which nobody can choose, so that a fast hasher will do.
#[derive(Debug, Default)]
pub(super) struct Table(DashMap<SessionDigest, Arc<Session>, RandomState>);

impl Table {
    pub(super) fn get(&self, digest: &SessionDigest) -> Option<Arc<Session>> {
        self.0.get(digest).map(|entry| Arc::clone(entry.value()))
    }

    pub(super) fn insert(&self, session: Arc<Session>) {
        self.0.insert(session.digest(), session);
    }

    /// Adds it unless there is one of this digest, and gives the one that is there then: there are never two.
    #[cfg(feature = "redis-store")]
    pub(super) fn adopt(&self, session: Session) -> Arc<Session> {
        let digest = session.digest();
        Arc::clone(self.0.entry(digest).or_insert_with(|| Arc::new(session)).value())
    }

    pub(super) fn remove(&self, digest: &SessionDigest) -> Option<Arc<Session>> {
        self.0.remove(digest).map(|(_, session)| session)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those for which `keep` says yes, in no order.
    pub(super) fn select(&self, mut keep: impl FnMut(&Session) -> bool) -> Vec<Arc<Session>> {
        self.0.iter().filter(|entry| keep(entry.value())).map(|entry| Arc::clone(entry.value())).collect()
    }

    pub(super) fn of_user(&self, user: &UserId) -> Vec<Arc<Session>> {
        self.select(|session| session.user() == user)
    }
}
