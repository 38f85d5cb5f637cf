//! What was permitted and still goes on: every open answer, upload and tunnel, looked at again whenever sessions, users
//! or the configuration change, and cut when it may no longer go on (S-99, S-103, S-104).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::access::Decision;
use super::protect::Errand;
use crate::config::AddonSlug;
use crate::http::{ClientAddr, Line};
use crate::identity::UserId;
use crate::refusal::Reason;
use crate::session::Credential;

/// All open exchanges of the process.
#[derive(Debug, Default)]
pub struct OpenExchanges {
    next: AtomicU64,
    shards: [Mutex<HashMap<u64, Arc<Exchange>>>; SHARDS],
}

/// A request and its answer, from the permission to the last byte.
#[derive(Debug)]
pub struct Exchange {
    /// What it is signed in with.
    pub credential: Credential,
    /// Whose it is.
    pub user: UserId,
    /// Where it came from.
    pub client: ClientAddr,
    /// Where it goes.
    pub addon: AddonSlug,
    errand: Errand,
    line: Line,
    cut: CancellationToken,
    why: OnceLock<(Reason, Instant)>,
    /// Odd while the client has a piece of the answer and has not taken all of it.
    turns: AtomicU64,
    seen: Mutex<Option<(u64, Instant)>>,
    begun: Instant,
    /// When the client must have taken the piece that it has, in milliseconds after `begun`; 0 is never.
    due: AtomicU64,
}

/// Holds an exchange open; dropped, the exchange is over.
#[derive(Debug)]
pub struct Open {
    table: Arc<OpenExchanges>,
    key: u64,
    exchange: Arc<Exchange>,
}

const SHARDS: usize = 16;

/// What an answer that was cut gets to end by itself.
const MOMENT: Duration = Duration::from_millis(300);

impl OpenExchanges {
    pub(super) fn begin(
        self: &Arc<Self>,
        credential: Credential,
        user: UserId,
        client: ClientAddr,
        addon: AddonSlug,
        (errand, line): (Errand, Line),
    ) -> Open {
        let exchange = Arc::new(Exchange {
            credential,
            user,
            client,
            addon,
            errand,
            line,
            cut: CancellationToken::new(),
            why: OnceLock::new(),
            turns: AtomicU64::new(0),
            seen: Mutex::default(),
            begun: Instant::now(),
            due: AtomicU64::new(0),
        });
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

    /// Hangs up on clients that have not taken a piece of their answer for longer than `patience`, or that keep an answer
    /// from ending that was cut: hyper asks no body for more that has nowhere to go. Says which were cut by this.
    pub fn hang_up(&self, patience: Duration) -> Vec<Arc<Exchange>> {
        let mut stuck = Vec::new();
        for shard in &self.shards {
            let open: Vec<_> = lock(shard).values().cloned().collect();
            for exchange in open {
                if exchange.was_cut_before(MOMENT) {
                    exchange.line.hang_up();
                } else if exchange.is_stuck(patience) && exchange.end(Reason::SlowReader) {
                    exchange.line.hang_up();
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
        let first = self.why.set((reason, Instant::now())).is_ok();
        self.cut.cancel();
        first
    }

    fn was_cut_before(&self, moment: Duration) -> bool {
        self.why.get().is_some_and(|(_, at)| at.elapsed() >= moment)
    }

    /// Whether the client has been taking one and the same piece for longer than `patience`, or past the time that was set
    /// for it. Asked now and then.
    fn is_stuck(&self, patience: Duration) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        if due != 0 && self.begun.elapsed() > Duration::from_millis(due) {
            return true;
        }
        let turns = self.turns.load(Ordering::Relaxed);
        let mut seen = lock(&self.seen);
        match *seen {
            Some((same, since)) if same == turns && turns % 2 == 1 => since.elapsed() > patience,
            _ => {
                *seen = Some((turns, Instant::now()));
                false
            }
        }
    }

    /// The client has room for a piece of the answer.
    pub(crate) fn is_asked(&self) {
        self.due.store(0, Ordering::Relaxed);
        self.turn_to(0);
    }

    /// The client has a piece of the answer to take.
    pub(crate) fn hands_over(&self) {
        self.turn_to(1);
    }

    /// The client must have taken what it has by then.
    pub(crate) fn must_take_by(&self, by: Instant) {
        let due = u64::try_from(by.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX);
        self.due.store(due.max(1), Ordering::Relaxed);
    }

    /// Only the answer's own task turns.
    fn turn_to(&self, parity: u64) {
        let turns = self.turns.load(Ordering::Relaxed);
        if turns % 2 != parity {
            self.turns.store(turns.wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// Cuts it, since the client takes too little of its answer.
    pub(crate) fn cut_slow_reader(&self) {
        self.end(Reason::SlowReader);
    }

    /// What it wants of its add-on.
    pub fn errand(&self) -> &Errand {
        &self.errand
    }

    /// Why it was cut, if it was.
    pub fn why(&self) -> Option<Reason> {
        self.why.get().map(|(reason, _)| *reason)
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
