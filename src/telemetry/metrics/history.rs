//! The last hour, minute by minute: what was answered in each.
//!
//! Nothing is counted here. Twice a second the sums of `/metrics` are looked at, and when a minute is over, what has
//! come since its beginning is kept. So a request costs nothing more, and this and `/metrics` cannot differ.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use super::traffic::Traffic;

/// The minutes of the last hour. Times are since the start of the process, so that no clock that is set moves them.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<Minutes>);

#[derive(Debug, Default)]
struct Minutes {
    /// The one that goes on.
    current: u64,
    /// The sums at its beginning.
    at_its_beginning: Traffic,
    /// Those that are over, with their numbers, the oldest first.
    over: VecDeque<(u64, Traffic)>,
}

impl History {
    /// Looks at the sums of this moment.
    pub(super) fn look(&self, since_the_start: Duration, sums: Traffic) {
        self.0.lock().go_on(minute(since_the_start), sums);
    }

    /// The last sixty minutes, the oldest first; the last one goes on. Minutes before the start have nothing in them.
    pub(super) fn last_hour(&self, since_the_start: Duration, sums: Traffic) -> Vec<Traffic> {
        let mut minutes = self.0.lock();
        let now = minute(since_the_start);
        minutes.go_on(now, sums);
        let mut hour = vec![Traffic::default(); KEPT];
        let current = (minutes.current, sums.since(minutes.at_its_beginning));
        for (minute, traffic) in minutes.over.iter().copied().chain([current]) {
            let ago = usize::try_from(now.saturating_sub(minute)).unwrap_or(usize::MAX);
            let place = KEPT.checked_sub(ago.saturating_add(1)).and_then(|place| hour.get_mut(place));
            if let Some(place) = place {
                *place = traffic;
            }
        }
        hour
    }
}

impl Minutes {
    fn go_on(&mut self, now: u64, sums: Traffic) {
        if now <= self.current {
            return;
        }
        self.over.push_back((self.current, sums.since(self.at_its_beginning)));
        if self.over.len() >= KEPT {
            self.over.pop_front();
        }
        (self.current, self.at_its_beginning) = (now, sums);
    }
}

fn minute(since_the_start: Duration) -> u64 {
    since_the_start.as_secs() / 60
}

/// Minutes that are kept.
const KEPT: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(requests: u64) -> Traffic {
        Traffic { requests, ..Traffic::default() }
    }

    fn requests(hour: &[Traffic]) -> Vec<u64> {
        let first = hour.iter().position(|minute| minute.requests > 0).unwrap_or(hour.len());
        hour[first..].iter().map(|minute| minute.requests).collect()
    }

    #[test]
    fn each_minute_has_what_has_come_in_it() {
        let history = History::default();
        history.look(Duration::from_secs(30), sums(5));
        assert_eq!(requests(&history.last_hour(Duration::from_secs(59), sums(7))), [7], "the one that goes on");
        history.look(Duration::from_mins(1), sums(8));
        history.look(Duration::from_secs(90), sums(10));
        // Nobody looked for two minutes, as on a machine that slept.
        let hour = history.last_hour(Duration::from_secs(250), sums(14));
        assert_eq!((hour.len(), requests(&hour)), (60, vec![8, 6, 0, 0, 0]));
        assert_eq!(requests(&history.last_hour(Duration::from_secs(251), sums(15))), [8, 6, 0, 0, 1]);
    }

    #[test]
    fn no_more_than_an_hour_is_kept() {
        let history = History::default();
        for minute in 0..200 {
            history.look(Duration::from_mins(minute), sums(minute * 2));
        }
        let hour = history.last_hour(Duration::from_mins(200), sums(400));
        assert_eq!((hour.len(), history.0.lock().over.len()), (60, 59));
        assert_eq!(hour.iter().map(|minute| minute.requests).sum::<u64>(), 118);
        assert!(history.last_hour(Duration::from_hours(5), sums(400)).iter().all(|minute| minute.requests == 0));
    }
}
