//! A connection's pulse: what hyper does not time by itself (S-70).
//!
//! hyper times the head of an HTTP/1 request together with the pause before it, by a timer for each, and times nothing
//! else. [`Pulse`] watches the bytes of a connection and says when a head has been under way for too long, when nothing was
//! asked for too long, and when a client has stopped reading its answer: one timer a connection, which is looked at a few
//! times within the shortest limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::abort::Line;

/// What is known of a connection's life.
#[derive(Debug)]
pub(super) struct Pulse {
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
    line: Line,
}

/// When the first request of a connection is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstHead {
    /// The connection may stand idle before it: browsers open some in advance, and the handshake had its deadline.
    WhenAsked,
    /// At once: its head is timed from the accepted connection on. Programs connect when they have something to ask, and
    /// who says nothing must not keep a place.
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

/// The limits that a pulse is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct PulseLimits {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) blocked: Duration,
}

/// A request that is being served, its answer's body and its tunnel included: the connection is not idle while one is.
#[derive(Debug)]
pub struct Serving {
    pulse: Arc<Pulse>,
    line: Line,
}

impl Pulse {
    pub(super) fn new(first_head: FirstHead) -> Arc<Self> {
        let head_since = match first_head {
            FirstHead::WhenAsked => 0,
            FirstHead::AtOnce => 1,
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
            line: Line::default(),
        })
    }

    /// A request has come, with a body on its way behind it or without.
    pub(super) fn serving(self: &Arc<Self>, body: bool) -> Serving {
        self.body.store(body, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        Serving { pulse: Arc::clone(self), line: self.line.clone() }
    }

    /// The line of the whole connection.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// Ends when one of the limits is passed.
    pub(super) async fn passes(&self, limits: PulseLimits) {
        let tick = (limits.head.min(limits.idle).min(limits.blocked) / 4).clamp(SHORTEST_TICK, LONGEST_TICK);
        loop {
            tokio::time::sleep(tick).await;
            let now = self.now();
            let over = |since: &AtomicU64, limit: Duration| {
                let since = since.load(Ordering::Relaxed);
                since != 0 && Duration::from_millis(now.saturating_sub(since)) > limit
            };
            let idle = self.open.load(Ordering::Relaxed) == 0;
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

    /// Whether the last request had a body, some of which may not have been read.
    pub(super) fn had_body(&self) -> bool {
        self.body.load(Ordering::Relaxed)
    }

    /// A head asks for another protocol.
    pub(super) fn asks_to_switch(&self) {
        self.switch.store(Switch::Open as u8, Ordering::Relaxed);
    }

    /// What became of that.
    pub(super) fn switch(&self) -> Switch {
        match self.switch.load(Ordering::Relaxed) {
            made if made == Switch::Made as u8 => Switch::Made,
            open if open == Switch::Open as u8 => Switch::Open,
            _ => Switch::Declined,
        }
    }

    /// The question is answered. Says whether there came something behind it that must
    /// not be read as a head: hyper has those bytes already.
    pub(super) fn answers_switch(&self, answer: Switch) -> bool {
        self.switch.store(answer as u8, Ordering::Relaxed);
        self.bad_behind.load(Ordering::Relaxed)
    }

    /// Behind a question for another protocol came what is no head: where the answer is no, the connection ends with it.
    pub(super) fn must_not_go_on(&self) {
        self.bad_behind.store(true, Ordering::Relaxed);
    }

    /// The peer has sent more frames than its budget.
    pub(super) fn is_flooded(&self) {
        self.flooded.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub(super) fn was_flooded(&self) -> bool {
        self.flooded.load(Ordering::Relaxed)
    }

    pub(super) fn has_read(&self) {
        if self.open.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    pub(super) fn has_written(&self, blocked: bool) {
        match (blocked, self.blocked_since.load(Ordering::Relaxed)) {
            (true, 0) => self.blocked_since.store(self.now(), Ordering::Relaxed),
            (true, _) | (false, 0) => {}
            (false, _) => self.blocked_since.store(0, Ordering::Relaxed),
        }
    }
}

impl Serving {
    /// The same on the line of the stream whose task this is, where there are streams.
    pub(super) fn on_stream(mut self) -> Self {
        if let Some(line) = Line::of_task() {
            self.line = line;
        }
        self
    }

    /// Another holder of the same request.
    pub(crate) fn again(&self) -> Self {
        self.pulse.open.fetch_add(1, Ordering::Relaxed);
        Self { pulse: Arc::clone(&self.pulse), line: self.line.clone() }
    }

    /// The line that the answer goes out on.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.pulse.open.fetch_sub(1, Ordering::Relaxed);
        self.pulse.idle_since.store(self.pulse.now(), Ordering::Relaxed);
    }
}

const SHORTEST_TICK: Duration = Duration::from_millis(50);
const LONGEST_TICK: Duration = Duration::from_secs(1);
