//! Passwords that were right not long ago, for the time in which Home Assistant cannot be asked.
//!
//! Off unless the configuration gives it a time. What is kept is bcrypt, salted and slow, in memory only. It is asked only
//! when Home Assistant cannot be: it never refuses a new password and never accepts an old one while there is somebody
//! who knows better. A password that Home Assistant has refused is forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::identity::UserId;

/// The cache.
#[derive(Debug, Default)]
pub(super) struct PasswordCache {
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    user: UserId,
    hash: String,
    until: Timestamp,
}

impl PasswordCache {
    /// Remembers a password that Home Assistant has just called right. Takes a moment of CPU time, off the async threads.
    pub(super) async fn remember(&self, name: &str, password: Zeroizing<String>, user: UserId, until: Timestamp) {
        let hashed = tokio::task::spawn_blocking(move || bcrypt::hash(truncated(&password), COST)).await;
        let Ok(Ok(hash)) = hashed else { return };
        let mut entries = self.lock();
        if entries.len() < MOST || entries.contains_key(name) {
            entries.insert(name.to_owned(), Entry { user, hash, until });
        }
    }

    /// Whose password this was when Home Assistant could be asked.
    pub(super) async fn recall(&self, name: &str, password: Zeroizing<String>, now: Timestamp) -> Option<UserId> {
        let entry = self.lock().get(name).filter(|entry| entry.until > now).cloned()?;
        let Entry { user, hash, .. } = entry;
        let right = tokio::task::spawn_blocking(move || bcrypt::verify(truncated(&password), &hash)).await;
        matches!(right, Ok(Ok(true))).then_some(user)
    }

    /// Forgets a name: Home Assistant has refused a password for it.
    pub(super) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[tokio::test]
    async fn a_password_is_recalled_for_its_time_and_no_other_is() {
        let cache = PasswordCache::default();
        let user: UserId = "u1".parse().unwrap();
        cache.remember("una", secret("right"), user.clone(), at(100)).await;
        assert_eq!(cache.recall("una", secret("right"), at(99)).await, Some(user.clone()));
        assert_eq!(cache.recall("una", secret("wrong"), at(99)).await, None);
        assert_eq!(cache.recall("ulf", secret("right"), at(99)).await, None);
        assert_eq!(cache.recall("una", secret("right"), at(100)).await, None, "its time is over");
        cache.remember("una", secret("new"), user.clone(), at(200)).await;
        assert_eq!(cache.recall("una", secret("right"), at(150)).await, None, "the old one is gone");
        assert_eq!(cache.recall("una", secret("new"), at(150)).await, Some(user));
        cache.forget("una");
        assert_eq!(cache.recall("una", secret("new"), at(150)).await, None);
    }

    #[tokio::test]
    async fn nothing_is_kept_that_could_be_read() {
        let cache = PasswordCache::default();
        cache.remember("una", secret("hunter2"), "u1".parse().unwrap(), at(100)).await;
        assert!(!format!("{cache:?}").contains("hunter2"));
        cache.clear();
        assert_eq!(cache.recall("una", secret("hunter2"), at(1)).await, None);
    }
}
