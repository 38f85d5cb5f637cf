//! Time in which something could happen: the wall clock's, without what a loaded machine kept everybody waiting for.
//!
//! A promise such as "cut within a second" is about the program. A thread of ours that sleeps in short steps notes by
//! how much it overslept each of them; so much later does every thread of this machine get on that waits for another,
//! the program's as well as the test's. That is taken off, so that the bound of a test is the promise itself: on an
//! idle machine nothing is taken off, and who is late there is late.

use std::sync::{Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

/// A moment from which time is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    begun: Instant,
    lag: Duration,
}

impl Stopwatch {
    /// Begins now.
    pub(crate) fn start() -> Self {
        static WATCHDOG: Once = Once::new();
        WATCHDOG.call_once(|| drop(thread::spawn(watch)));
        let begun = Instant::now();
        Self { begun, lag: SEEN.lock().expect("nobody panics here").at(begun) }
    }

    /// The time since then.
    pub(crate) fn elapsed(&self) -> Duration {
        self.until(&Self::start())
    }

    /// The time from then to a later moment; none where that was before.
    pub(crate) fn until(&self, later: &Self) -> Duration {
        let wall = later.begun.saturating_duration_since(self.begun);
        wall.saturating_sub(later.lag.saturating_sub(self.lag))
    }

    /// Panics when more time than this has passed.
    #[track_caller]
    pub(crate) fn assert_within(&self, bound: Duration, what: &str) {
        let (took, wall) = (self.elapsed(), self.begun.elapsed());
        assert!(took < bound, "{what}: after {took:?} and not within {bound:?} ({wall:?} by the clock on the wall)");
    }
}

/// What the watchdog has seen.
struct Seen {
    overslept: Duration,
    /// When it should be awake again.
    due: Option<Instant>,
}

static SEEN: Mutex<Seen> = Mutex::new(Seen { overslept: Duration::ZERO, due: None });

impl Seen {
    /// All that it overslept up to now, the step that it sleeps in included.
    fn at(&self, now: Instant) -> Duration {
        self.overslept + self.due.map_or(Duration::ZERO, |due| now.saturating_duration_since(due))
    }
}

fn watch() {
    loop {
        SEEN.lock().expect("nobody panics here").due = Some(Instant::now() + STEP);
        thread::sleep(STEP);
        let mut seen = SEEN.lock().expect("nobody panics here");
        seen.overslept = seen.at(Instant::now());
        seen.due = None;
    }
}

/// Short beside every bound.
const STEP: Duration = Duration::from_millis(5);
