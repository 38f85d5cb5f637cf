//! The sessions in memory: the truth, and the file is a copy of it.
//!
//! The map is wrapped so that no guard of it leaves a function here: what holds one stops other threads.

use std::sync::Arc;

use dashmap::DashMap;
use foldhash::fast::RandomState;

use super::live::Session;
use super::token::SessionDigest;
use crate::ids::UserId;

/// The keys are digests and Home Assistant's own ids, which nobody can choose, so that a fast hasher will do.
#[derive(Debug, Default)]
pub(super) struct Table {
    sessions: DashMap<SessionDigest, Arc<Session>, RandomState>,
    /// Which of them are a user's: a sign-in and the end of a session look at these and not at all.
    of_users: DashMap<UserId, Vec<SessionDigest>, RandomState>,
}

impl Table {
    pub(super) fn get(&self, digest: &SessionDigest) -> Option<Arc<Session>> {
        self.sessions.get(digest).map(|entry| Arc::clone(entry.value()))
    }

    pub(super) fn insert(&self, session: Arc<Session>) {
        // Both under the lock of the user's list: whoever ends all sessions of a user must not miss one that is there.
        let mut mine = self.of_users.entry(session.user().clone()).or_default();
        let digest = session.digest();
        if self.sessions.insert(digest, session).is_none() {
            mine.push(digest);
        }
    }

    /// Adds it unless there is one of this digest, and gives the one that is there then: there are never two.
    #[cfg(feature = "redis-store")]
    pub(super) fn adopt(&self, session: Session) -> Arc<Session> {
        let mut mine = self.of_users.entry(session.user().clone()).or_default();
        let digest = session.digest();
        let made = || {
            mine.push(digest);
            Arc::new(session)
        };
        Arc::clone(self.sessions.entry(digest).or_insert_with(made).value())
    }

    pub(super) fn remove(&self, digest: &SessionDigest) -> Option<Arc<Session>> {
        let user = self.get(digest)?.user().clone();
        let mut mine = self.of_users.get_mut(&user)?;
        let (_, removed) = self.sessions.remove(digest)?;
        mine.retain(|one| one != digest);
        let is_empty = mine.is_empty();
        drop(mine);
        if is_empty {
            self.of_users.remove_if(removed.user(), |_, mine| mine.is_empty());
        }
        Some(removed)
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Those for which `keep` says yes, in no order.
    pub(super) fn select(&self, mut keep: impl FnMut(&Session) -> bool) -> Vec<Arc<Session>> {
        self.sessions.iter().filter(|entry| keep(entry.value())).map(|entry| Arc::clone(entry.value())).collect()
    }

    pub(super) fn of_user(&self, user: &UserId) -> Vec<Arc<Session>> {
        let mine = self.of_users.get(user).map(|mine| mine.clone()).unwrap_or_default();
        mine.iter().filter_map(|digest| self.get(digest)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::record::Record;
    use super::*;
    use crate::clock::Timestamp;
    use crate::session::{MadeBy, NewSession};

    fn session(user: &str, token: u8) -> Arc<Session> {
        let about = NewSession::new(user.parse().unwrap(), MadeBy::Password);
        let record = Record { about, created: Timestamp::default(), last_seen: Timestamp::default(), rotation: None };
        Arc::new(Session::new(SessionDigest::of(&[token]), record))
    }

    #[test]
    fn whatever_comes_and_goes_at_once_a_users_sessions_are_all_that_are_theirs() {
        let table = Table::default();
        for round in 0..200_u8 {
            thread::scope(|scope| {
                for thread in 0..4_u8 {
                    let table = &table;
                    scope.spawn(move || {
                        for token in 0..16 {
                            let one = session(if token % 2 == 0 { "una" } else { "due" }, token);
                            if (token / 2 + thread + round) % 3 == 0 {
                                table.remove(&one.digest());
                            } else {
                                table.insert(one);
                            }
                        }
                    });
                }
            });
            for user in ["una", "due"] {
                let user: UserId = user.parse().unwrap();
                let digests = |sessions: Vec<Arc<Session>>| {
                    let mut digests: Vec<_> = sessions.iter().map(|one| one.digest().hex()).collect();
                    digests.sort();
                    digests
                };
                assert_eq!(digests(table.of_user(&user)), digests(table.select(|one| *one.user() == user)), "{round}");
            }
        }
        let all = table.select(|_| true);
        assert!(all.iter().all(|one| table.remove(&one.digest()).is_some()));
        assert!(table.of_users.is_empty() && table.len() == 0, "nothing is left of users without sessions");
    }
}
