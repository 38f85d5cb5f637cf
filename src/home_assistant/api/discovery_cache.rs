//! What Home Assistant said of its sign-in last.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// What a Home Assistant can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Discovered {
    pub(super) pkce: bool,
}

/// The last answer.
#[derive(Debug, Default)]
pub(super) struct DiscoveryCache(Mutex<Option<(Instant, Discovered)>>);

impl DiscoveryCache {
    pub(super) fn get(&self) -> Option<Discovered> {
        let known = *self.0.lock();
        known.filter(|(at, _)| at.elapsed() < FRESH).map(|(_, found)| found)
    }

    pub(super) fn set(&self, found: Discovered) {
        *self.0.lock() = Some((Instant::now(), found));
    }
}

/// An upgrade of Home Assistant changes the answer; both versions work for a minute with the one from before.
const FRESH: Duration = Duration::from_mins(1);
