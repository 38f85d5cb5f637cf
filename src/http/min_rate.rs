//! The least rate of a body: bytes within the time that was spent waiting for the client.
//!
//! It is told when the client is waited for and when bytes move, and says whether the client is too slow. Only the
//! client's time counts: an add-on that says nothing, or reads nothing, is not the client's fault.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// How slow a client may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinRate {
    /// The longest wait for one byte.
    pub stall: Duration,
    /// Within this much time of waiting ...
    pub window: Duration,
    /// ... this many bytes must move.
    pub least: u64,
}

/// What one direction of one exchange has done in the window of the moment.
#[derive(Debug)]
pub struct RateMeter {
    min_rate: MinRate,
    waited: Duration,
    moved: u64,
    since: Option<Instant>,
}

/// Whether a client keeps the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// It does, or it is too early to tell.
    Kept,
    /// It moves fewer bytes than it must.
    TooSlow,
}

impl MinRate {
    /// The pace of a client that sends a body.
    pub fn of_upload(limits: &Limits) -> Self {
        Self { stall: limits.body_stall_timeout, window: limits.min_rate_window, least: limits.min_rate_bytes }
    }

    /// The pace of a client that reads an answer.
    pub fn of_answer(limits: &Limits) -> Self {
        Self { stall: limits.unread_timeout, ..Self::of_upload(limits) }
    }

    /// No more than this pause, and no least rate: that of a call that may stand idle.
    pub fn idle(stall: Duration) -> Self {
        Self { stall, window: Duration::MAX, least: 0 }
    }
}

impl RateMeter {
    /// A meter that has seen nothing.
    pub fn new(min_rate: MinRate) -> Self {
        Self { min_rate, waited: Duration::ZERO, moved: 0, since: None }
    }

    /// From here on, if not before, the client is waited for. Returns when that will have been too long, if nothing
    /// moves.
    pub fn waits(&mut self, now: Instant) -> Instant {
        // Kept from the first poll: a wake-up that brings no bytes must not start the wait anew.
        let since = *self.since.get_or_insert(now);
        let left = if self.moved < self.min_rate.least {
            self.min_rate.window.saturating_sub(self.waited)
        } else {
            // With enough bytes in this window already, the next one may pass as well before it is too slow.
            self.min_rate.window.saturating_mul(2).saturating_sub(self.waited)
        };
        let patience = self.min_rate.stall.min(left);
        // An `Instant` cannot hold every duration that a configuration can.
        since.checked_add(patience).unwrap_or_else(|| since + LONG)
    }

    /// The client is no longer waited for, and this many bytes have moved.
    pub fn moves(&mut self, now: Instant, bytes: usize) -> Rate {
        if let Some(since) = self.since.take() {
            self.waited = self.waited.saturating_add(now.saturating_duration_since(since));
        }
        self.moved = self.moved.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        // Only time that was waited counts towards the window, so that a slow add-on does not use up the client's.
        if self.waited < self.min_rate.window {
            return Rate::Kept;
        }
        let kept = self.moved >= self.min_rate.least;
        (self.waited, self.moved) = (Duration::ZERO, 0);
        if kept { Rate::Kept } else { Rate::TooSlow }
    }
}

/// Longer than any exchange goes on.
const LONG: Duration = Duration::from_hours(24 * 365);

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: MinRate = MinRate { stall: Duration::from_mins(1), window: Duration::from_mins(1), least: 1024 };

    fn seconds(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_byte_now_and_then_is_too_slow_at_the_end_of_the_window() {
        let (mut meter, start) = (RateMeter::new(PACE), Instant::now());
        for second in [14, 28, 42, 56] {
            meter.waits(seconds(start, second - 14));
            assert_eq!(meter.moves(seconds(start, second), 1), Rate::Kept);
        }
        assert_eq!(meter.waits(seconds(start, 56)), seconds(start, 60));
        assert_eq!(meter.moves(seconds(start, 70), 1), Rate::TooSlow);
    }

    #[test]
    fn time_in_which_nobody_waits_for_the_client_does_not_count() {
        let (mut meter, start) = (RateMeter::new(PACE), Instant::now());
        for hour in 0..10 {
            meter.waits(seconds(start, hour * 3600));
            assert_eq!(meter.moves(seconds(start, hour * 3600 + 1), 1), Rate::Kept);
        }
    }

    #[test]
    fn a_slow_line_that_keeps_the_rate_may_pause_for_as_long_as_the_stall() {
        let (mut meter, start) = (RateMeter::new(PACE), Instant::now());
        meter.waits(start);
        assert_eq!(meter.moves(seconds(start, 59), 2000), Rate::Kept);
        assert_eq!(meter.waits(seconds(start, 59)), seconds(start, 59 + 60));
        assert_eq!(meter.moves(seconds(start, 110), 1), Rate::Kept, "what came first counts in its window");
        assert_eq!(meter.waits(seconds(start, 110)), seconds(start, 170), "and a new window begins");
    }

    #[test]
    fn a_call_may_stand_idle() {
        let (mut meter, start) = (RateMeter::new(MinRate::idle(Duration::from_hours(24))), Instant::now());
        assert_eq!(meter.waits(start), start + Duration::from_hours(24));
        assert_eq!(meter.moves(start + Duration::from_hours(23), 1), Rate::Kept);
    }
}
