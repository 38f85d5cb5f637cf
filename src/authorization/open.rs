//! What was permitted and still goes on: every open answer, upload and tunnel, looked at again whenever sessions, users
//! or the configuration change, and cut when it may no longer go on (S-99, S-103, S-104).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::access::Decision;
use crate::config::AddonSlug;
use crate::http::ClientAddr;
use crate::identity::UserId;
use crate::refusal::Reason;
use crate::session::Session;

/// All open exchanges of the process.
#[derive(Debug, Default)]
pub struct OpenExchanges {
    next: AtomicU64,
    shards: [Mutex<HashMap<u64, Arc<Exchange>>>; SHARDS],
}

/// A request and its answer, from the permission to the last byte.
#[derive(Debug)]
pub struct Exchange {
    /// The session it came with.
    pub session: Arc<Session>,
    /// Whose it is.
    pub user: UserId,
    /// Where it came from.
    pub client: ClientAddr,
    /// Where it goes.
    pub addon: AddonSlug,
    cut: CancellationToken,
    why: OnceLock<Reason>,
}

/// Holds an exchange open; dropped, the exchange is over.
#[derive(Debug)]
pub struct Open {
    table: Arc<OpenExchanges>,
    key: u64,
    exchange: Arc<Exchange>,
}

const SHARDS: usize = 16;

impl OpenExchanges {
    pub(super) fn begin(
        self: &Arc<Self>,
        session: Arc<Session>,
        user: UserId,
        client: ClientAddr,
        addon: AddonSlug,
    ) -> Open {
        let cut = CancellationToken::new();
        let exchange = Arc::new(Exchange { session, user, client, addon, cut, why: OnceLock::new() });
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(mut shard) = self.shard(key) {
            shard.insert(key, Arc::clone(&exchange));
        }
        Open { table: Arc::clone(self), key, exchange }
    }

    /// Judges every open exchange again and cuts those that may not go on. Says which were cut.
    pub fn review(&self, judge: impl Fn(&Exchange) -> Decision) -> Vec<Arc<Exchange>> {
        let mut cut = Vec::new();
        for shard in &self.shards {
            // The lock is held for a copy of the pointers only: judging may take its time.
            let open: Vec<_> = lock(shard).values().cloned().collect();
            for exchange in open {
                if let Decision::Deny(reason) = judge(&exchange)
                    && exchange.end(reason)
                {
                    cut.push(exchange);
                }
            }
        }
        cut
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: u64) -> Option<MutexGuard<'_, HashMap<u64, Arc<Exchange>>>> {
        let place = usize::try_from(key).unwrap_or_default() % SHARDS;
        self.shards.get(place).map(lock)
    }
}

/// A shard is only ever inserted into and removed from: after a panic elsewhere it is as good as before.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exchange {
    fn end(&self, reason: Reason) -> bool {
        let first = self.why.set(reason).is_ok();
        self.cut.cancel();
        first
    }

    /// Why it was cut, if it was.
    pub fn why(&self) -> Option<Reason> {
        self.why.get().copied()
    }
}

impl Open {
    /// The exchange.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.exchange.cut.is_cancelled()
    }

    /// Ends when the exchange is cut.
    pub fn cut(&self) -> WaitForCancellationFutureOwned {
        self.exchange.cut.clone().cancelled_owned()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut shard) = self.table.shard(self.key) {
            shard.remove(&self.key);
        }
    }
}
