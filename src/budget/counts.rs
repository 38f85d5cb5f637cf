//! The counts themselves, by limit and holder, in shards with a lock each.

use std::collections::{HashMap, VecDeque};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::key::{Key, KnownHash};

/// All counts that are not zero.
#[derive(Debug, Default)]
pub(super) struct Counts {
    shards: [Mutex<Shard>; SHARDS],
}

type Shard = HashMap<Key, Count, KnownHash>;

#[derive(Debug, Default)]
struct Count {
    taken: u64,
    waiting: VecDeque<Waiting>,
}

/// A waiter for one place.
#[derive(Debug)]
struct Waiting {
    most: u64,
    granted: oneshot::Sender<()>,
}

/// What becomes of a claim that may have to wait.
pub(super) enum Claimed {
    Taken,
    /// The turn has come when this says so: the place is taken by then.
    Later(oneshot::Receiver<()>),
    QueueFull,
}

/// Each has a lock of its own, so that requests on different cores seldom wait for each other.
const SHARDS: usize = 32;

impl Counts {
    /// Adds `amount`, if no more than `most` are taken then.
    pub(super) fn add(&self, key: &Key, amount: u64, most: u64) -> Added {
        let mut shard = self.shard(key);
        if let Some(count) = shard.get_mut(key) {
            return count.add(amount, most);
        }
        let mut count = Count::default();
        let added = count.add(amount, most);
        // An entry of nothing would never be removed, since only giving back removes one.
        if added == Added::Yes && amount > 0 {
            shard.insert(key.clone(), count);
        }
        added
    }

    /// Takes one place, if it is free and nobody waits for it.
    pub(super) fn add_in_turn(&self, key: &Key, most: u64) -> bool {
        let mut shard = self.shard(key);
        if let Some(count) = shard.get_mut(key) {
            return count.waiting.is_empty() && count.add(1, most) == Added::Yes;
        }
        if most > 0 {
            shard.insert(key.clone(), Count { taken: 1, waiting: VecDeque::new() });
        }
        most > 0
    }

    /// Takes one place, or a turn among at most `longest` who wait.
    pub(super) fn add_or_wait(&self, key: &Key, most: u64, longest: usize) -> Claimed {
        let mut shard = self.shard(key);
        let count = shard.entry(key.clone()).or_default();
        // Even with room left, nobody passes those who wait: one that has just been freed is theirs.
        if count.waiting.is_empty() && count.add(1, most) == Added::Yes {
            return Claimed::Taken;
        }
        if count.waiting.len() >= longest {
            // A claim that got nothing leaves no entry behind.
            if count.is_nothing() {
                shard.remove(key);
            }
            return Claimed::QueueFull;
        }
        let (granted, turn) = oneshot::channel();
        count.waiting.push_back(Waiting { most, granted });
        Claimed::Later(turn)
    }

    /// Gives back, and grants places to those that wait.
    pub(super) fn give_back(&self, key: &Key, amount: u64) {
        let mut shard = self.shard(key);
        let Some(count) = shard.get_mut(key) else { return };
        count.taken = count.taken.saturating_sub(amount);
        while let Some(first) = count.waiting.pop_front() {
            // By the limit that this one came with. The first in the queue holds the others back, so that the order
            // stays.
            if count.taken >= first.most && !first.granted.is_closed() {
                count.waiting.push_front(first);
                break;
            }
            // A waiter that has left meanwhile takes nothing. Counted under the lock in which it is granted: a place
            // that is promised is taken from that moment on.
            if first.granted.send(()).is_ok() {
                count.taken = count.taken.saturating_add(1);
            }
        }
        if count.is_nothing() {
            shard.remove(key);
        }
    }

    /// Forgets those who wait no longer.
    pub(super) fn forget_left(&self, key: &Key) {
        let mut shard = self.shard(key);
        let Some(count) = shard.get_mut(key) else { return };
        count.waiting.retain(|waiting| !waiting.granted.is_closed());
        if count.is_nothing() {
            shard.remove(key);
        }
    }

    pub(super) fn taken(&self, key: &Key) -> u64 {
        self.shard(key).get(key).map_or(0, |count| count.taken)
    }

    /// How many counts are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let [first, ..] = &self.shards;
        self.shards.get(key.shard(SHARDS)).unwrap_or(first).lock()
    }
}

/// Whether an amount was added to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    Yes,
    TooMuch,
}

impl Count {
    fn add(&mut self, amount: u64, most: u64) -> Added {
        match self.taken.checked_add(amount) {
            Some(sum) if sum <= most => {
                self.taken = sum;
                Added::Yes
            }
            Some(_) | None => Added::TooMuch,
        }
    }

    fn is_nothing(&self) -> bool {
        self.taken == 0 && self.waiting.is_empty()
    }
}
