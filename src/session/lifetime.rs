//! How long a session lives: pure arithmetic on times that the caller passes in.
//!
//! Three times and the two limits give a [`SessionState`]. The end is worked out anew each time from when the session
//! was made and when it was last seen, never by adding to an earlier end (S-81), and nothing wraps.
//!
//! # When the clock goes back
//! A machine without a battery for its clock starts with a time that lies behind, and is put right a moment later. A
//! session that was made or seen in what is now the future has no known age. It is refused for as long as that is so
//! ([`SessionState::Ahead`]), and kept: it is good again once the clock has caught up, within the limits that it always
//! had. So no step of the clock lends a session more than [`SKEW`] beyond its absolute limit. Small steps, as time
//! servers make them, are within `SKEW` and change nothing.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::connection::EntryPoint;

/// How long sessions live: without being seen, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// How long it lives without being seen.
    pub idle: Duration,
    /// How long it lives at most.
    pub absolute: Duration,
}

/// The limits of sessions that end with the browser, and of those that are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AllLifetimes {
    pub(super) ordinary: Lifetimes,
    pub(super) remembered: Lifetimes,
}

impl AllLifetimes {
    /// The longest that any session may live.
    #[cfg(feature = "redis-store")]
    pub(super) fn longest(self) -> Duration {
        self.ordinary.absolute.max(self.remembered.absolute)
    }
}

/// What a session is at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// It counts at this moment.
    Live,
    /// One of the two limits is reached: it is over for good.
    Expired,
    /// It was made or seen in the future: it does not count until the clock has caught up.
    Ahead,
}

impl Lifetimes {
    /// The moment at which the session ends unless it is seen before: the earlier of the two limits.
    pub fn end(self, created: Timestamp, last_seen: Timestamp) -> Timestamp {
        last_seen.saturating_add(self.idle).min(created.saturating_add(self.absolute))
    }

    /// The limits at this entry point. Those of Home Assistant's idle for 15 minutes, as with its Supervisor, whose
    /// pages ask once a minute; but never longer than others, and to the same absolute limit (docs/design/supervisor.md
    /// sections 1.4 and 10.1).
    #[must_use]
    pub fn at(self, entry_point: EntryPoint) -> Self {
        match entry_point {
            EntryPoint::Browsers => self,
            EntryPoint::HomeAssistant => Self { idle: self.idle.min(HOME_ASSISTANTS_IDLE), ..self },
        }
    }

    /// What the session is now.
    pub fn state(self, created: Timestamp, last_seen: Timestamp, now: Timestamp) -> SessionState {
        // Expiry first: what is past a limit is over, even when its other time lies in the future.
        if now >= self.end(created, last_seen) {
            SessionState::Expired
        } else if created.max(last_seen) > now.saturating_add(SKEW) {
            SessionState::Ahead
        } else {
            SessionState::Live
        }
    }
}

/// As with Home Assistant's own Supervisor.
const HOME_ASSISTANTS_IDLE: Duration = Duration::from_mins(15);

/// How far in the future a session may have been made or seen and still count.
pub const SKEW: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Lifetimes = Lifetimes { idle: Duration::from_mins(30), absolute: Duration::from_hours(12) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_last_millisecond_counts_and_the_next_does_not() {
        let last = Timestamp::from_millis(1_800_000 - 1);
        assert_eq!(LIMITS.state(at(0), at(0), last), SessionState::Live);
        assert_eq!(LIMITS.state(at(0), at(0), at(1800)), SessionState::Expired);
    }

    /// Cases 3, 11 and 12: 15 minutes from the last sighting, and not one more for each.
    #[test]
    fn at_home_assistants_door_a_session_idles_for_a_quarter_of_an_hour() {
        let limits = LIMITS.at(EntryPoint::HomeAssistant);
        assert_eq!(limits.end(at(0), at(0)), at(900));
        assert_eq!(limits.end(at(0), at(60)), at(960));
        assert_eq!(limits.state(at(0), at(0), at(20 * 60)), SessionState::Expired);
        assert_eq!(limits.end(at(0), at(43_199)), at(43_200), "the absolute limit holds");
        let strict = Lifetimes { idle: Duration::from_mins(5), ..LIMITS };
        assert_eq!(strict.at(EntryPoint::HomeAssistant), strict);
        assert_eq!(LIMITS.at(EntryPoint::Browsers), LIMITS);
    }

    #[test]
    fn being_seen_does_not_help_beyond_the_absolute_limit() {
        assert_eq!(LIMITS.end(at(0), at(43_199)), at(43_200));
        assert_eq!(LIMITS.state(at(0), at(43_199), at(43_200)), SessionState::Expired);
    }

    #[test]
    fn after_the_clock_went_back_a_session_is_refused_until_it_has_caught_up() {
        let (created, seen) = (at(100_000), at(101_000));
        assert_eq!(LIMITS.state(created, seen, at(90_000)), SessionState::Ahead);
        assert_eq!(LIMITS.state(created, seen, at(101_000 - 61)), SessionState::Ahead);
        assert_eq!(LIMITS.state(created, seen, at(101_000 - 60)), SessionState::Live);
        assert_eq!(LIMITS.state(created, seen, at(143_200)), SessionState::Expired);
    }

    #[test]
    fn a_session_from_the_year_9999_never_counts() {
        let far = Timestamp::from_millis(253_402_300_799_000);
        assert_eq!(LIMITS.state(far, far, at(1_800_000_000)), SessionState::Ahead);
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(LIMITS.state(end, end, at(1_800_000_000)), SessionState::Ahead);
        assert_eq!(LIMITS.state(end, end, end), SessionState::Expired);
    }

    proptest! {
        #[test]
        fn a_live_session_is_within_both_limits(
            created: u64, seen: u64, now: u64, idle in 0..=u64::MAX, absolute in 0..=u64::MAX,
        ) {
            let limits = Lifetimes { idle: Duration::from_millis(idle), absolute: Duration::from_millis(absolute) };
            let [made, seen_at, at] = [created, seen, now].map(Timestamp::from_millis);
            if limits.state(made, seen_at, at) == SessionState::Live {
                prop_assert!(u128::from(now) < u128::from(created) + u128::from(absolute));
                prop_assert!(u128::from(now) < u128::from(seen) + u128::from(idle));
                prop_assert!(u128::from(created.max(seen)) <= u128::from(now) + SKEW.as_millis());
            }
        }

        #[test]
        fn no_row_of_sightings_moves_the_end_past_either_limit(
            created in 0..1_000_000_u64, steps in proptest::collection::vec(0..5000_u64, 0..200),
        ) {
            let limits = Lifetimes { idle: Duration::from_millis(1800), absolute: Duration::from_millis(43_200) };
            let mut seen = created;
            for step in steps {
                seen = seen.saturating_add(step);
                let end = limits.end(Timestamp::from_millis(created), Timestamp::from_millis(seen)).as_millis();
                prop_assert!(end <= seen + 1800 && end <= created + 43_200);
            }
        }
    }
}
