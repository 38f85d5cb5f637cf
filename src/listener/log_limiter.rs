//! A warning that anybody can cause is logged once in a while, with the number of times that it was not.
//!
//! It is asked at each occurrence whether to log it now. It must never let a peer fill the log.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Says at most once in [`PERIOD`] that it is time to speak.
#[derive(Debug, Default)]
pub(crate) struct LogLimiter(Mutex<LimiterState>);

#[derive(Debug, Default)]
struct LimiterState {
    last: Option<Instant>,
    silent: u64,
}

impl LogLimiter {
    /// One more occurrence: `Some` when it should be spoken of, with the number of those since the last word.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock();
        if state.last.is_some_and(|at| now.saturating_duration_since(at) < PERIOD) {
            state.silent = state.silent.saturating_add(1);
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.silent))
    }
}

/// Between two lines of one warning.
const PERIOD: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_once_in_ten_seconds_and_says_how_often_it_was_silent() {
        let log_limiter = LogLimiter::default();
        let start = Instant::now();
        assert_eq!(log_limiter.due(start), Some(0));
        assert_eq!(log_limiter.due(start), None);
        assert_eq!(log_limiter.due(start + PERIOD / 2), None);
        assert_eq!(log_limiter.due(start + PERIOD), Some(2));
    }
}
