//! Passwords that were right not long ago, for the time in which Home Assistant cannot be asked.
//!
//! Off unless the configuration gives it a time. What is kept is bcrypt, salted and slow, in memory only. It is asked
//! only when Home Assistant cannot be: it never refuses a new password and never accepts an old one while Home
//! Assistant can say which is right. A password that Home Assistant has refused is forgotten.

use std::collections::HashMap;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::home_assistant::one_spelling;
use crate::ids::UserId;
use crate::workers::spawn_blocking;

/// Passwords that were right not long ago, as bcrypt hashes, by the name that was typed.
#[derive(Debug)]
pub(super) struct PasswordCache {
    cached: Mutex<Cached>,
    /// Two at a time run bcrypt: whoever calls often must not have all cores.
    turns: Semaphore,
}

impl Default for PasswordCache {
    fn default() -> Self {
        Self { cached: Mutex::default(), turns: Semaphore::new(2) }
    }
}

#[derive(Debug, Default)]
struct Cached {
    /// By the name as it was typed: Home Assistant may keep spellings apart.
    entries: HashMap<String, Entry>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// A moment in the life of the cache. What Home Assistant was asked before something was forgotten is not remembered
/// after it: the answer may be about a password that is changed meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(u64);

#[derive(Debug, Clone)]
struct Entry {
    user: UserId,
    hash: String,
    until: Timestamp,
}

impl PasswordCache {
    /// The moment, to be taken before Home Assistant is asked.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.lock().forgotten)
    }

    /// Remembers a password that Home Assistant, asked at that moment, called right. Takes some CPU time, off the async
    /// threads.
    pub(super) async fn remember(
        &self,
        name: &str,
        password: Zeroizing<String>,
        user: UserId,
        asked: Moment,
        until: Timestamp,
    ) {
        // Hashed before the lock is taken: bcrypt takes a quarter of a second.
        let Ok(_turn) = self.turns.acquire().await else { return };
        let hashed = spawn_blocking(move || bcrypt::hash(truncated(&password), COST)).await;
        let Ok(Ok(hash)) = hashed else { return };
        let mut cached = self.lock();
        let has_room = cached.entries.len() < MOST || cached.entries.contains_key(name);
        // Of two that were right the one that was asked later is the newer.
        let is_newer = cached.entries.get(name).is_none_or(|entry| entry.until <= until);
        // Something was forgotten while Home Assistant answered: the answer may be about a password that has changed
        // since.
        if asked.0 == cached.forgotten && has_room && is_newer {
            cached.entries.insert(name.to_owned(), Entry { user, hash, until });
        }
    }

    /// Whose password this was when Home Assistant could be asked.
    pub(super) async fn recall(&self, name: &str, password: Zeroizing<String>, now: Timestamp) -> Option<UserId> {
        // Cloned, so that the lock is not held while bcrypt runs.
        let entry = self.lock().entries.get(name).filter(|entry| entry.until > now).cloned()?;
        let Entry { user, hash, .. } = entry;
        let _turn = self.turns.acquire().await.ok()?;
        let right = spawn_blocking(move || bcrypt::verify(truncated(&password), &hash)).await;
        matches!(right, Ok(Ok(true))).then_some(user)
    }

    /// Forgets a name in every spelling: Home Assistant has refused a password for it.
    pub(super) fn forget(&self, name: &str) {
        let spelling = one_spelling(name);
        self.forget_if(|known, _| one_spelling(known) == spelling);
    }

    /// Forgets a user, who gets a new password.
    pub(super) fn forget_user(&self, user: &UserId) {
        self.forget_if(|_, entry| entry.user == *user);
    }

    pub(super) fn clear(&self) {
        self.forget_if(|_, _| true);
    }

    fn forget_if(&self, which: impl Fn(&str, &Entry) -> bool) {
        let mut cached = self.lock();
        // Only that it changes matters, so that it may wrap.
        cached.forgotten = cached.forgotten.wrapping_add(1);
        cached.entries.retain(|name, entry| !which(name, entry));
    }

    fn lock(&self) -> MutexGuard<'_, Cached> {
        self.cached.lock()
    }
}

/// bcrypt takes 72 bytes, and Home Assistant takes no more of a password either.
fn truncated(password: &str) -> &[u8] {
    let bytes = password.as_bytes();
    bytes.get(..72).unwrap_or(bytes)
}

/// Doublings of bcrypt's work: as slow as Home Assistant's own.
const COST: u32 = 12;

/// Names that are remembered.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn secret(text: &str) -> Zeroizing<String> {
        text.to_owned().into()
    }

    async fn remember(cache: &PasswordCache, name: &str, password: &str, until: u64) {
        cache.remember(name, secret(password), user(), cache.moment(), at(until)).await;
    }

    fn user() -> UserId {
        "u1".parse().unwrap()
    }

    #[tokio::test]
    async fn a_password_is_recalled_for_its_time_and_no_other_is() {
        let cache = PasswordCache::default();
        remember(&cache, "una", "right", 100).await;
        assert_eq!(cache.recall("una", secret("right"), at(99)).await, Some(user()));
        assert_eq!(cache.recall("una", secret("wrong"), at(99)).await, None);
        assert_eq!(cache.recall("ulf", secret("right"), at(99)).await, None);
        assert_eq!(cache.recall("una", secret("right"), at(100)).await, None, "its time is over");
        remember(&cache, "una", "new", 200).await;
        assert_eq!(cache.recall("una", secret("right"), at(150)).await, None, "the old one is gone");
        assert_eq!(cache.recall("una", secret("new"), at(150)).await, Some(user()));
        cache.forget(" UNA");
        assert_eq!(cache.recall("una", secret("new"), at(150)).await, None, "forgotten in every spelling");
    }

    #[tokio::test]
    async fn what_was_asked_before_something_was_forgotten_is_not_remembered_after_it() {
        let cache = PasswordCache::default();
        let asked = cache.moment();
        cache.forget_user(&user());
        cache.remember("una", secret("old"), user(), asked, at(100)).await;
        assert_eq!(cache.recall("una", secret("old"), at(1)).await, None);
        remember(&cache, "una", "new", 200).await;
        remember(&cache, "una", "old", 100).await;
        assert_eq!(cache.recall("una", secret("old"), at(1)).await, None, "the one that was asked first comes late");
        assert_eq!(cache.recall("una", secret("new"), at(1)).await, Some(user()));
        cache.forget_user(&user());
        assert_eq!(cache.recall("una", secret("new"), at(1)).await, None);
    }

    #[tokio::test]
    async fn nothing_is_kept_that_could_be_read() {
        let cache = PasswordCache::default();
        remember(&cache, "una", "hunter2", 100).await;
        assert!(!format!("{cache:?}").contains("hunter2"));
        cache.clear();
        assert_eq!(cache.recall("una", secret("hunter2"), at(1)).await, None);
    }
}
