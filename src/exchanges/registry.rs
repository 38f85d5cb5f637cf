//! The registry of open exchanges, one for the whole process. It is sharded, because each request is put on it and
//! taken off again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;
use parking_lot::{Mutex, MutexGuard};

use super::exchange::{Exchange, List, Open, Registration, Subject};
use crate::connection::AbortHandle;
use crate::refusal::{Decision, Reason};

/// All open exchanges of the process.
#[derive(Debug, Default)]
pub struct OpenExchanges {
    next: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

/// The keys are numbers of ours, so that nobody can make them collide.
type Shard = HashMap<u64, Arc<Exchange>, RandomState>;

/// Each has a lock of its own, so that requests on different cores seldom wait for each other.
const SHARDS: usize = 16;

/// What an answer that was cut gets to end by itself.
const MOMENT: Duration = Duration::from_millis(300);

impl OpenExchanges {
    /// Puts an exchange on the list. Being on it permits nothing.
    pub fn begin<S: Subject>(self: &Arc<Self>, subject: S, abort_handle: AbortHandle) -> Open<S> {
        let exchange = Arc::new(Exchange::new(subject, abort_handle));
        // Numbers in a row spread evenly over the shards, and are never used again.
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(mut shard) = self.shard(key) {
            shard.insert(key, Arc::clone(&exchange) as Arc<Exchange>);
        }
        Open::new(exchange, Registration::new(Arc::clone(self) as Arc<dyn List>, key))
    }

    /// Judges every open exchange again and cuts those that may not go on. Says which were cut.
    pub fn review(&self, judge: impl Fn(&Exchange) -> Decision) -> Vec<Arc<Exchange>> {
        let mut cut = Vec::new();
        for shard in &self.shards {
            // The lock is held for a copy of the pointers only: judging may take its time.
            let open: Vec<_> = lock(shard).values().cloned().collect();
            for exchange in open {
                if let Decision::Deny(reason) = judge(&exchange)
                    // Only those that end by this: one that ended a moment ago has been counted and logged already.
                    && exchange.end(reason)
                {
                    cut.push(exchange);
                }
            }
        }
        cut
    }

    /// Aborts clients that have not taken a piece of their answer for longer than `patience`, or that keep an answer
    /// from ending that was cut: hyper asks no body for more that has nowhere to go. Says which were cut by this.
    pub fn abort(&self, patience: Duration) -> Vec<Arc<Exchange>> {
        let mut stuck = Vec::new();
        for shard in &self.shards {
            let open: Vec<_> = lock(shard).values().cloned().collect();
            for exchange in open {
                // A moment for the answer to end by itself first: hyper then tells the client, and an abort cannot.
                if exchange.was_cut_before(MOMENT) {
                    exchange.abort();
                } else if exchange.is_stuck(patience) && exchange.end(Reason::SlowReader) {
                    exchange.abort();
                    stuck.push(exchange);
                }
            }
        }
        stuck
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: u64) -> Option<MutexGuard<'_, Shard>> {
        let place = usize::try_from(key).unwrap_or_default() % SHARDS;
        self.shards.get(place).map(lock)
    }
}

impl List for OpenExchanges {
    fn remove(&self, key: u64) {
        if let Some(mut shard) = self.shard(key) {
            shard.remove(&key);
        }
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock()
}
