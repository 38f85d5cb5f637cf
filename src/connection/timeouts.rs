//! The timeouts of a connection that hyper does not have (S-70).
//!
//! hyper times the head of an HTTP/1 request together with the pause before it, by a timer for each, and times nothing
//! else. [`IoTimeouts`] watches the bytes of a connection and says when a head has been under way for too long, when
//! nothing was asked for too long, and when a client has stopped reading its answer: one timer a connection, which is
//! looked at a few times within the shortest limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::abort::AbortHandle;

/// What is known of a connection's life.
#[derive(Debug)]
pub(super) struct IoTimeouts {
    start: Instant,
    open: AtomicUsize,
    // Milliseconds after `start`, plus one; zero is "not now".
    head_since: AtomicU64,
    idle_since: AtomicU64,
    blocked_since: AtomicU64,
    body: AtomicBool,
    switch: AtomicU8,
    bad_behind: AtomicBool,
    flooded: AtomicBool,
    abort_handle: AbortHandle,
}

/// When the first request of a connection is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstRequest {
    /// The connection may stand idle before it: browsers open some in advance, and the handshake had its deadline.
    WhenAsked,
    /// At once: its head is timed from the accepted connection on. Programs connect when they have something to ask,
    /// and who says nothing must not keep a place.
    AtOnce,
}

/// What became of a question for another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    /// It is not answered yet.
    Open,
    /// The connection speaks HTTP as before.
    Declined,
    /// What follows is the other protocol's.
    Made,
}

/// The limits of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct IoLimits {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) blocked: Duration,
}

/// A request that is being served, its answer's body and its tunnel included: the connection is not idle while one is.
#[derive(Debug)]
pub struct InFlightGuard {
    timeouts: Arc<IoTimeouts>,
    abort_handle: AbortHandle,
}

impl IoTimeouts {
    pub(super) fn new(first_request: FirstRequest) -> Arc<Self> {
        // `now` is never zero, so that zero can say "not now" without a lock or an `Option`.
        let head_since = match first_request {
            FirstRequest::WhenAsked => 0,
            FirstRequest::AtOnce => 1,
        };
        Arc::new(Self {
            start: Instant::now(),
            open: AtomicUsize::new(0),
            head_since: AtomicU64::new(head_since),
            idle_since: AtomicU64::new(1),
            blocked_since: AtomicU64::new(0),
            body: AtomicBool::new(false),
            switch: AtomicU8::new(Switch::Declined as u8),
            bad_behind: AtomicBool::new(false),
            flooded: AtomicBool::new(false),
            abort_handle: AbortHandle::default(),
        })
    }

    /// A request has come, with a body on its way behind it or without.
    pub(super) fn serving(self: &Arc<Self>, body: bool) -> InFlightGuard {
        self.body.store(body, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        // The head is complete; the next one is timed from its own first byte.
        self.head_since.store(0, Ordering::Relaxed);
        InFlightGuard { timeouts: Arc::clone(self), abort_handle: self.abort_handle.clone() }
    }

    /// The abort handle of the whole connection.
    pub(super) fn abort_handle(&self) -> &AbortHandle {
        &self.abort_handle
    }

    /// Ends when one of the limits is passed.
    pub(super) async fn passes(&self, limits: IoLimits) {
        let tick = (limits.head.min(limits.idle).min(limits.blocked) / 4).clamp(SHORTEST_TICK, LONGEST_TICK);
        loop {
            tokio::time::sleep(tick).await;
            let now = self.now();
            // Relaxed throughout: each time is judged by itself, and an update that is missed is seen a tick later.
            let over = |since: &AtomicU64, limit: Duration| {
                let since = since.load(Ordering::Relaxed);
                since != 0 && Duration::from_millis(now.saturating_sub(since)) > limit
            };
            // While a request is open only its reader is timed here: uploads and answers have limits of their own
            // elsewhere.
            // Acquire, with the `Release` in `drop`: whoever sees that nothing is open also sees since when.
            let idle = self.open.load(Ordering::Acquire) == 0;
            if over(&self.blocked_since, limits.blocked)
                || idle && (over(&self.head_since, limits.head) || over(&self.idle_since, limits.idle))
            {
                return;
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// Whether the last request had a body. Some of it may not have been read.
    pub(super) fn had_body(&self) -> bool {
        self.body.load(Ordering::Relaxed)
    }

    /// A head has asked for another protocol, and is not answered yet.
    pub(super) fn asks_to_switch(&self) {
        self.switch.store(Switch::Open as u8, Ordering::Relaxed);
    }

    /// What became of the last head that asked for another protocol.
    pub(super) fn switch(&self) -> Switch {
        match self.switch.load(Ordering::Relaxed) {
            made if made == Switch::Made as u8 => Switch::Made,
            open if open == Switch::Open as u8 => Switch::Open,
            _ => Switch::Declined,
        }
    }

    /// The head that asked is answered. Returns whether something came behind it that must not be read as a head, since
    /// hyper has those bytes already.
    pub(super) fn answers_switch(&self, answer: Switch) -> bool {
        self.switch.store(answer as u8, Ordering::Relaxed);
        self.bad_behind.load(Ordering::Relaxed)
    }

    /// What came behind a head that asks for another protocol is no head: where the answer is no, the connection ends
    /// with it.
    pub(super) fn must_not_go_on(&self) {
        self.bad_behind.store(true, Ordering::Relaxed);
    }

    /// The peer has sent more frames than its budget.
    pub(super) fn mark_flooded(&self) {
        self.flooded.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::mark_flooded`] was called.
    pub(super) fn was_flooded(&self) -> bool {
        self.flooded.load(Ordering::Relaxed)
    }

    pub(super) fn note_read(&self) {
        // The first byte alone starts the clock: restarted by every byte, a client that sends one now and then would
        // never be late (Slowloris).
        if self.open.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    pub(super) fn note_write(&self, blocked: bool) {
        match (blocked, self.blocked_since.load(Ordering::Relaxed)) {
            // Timed from the first write that blocked: later ones must not move the limit.
            (true, 0) => self.blocked_since.store(self.now(), Ordering::Relaxed),
            (true, _) | (false, 0) => {}
            (false, _) => self.blocked_since.store(0, Ordering::Relaxed),
        }
    }
}

impl InFlightGuard {
    /// The same with the abort handle of the stream whose task this is, where there are streams.
    pub(super) fn on_stream(mut self) -> Self {
        if let Some(abort_handle) = AbortHandle::of_task() {
            self.abort_handle = abort_handle;
        }
        self
    }

    /// Another holder of the same request.
    pub(crate) fn again(&self) -> Self {
        self.timeouts.open.fetch_add(1, Ordering::Relaxed);
        Self { timeouts: Arc::clone(&self.timeouts), abort_handle: self.abort_handle.clone() }
    }

    /// What aborts the answer.
    pub(crate) fn abort_handle(&self) -> &AbortHandle {
        &self.abort_handle
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        // The time first: whoever sees that nothing is open must not see when it was idle before.
        self.timeouts.idle_since.store(self.timeouts.now(), Ordering::Relaxed);
        self.timeouts.open.fetch_sub(1, Ordering::Release);
    }
}

/// How often the limits are looked at: no timer for each request, and no limit that is passed by much.
const SHORTEST_TICK: Duration = Duration::from_millis(50);
const LONGEST_TICK: Duration = Duration::from_secs(1);
