//! What the clocks of the configured zone show.
//!
//! The zone's rules are walked through once for each time that its clocks are put forward or back. Between two of
//! these, a request costs a comparison and an addition.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Timestamp;
use crate::ids::{OffsetSpan, TimeZone};

/// A zone, and its offset of the moment.
#[derive(Debug)]
pub(super) struct LocalClock {
    zone: TimeZone,
    span: ArcSwap<OffsetSpan>,
}

/// A minute of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalTime {
    /// Counted from Monday.
    pub(super) day: u8,
    /// Counted from midnight, as the clocks show it.
    pub(super) minute: u16,
}

impl LocalClock {
    pub(super) fn new(zone: TimeZone) -> Self {
        // Nothing is in it, so that the first question looks.
        let nothing = OffsetSpan { from: 0, until: 0, offset: 0 };
        Self { zone, span: ArcSwap::from_pointee(nothing) }
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What the clocks show at this moment.
    pub(super) fn at(&self, at: Timestamp) -> LocalTime {
        let second = i64::try_from(at.as_millis() / 1000).unwrap_or(i64::MAX);
        let mut span = **self.span.load();
        // Both ends are compared: a clock may be set back as well.
        if !(span.from..span.until).contains(&second) {
            span = self.zone.span(second);
            self.span.store(Arc::new(span));
        }
        let minutes = second.saturating_add(span.offset).div_euclid(60);
        let (days, minute) = (minutes.div_euclid(DAY), minutes.rem_euclid(DAY));
        // 1970 began on a Thursday.
        let day = days.saturating_add(3).rem_euclid(7);
        LocalTime {
            day: u8::try_from(day).expect("a remainder of seven"),
            minute: u16::try_from(minute).expect("a remainder of the minutes of a day"),
        }
    }
}

/// Minutes of a day.
const DAY: i64 = 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Hours;

    fn berlin() -> LocalClock {
        LocalClock::new("Europe/Berlin".parse().unwrap())
    }

    /// A moment of UTC, as text.
    fn utc(text: &str) -> Timestamp {
        Timestamp::from_millis(TimeZone::utc().moment(text).unwrap())
    }

    fn within(clock: &LocalClock, hours: &str, at: &str) -> bool {
        let (hours, time) = (hours.parse::<Hours>().unwrap(), clock.at(utc(at)));
        hours.contain(time.day, time.minute)
    }

    #[test]
    fn the_clocks_show_the_day_and_the_minute() {
        let shown = |at: &str| {
            let time = berlin().at(utc(at));
            (time.day, time.minute / 60, time.minute % 60)
        };
        assert_eq!(shown("2026-12-24 19:00"), (3, 20, 0), "a Thursday in winter");
        assert_eq!(shown("2026-07-05 22:30"), (0, 0, 30), "Monday has begun there");
        assert_eq!(LocalClock::new(TimeZone::utc()).at(Timestamp::default()), LocalTime { day: 3, minute: 0 });
        let new_york = LocalClock::new("America/New_York".parse().unwrap());
        assert_eq!(new_york.at(Timestamp::default()), LocalTime { day: 2, minute: 19 * 60 }, "before 1970");
    }

    /// Berlin's clocks go from 2:00 to 3:00 at 01:00 UTC: 02:30 does not exist.
    #[test]
    fn what_the_clocks_skip_in_spring_is_over_or_begun_at_once() {
        let clock = berlin();
        let day = |time: &str| format!("2026-03-29 {time}");
        for (hours, at, expected) in [
            ("1:00-2:30", "00:59:59", true),
            ("1:00-2:30", "01:00", false),
            ("2:30-5:00", "00:59:59", false),
            ("2:30-5:00", "01:00", true),
            ("2:15-2:45", "00:59:59", false),
            ("2:15-2:45", "01:00", false),
            ("22:00-6:00", "03:59:59", true),
            ("22:00-6:00", "04:00", false),
        ] {
            assert_eq!(within(&clock, hours, &day(at)), expected, "{hours} at {at} UTC");
        }
    }

    /// Berlin's clocks go from 3:00 back to 2:00 at 01:00 UTC: 02:30 is there twice.
    #[test]
    fn what_the_clocks_show_twice_in_autumn_counts_twice() {
        let clock = berlin();
        let day = |time: &str| format!("2026-10-25 {time}");
        for (hours, at, expected) in [
            ("2:15-2:45", "00:30", true),
            ("2:15-2:45", "00:45", false),
            ("2:15-2:45", "01:14:59", false),
            ("2:15-2:45", "01:30", true),
            ("2:15-2:45", "01:45", false),
            ("1:00-2:30", "00:29:59", true),
            ("1:00-2:30", "00:30", false),
            ("1:00-2:30", "01:00", true),
            ("1:00-2:30", "01:30", false),
        ] {
            assert_eq!(within(&clock, hours, &day(at)), expected, "{hours} at {at} UTC");
        }
    }

    #[test]
    fn a_clock_that_is_set_forward_or_back_is_believed() {
        let clock = berlin();
        let office = "mon-fri 9:00-17:00";
        for (at, expected) in [
            ("2026-06-01 07:00", true),
            ("2026-12-01 07:00", false),
            ("2026-12-01 08:00", true),
            ("2026-06-01 06:59:59", false),
            ("1999-06-01 07:00", true),
            ("2026-06-01 15:00", false),
        ] {
            assert_eq!(within(&clock, office, at), expected, "{at}");
        }
        // The end of time is some day of the week.
        let _ = clock.at(Timestamp::from_millis(u64::MAX));
    }
}
