//! What is done for sessions once a minute.
//!
//! Sessions that are over leave memory and disk, and the times at which the others were last seen go to disk in one
//! batch. A crash loses at most a minute of those, which makes sessions end earlier, never later.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::lifetime::SessionState;
use super::live::Session;
use super::recently_ended::EndedBy;
use super::sessions::Sessions;
use super::store::Store;

impl Sessions {
    /// Looks after the sessions until `stop`, and stores what is not stored yet before it returns.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let minutes = self.look_after(&stop);
        match &self.store {
            Store::Memory | Store::File(_) => minutes.await,
            #[cfg(feature = "redis-store")]
            // Side by side: both watch `stop`, and each has something to do last.
            Store::Shared(store) => drop(tokio::join!(minutes, store.run(&stop))),
        }
    }

    async fn look_after(&self, stop: &CancellationToken) {
        let mut minute = interval(EVERY);
        // After the machine has slept, one sweep is enough and not one for every minute.
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(minute.tick()).await.is_some() {
            self.sweep().await;
        }
        // Once more at the end, or a restart would forget up to a minute of sightings.
        self.sweep().await;
    }

    /// Ends what is over, and stores it together with the times that have changed.
    async fn sweep(&self) {
        let (lifetimes, now) = (self.lifetimes(), self.clock.now());
        if self.store.is_shared() {
            return self.drop_the_old();
        }
        let mut over = self.table.select(|session| session.state(lifetimes, now) == SessionState::Expired);
        // A parent that ended while its child was being made could not take it along.
        over.extend(self.orphans());
        let over = self.forget(over, EndedBy::Expired);
        let seen = self.table.select(Session::seen_since_stored);
        let digests = over.iter().chain(&seen).map(|session| session.digest()).collect();
        // Even with nothing to store this has the writer see whether its file is still there. What fails it says
        // itself, and goes on trying.
        let _in_memory = self.store.save(digests).await;
    }

    /// This node cannot tell whether another one has seen a session lately. It can tell that a session is past its
    /// absolute limit.
    fn drop_the_old(&self) {
        let (lifetimes, now) = (self.lifetimes(), self.clock.now());
        let old = |session: &Session| session.last_end(lifetimes) <= now;
        self.forget(self.table.select(old), EndedBy::Expired);
    }
}

/// How often: DESIGN section 3 has the time of the last sighting stored at most once a minute.
const EVERY: Duration = Duration::from_mins(1);
