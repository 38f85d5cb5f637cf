//! One open exchange: what it was admitted for, whether it was cut, and how fast its reader is.

use std::any::Any;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::connection::AbortHandle;
use crate::refusal::Reason;

/// What an exchange was admitted for: everything that its admission went by, so that it can be admitted again.
pub trait Subject: Any + Debug + Send + Sync {
    /// The user's id, for the log; empty where there is none.
    fn user(&self) -> &str;

    /// The add-on that it goes to or comes from, for the log; empty where there is none.
    fn addon(&self) -> &str;
}

/// A request and its answer, from the permission to the last byte.
#[derive(Debug)]
pub struct Exchange<S: ?Sized = dyn Subject> {
    abort_handle: AbortHandle,
    cut: CancellationToken,
    why: OnceLock<(Reason, Instant)>,
    /// Odd while the client has a piece of the answer and has not taken all of it.
    turns: AtomicU64,
    seen: Mutex<Option<(u64, Instant)>>,
    begun: Instant,
    /// When the client must have taken the piece that it has, in milliseconds after `begun`; 0 is never.
    due: AtomicU64,
    subject: S,
}

/// Holds an exchange open; dropped, the exchange is over.
#[derive(Debug)]
pub struct Open<S: ?Sized = dyn Subject> {
    exchange: Arc<Exchange<S>>,
    registration: Registration,
}

impl<S> Exchange<S> {
    pub(super) fn new(subject: S, abort_handle: AbortHandle) -> Self {
        Self {
            abort_handle,
            cut: CancellationToken::new(),
            why: OnceLock::new(),
            turns: AtomicU64::new(0),
            seen: Mutex::default(),
            begun: Instant::now(),
            due: AtomicU64::new(0),
            subject,
        }
    }
}

impl Exchange {
    /// What it was admitted for, when it is one of this kind.
    pub fn subject_as<T: Subject>(&self) -> Option<&T> {
        let subject: &dyn Any = &self.subject;
        subject.downcast_ref()
    }

    pub(super) fn abort(&self) {
        self.abort_handle.abort();
    }

    pub(super) fn was_cut_before(&self, moment: Duration) -> bool {
        self.why.get().is_some_and(|(_, at)| at.elapsed() >= moment)
    }

    /// Whether the client has been taking one and the same piece for longer than `patience`, or past the time that was
    /// set for it. Asked now and then.
    pub(super) fn is_stuck(&self, patience: Duration) -> bool {
        let due = self.due.load(Ordering::Relaxed);
        // Relaxed: the answer's task writes and the review reads, and a value that is a beat old is early enough.
        if due != 0 && self.begun.elapsed() > Duration::from_millis(due) {
            return true;
        }
        let turns = self.turns.load(Ordering::Relaxed);
        let mut seen = self.seen.lock();
        match *seen {
            // The same odd number twice is the same piece, not taken in between. A flag would not tell one piece from
            // the next.
            Some((same, since)) if same == turns && turns % 2 == 1 => since.elapsed() > patience,
            _ => {
                *seen = Some((turns, Instant::now()));
                false
            }
        }
    }
}

impl<S: ?Sized> Exchange<S> {
    /// What it was admitted for.
    pub fn subject(&self) -> &S {
        &self.subject
    }

    /// Why it was cut, if it was.
    pub fn why(&self) -> Option<Reason> {
        self.why.get().map(|(reason, _)| *reason)
    }

    pub(super) fn end(&self, reason: Reason) -> bool {
        // The reason before the token: whoever is woken asks for it at once. The first reason stays, and only its
        // cutter logs it.
        let first = self.why.set((reason, Instant::now())).is_ok();
        self.cut.cancel();
        first
    }

    /// Cuts it, since the client takes too little of its answer.
    pub(crate) fn cut_slow_reader(&self) {
        self.end(Reason::SlowReader);
    }

    /// The client must have taken what it has by then.
    pub(crate) fn must_take_by(&self, by: Instant) {
        let due = u64::try_from(by.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX);
        // Zero is "never".
        self.due.store(due.max(1), Ordering::Relaxed);
    }

    /// The client has room for a piece of the answer.
    pub(crate) fn note_poll(&self) {
        self.due.store(0, Ordering::Relaxed);
        self.turn_to(0);
    }

    /// The client has a piece of the answer to take.
    pub(crate) fn note_frame(&self) {
        self.turn_to(1);
    }

    /// Only the answer's own task turns.
    fn turn_to(&self, parity: u64) {
        // Load and store instead of one atomic step: there is a single writer.
        let turns = self.turns.load(Ordering::Relaxed);
        if turns % 2 != parity {
            self.turns.store(turns.wrapping_add(1), Ordering::Relaxed);
        }
    }
}

impl<S: Subject> Open<S> {
    pub(super) fn new(exchange: Arc<Exchange<S>>, registration: Registration) -> Self {
        Self { exchange, registration }
    }

    /// The same, for those who need not know what it was admitted for.
    pub fn of_any(self) -> Open {
        Open { exchange: self.exchange, registration: self.registration }
    }
}

impl<S: ?Sized> Open<S> {
    /// The exchange that this holds open.
    pub fn exchange(&self) -> &Exchange<S> {
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

/// A place on the list, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    list: Arc<dyn List>,
    key: u64,
}

/// The list, as far as an exchange knows of it.
pub(super) trait List: Debug + Send + Sync {
    /// Takes the exchange of this key off.
    fn remove(&self, key: u64);
}

impl Registration {
    pub(super) fn new(list: Arc<dyn List>, key: u64) -> Self {
        Self { list, key }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.list.remove(self.key);
    }
}
