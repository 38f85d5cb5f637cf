//! What is known of an add-on's health: from the requests that it answers or does not, and from a probe where one is
//! configured.
//!
//! What became of each attempt to reach the add-on makes its [`Condition`], for operators. No request is refused
//! because of it and none is let through because of it: each finds out for itself (S-21).

mod probe;

pub(super) use probe::{Timetable, ask};

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use prometheus_client::metrics::gauge::Gauge;

use crate::clock::{Clock, Timestamp};
use crate::ids::AddonSlug;

/// Why an add-on counts as down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No connection to it.
    Unreachable,
    /// No answer in time.
    Silent,
    /// It closed the connection, or what it said is not HTTP.
    Broken,
    /// It answered the probe with 5xx.
    Failing,
}

impl Fault {
    const ALL: [Self; 4] = [Self::Unreachable, Self::Silent, Self::Broken, Self::Failing];

    /// The fault in one word, for operators.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Silent => "silent",
            Self::Broken => "broken",
            Self::Failing => "failing",
        }
    }
}

/// How an add-on was when it was last heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It has not been asked anything yet.
    Unknown,
    /// It answers, since this time.
    Up(Timestamp),
    /// Why it counts as down, and since when.
    Down(Fault, Timestamp),
}

/// The health of one add-on.
#[derive(Debug)]
pub(super) struct Health {
    addon: AddonSlug,
    // `UNKNOWN`, `UP`, or `DOWN` plus the place of the fault.
    state: AtomicU8,
    // Milliseconds since 1970.
    since: AtomicU64,
    up: Gauge,
}

const UNKNOWN: u8 = 0;
const UP: u8 = 1;
const DOWN: u8 = 2;

impl Health {
    /// Nothing is known; `up` shows 1 until something is wrong.
    pub(super) fn new(addon: AddonSlug, up: Gauge) -> Self {
        up.set(1);
        Self { addon, state: AtomicU8::new(UNKNOWN), since: AtomicU64::new(0), up }
    }

    /// It answered a request. For nearly all requests this is one look at what is known already.
    pub(super) fn answered(&self) {
        // The probe has asked for more than an answer, and says itself when it gets that.
        if !matches!(self.state.load(Ordering::Relaxed), UP | FAILING) {
            self.becomes(UP);
        }
    }

    /// It answered the probe as it should.
    fn recovered(&self) {
        if self.state.load(Ordering::Relaxed) != UP {
            self.becomes(UP);
        }
    }

    /// It did not answer.
    pub(super) fn failed(&self, fault: Fault) {
        let state = DOWN.saturating_add(fault as u8);
        if self.state.load(Ordering::Relaxed) != state {
            self.becomes(state);
        }
    }

    pub(super) fn condition(&self) -> Condition {
        // Two loads, between which it may change: this is for operators to read, and right at the next look.
        let state = self.state.load(Ordering::Relaxed);
        let since = Timestamp::from_millis(self.since.load(Ordering::Relaxed));
        match (state, fault_of(state)) {
            (UP, _) => Condition::Up(since),
            (_, Some(fault)) => Condition::Down(fault, since),
            _ => Condition::Unknown,
        }
    }

    fn becomes(&self, state: u8) {
        // Of several requests that fail at once, the swap lets one write the line of the log.
        let before = self.state.swap(state, Ordering::Relaxed);
        if before == state {
            return;
        }
        let (was_up, fault) = (fault_of(before).is_none(), fault_of(state));
        // From one fault to another it has been down all the while.
        if was_up != fault.is_none() || before == UNKNOWN {
            self.since.store(Clock::System.now().as_millis(), Ordering::Relaxed);
        }
        self.up.set(i64::from(fault.is_none()));
        let addon = self.addon.as_str();
        match fault {
            Some(fault) if was_up => tracing::warn!(addon, why = fault.label(), "add-on is down"),
            None if !was_up => tracing::info!(addon, "add-on is up again"),
            _ => {}
        }
    }
}

const FAILING: u8 = DOWN + Fault::Failing as u8;

fn fault_of(state: u8) -> Option<Fault> {
    let place = usize::from(state.checked_sub(DOWN)?);
    Fault::ALL.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new("a".parse().unwrap(), Gauge::default())
    }

    #[test]
    fn an_add_on_is_up_until_it_fails_and_down_until_it_answers() {
        let health = health();
        assert_eq!((health.condition(), health.up.get()), (Condition::Unknown, 1));
        for fault in Fault::ALL {
            health.failed(fault);
            assert!(matches!(health.condition(), Condition::Down(found, _) if found == fault), "{fault:?}");
            assert_eq!(health.up.get(), 0);
        }
        health.recovered();
        assert!(matches!(health.condition(), Condition::Up(_)));
        assert_eq!(health.up.get(), 1);
    }

    #[test]
    fn an_answer_to_somebody_else_is_no_answer_to_the_probe() {
        let health = health();
        health.failed(Fault::Failing);
        health.answered();
        assert!(matches!(health.condition(), Condition::Down(Fault::Failing, _)));
        health.failed(Fault::Unreachable);
        health.answered();
        assert!(matches!(health.condition(), Condition::Up(_)));
    }
}
