//! The tallies of one process: in memory, and those with bans in a file, so that a restart lifts none.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::file::BanFile;
use super::key::Key;
use super::tally::{Tally, Verdict};
use super::{Ban, Budget, Turned, Whose, conclude, judge};
use crate::clock::Timestamp;
use crate::workers::spawn_blocking;

#[derive(Debug, Default)]
pub(super) struct Here {
    tallies: Mutex<HashMap<Key, Tally>>,
    /// Held while the file is written, so that an older state never follows a newer one.
    file: tokio::sync::Mutex<Option<Arc<BanFile>>>,
}

impl Here {
    pub(super) fn open(path: PathBuf) -> Self {
        let file = BanFile::new(path);
        let tallies = file.load().unwrap_or_else(|error| {
            tracing::error!(error = %crate::telemetry::chain(&error), "who was banned from signing in is not known");
            Vec::new()
        });
        Self { tallies: Mutex::new(tallies.into_iter().collect()), file: tokio::sync::Mutex::new(Some(Arc::new(file))) }
    }

    pub(super) async fn attempt(&self, keys: [Key; 2], budget: &Budget, now: Timestamp) -> Result<(), Turned> {
        let verdicts = self.count(&keys, budget, now);
        // Only a ban that begins is written: with a write for every attempt, an attacker would keep the disk busy.
        if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Banned { begun: true, .. })) {
            self.save().await;
        }
        conclude(&keys, verdicts)
    }

    fn count(&self, keys: &[Key; 2], budget: &Budget, now: Timestamp) -> [Verdict; 2] {
        let mut tallies = self.lock();
        if tallies.len() >= MOST_KEYS {
            // Looked through only when it is full: nothing else needs the old ones gone.
            tallies.retain(|_, tally| !tally.keep(budget, now).is_zero());
        }
        let before = keys.each_ref().map(|key| tallies.get(key).copied().unwrap_or_default());
        let (after, verdicts) = judge(before, budget, now);
        for (key, tally) in keys.iter().zip(after) {
            // Full of addresses that all made attempts within the window: new ones are not remembered before old ones
            // are forgotten, which is safe, since a guess still costs a bcrypt and those are two at a time.
            if tallies.len() < MOST_KEYS || tallies.contains_key(key) {
                tallies.insert(key.clone(), tally);
            }
        }
        verdicts
    }

    /// Takes one attempt of each key off what was counted.
    pub(super) fn give_back(&self, [address, user]: &[Key; 2], budget: &Budget) {
        let mut tallies = self.lock();
        for (key, limit) in [(address, budget.per_address), (user, budget.per_user)] {
            if let Some(tally) = tallies.get_mut(key) {
                *tally = tally.given_back(limit, budget);
            }
        }
    }

    pub(super) fn bans(&self, now: Timestamp) -> Vec<Ban> {
        let tallies = self.lock();
        let banned = tallies.iter().filter(|(_, tally)| tally.banned_until() > now);
        let ban = |(key, tally): (&Key, &Tally)| Ban {
            address: key.address,
            user: key.user.clone(),
            until: tally.banned_until(),
        };
        banned.map(ban).collect()
    }

    pub(super) async fn lift(&self, whose: &Whose) -> usize {
        let lifted: Vec<_> = self.lock().extract_if(|key, _| key.is_of(whose)).collect();
        if lifted.iter().any(|(_, tally)| tally.was_banned()) {
            self.save().await;
        }
        lifted.len()
    }

    async fn save(&self) {
        // The lock before the tallies are read: the state that is written last is then the newest one.
        let file = self.file.lock().await;
        let Some(target) = file.as_ref().map(Arc::clone) else { return };
        let banned: Vec<_> =
            self.lock().iter().filter(|(_, tally)| tally.was_banned()).map(|(k, t)| (k.clone(), *t)).collect();
        let saving = spawn_blocking(move || target.save(&banned));
        if let Ok(Err(error)) = saving.await {
            tracing::error!(error = %crate::telemetry::chain(&error), "a restart would forget who is banned from signing in");
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Tally>> {
        self.tallies.lock()
    }
}

/// What is remembered at most: some megabytes.
const MOST_KEYS: usize = 50_000;
