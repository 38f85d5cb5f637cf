//! What is counted of one address, or of one user name from one address, and what follows from it. Pure.
//!
//! A pure function of a tally and the time. Attempts are a GCRA (generic cell rate algorithm): so many at once,
//! refilled evenly over the window. Whoever goes on trying while none is left is banned, for twice as long each time,
//! and every ban ends by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Budget;
use crate::clock::Timestamp;

/// All that is remembered; times in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    /// When all attempts are there again.
    full_again: u64,
    /// Attempts in a row that were made while none was left.
    strikes: u32,
    /// Bans so far.
    bans: u32,
    /// When the last one ends.
    banned_until: u64,
}

/// What an attempt meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be made.
    Allowed,
    /// No attempt is left for this long.
    Wait(Duration),
    /// No attempt may be made for this long. `begun` says that this attempt was the last straw.
    Banned { left: Duration, begun: bool },
}

impl Tally {
    /// Counts an attempt. What is not allowed is not taken off the budget.
    pub(super) fn attempt(mut self, limit: u32, budget: &Budget, now: Timestamp) -> (Self, Verdict) {
        let left = self.ban_left(budget, now);
        if !left.is_zero() {
            return (self, Verdict::Banned { left, begun: false });
        }
        // A budget that is full does not grow: the past is no credit.
        let full_again = Timestamp::from_millis(self.full_again).max(now);
        if self.is_forgotten(budget, now) {
            self.bans = 0;
        }
        // Zero would be divided by, and nobody could ever sign in.
        let limit = limit.max(1);
        let next = full_again.saturating_add(budget.window / limit);
        // With this attempt the budget would be full again at `next`. More than a window from now is more than the
        // budget.
        let wait = next.saturating_since(now).saturating_sub(budget.window);
        if wait.is_zero() {
            self.full_again = next.as_millis();
            // Strikes are in a row: a person who waits as they are told is never banned.
            self.strikes = 0;
            return (self, Verdict::Allowed);
        }
        self.strikes = self.strikes.saturating_add(1);
        if self.strikes < limit {
            return (self, Verdict::Wait(wait));
        }
        // Past 31 bans the shift would overflow, and the longest ban holds anyway.
        let doubled = budget.ban.saturating_mul(1_u32.checked_shl(self.bans).unwrap_or(u32::MAX));
        let left = doubled.min(budget.longest_ban);
        self.strikes = 0;
        self.bans = self.bans.saturating_add(1);
        self.banned_until = now.saturating_add(left).as_millis();
        (self, Verdict::Banned { left, begun: true })
    }

    /// As if one attempt less had been made.
    pub(super) fn given_back(self, limit: u32, budget: &Budget) -> Self {
        let one = u64::try_from((budget.window / limit.max(1)).as_millis()).unwrap_or(u64::MAX);
        Self { full_again: self.full_again.saturating_sub(one), ..self }
    }

    /// How long the ban has left, if there is one: never longer than any ban lasts, wherever the clock has been.
    pub(super) fn ban_left(&self, budget: &Budget, now: Timestamp) -> Duration {
        Timestamp::from_millis(self.banned_until).saturating_since(now).min(budget.longest_ban)
    }

    /// Whether there was a ban that counts when the next one begins.
    pub(super) fn was_banned(&self) -> bool {
        self.bans > 0
    }

    /// When the ban ends.
    pub(super) fn banned_until(&self) -> Timestamp {
        Timestamp::from_millis(self.banned_until)
    }

    /// How long it is worth remembering: until everything is as if nothing had happened.
    pub(super) fn keep(&self, budget: &Budget, now: Timestamp) -> Duration {
        let full_again = Timestamp::from_millis(self.full_again).saturating_since(now).min(budget.window);
        let bans = Timestamp::from_millis(self.banned_until).saturating_add(budget.longest_ban).saturating_since(now);
        full_again.max(bans.min(budget.longest_ban.saturating_mul(2)))
    }

    /// Whether the last ban is so long ago that the next one is a first one.
    fn is_forgotten(&self, budget: &Budget, now: Timestamp) -> bool {
        Timestamp::from_millis(self.banned_until).saturating_add(budget.longest_ban) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const BUDGET: Budget = Budget {
        per_address: 6,
        per_user: 3,
        window: MINUTE,
        ban: Duration::from_mins(5),
        longest_ban: Duration::from_mins(30),
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1000)
    }

    fn tries(tally: &mut Tally, count: usize, now: Timestamp) -> Vec<Verdict> {
        let attempt = |_| {
            let (next, verdict) = tally.attempt(3, &BUDGET, now);
            *tally = next;
            verdict
        };
        (0..count).map(attempt).collect()
    }

    #[test]
    fn attempts_come_back_one_by_one() {
        let mut tally = Tally::default();
        let wait = Verdict::Wait(Duration::from_secs(20));
        assert_eq!(tries(&mut tally, 4, at(0)), [Verdict::Allowed, Verdict::Allowed, Verdict::Allowed, wait]);
        assert_eq!(tries(&mut tally, 1, at(19)), [Verdict::Wait(Duration::from_secs(1))]);
        assert_eq!(tries(&mut tally, 1, at(20)), [Verdict::Allowed]);
        assert_eq!(tries(&mut tally, 3, at(200)), [Verdict::Allowed; 3]);
    }

    #[test]
    fn who_goes_on_is_banned_for_longer_each_time_and_no_longer_than_the_limit() {
        let (mut tally, mut now) = (Tally::default(), at(0));
        let mut lasted = Vec::new();
        for _ in 0..5 {
            let verdicts = tries(&mut tally, 6, now);
            let Verdict::Banned { left, begun: true } = verdicts[5] else { panic!("{verdicts:?}") };
            assert!(!verdicts[..5].iter().any(|verdict| matches!(verdict, Verdict::Banned { .. })), "{verdicts:?}");
            let almost = now.saturating_add(left.saturating_sub(Duration::from_millis(1)));
            assert!(matches!(tries(&mut tally, 1, almost)[..], [Verdict::Banned { begun: false, .. }]));
            now = now.saturating_add(left);
            lasted.push(left.as_secs() / 60);
        }
        assert_eq!(lasted, [5, 10, 20, 30, 30]);
        assert_eq!(tries(&mut tally, 1, now), [Verdict::Allowed], "it ends by itself");
        let later = now.saturating_add(BUDGET.longest_ban);
        let verdicts = tries(&mut tally, 6, later);
        assert_eq!(verdicts[5], Verdict::Banned { left: BUDGET.ban, begun: true }, "and is forgotten");
    }

    #[test]
    fn an_attempt_that_is_given_back_leaves_what_there_was_before() {
        let mut tally = Tally::default();
        for _ in 0..100 {
            assert_eq!(tries(&mut tally, 1, at(0)), [Verdict::Allowed]);
            tally = tally.given_back(3, &BUDGET);
        }
        let wait = Verdict::Wait(Duration::from_secs(20));
        assert_eq!(tries(&mut tally, 4, at(0)), [Verdict::Allowed, Verdict::Allowed, Verdict::Allowed, wait]);
        assert_eq!(tries(&mut tally.given_back(3, &BUDGET), 2, at(0)), [Verdict::Allowed, wait], "one, and no more");
    }

    #[test]
    fn who_waits_is_never_banned() {
        let mut tally = Tally::default();
        for second in 0..1000 {
            let verdicts = tries(&mut tally, 1, at(second * 10));
            assert!(!matches!(verdicts[0], Verdict::Banned { .. }), "{second}: {verdicts:?}");
            if let Verdict::Wait(wait) = verdicts[0] {
                assert!(wait <= Duration::from_secs(20));
            }
        }
    }

    #[test]
    fn a_clock_that_was_wrong_bans_nobody_for_ever() {
        let tally = Tally { banned_until: u64::MAX, bans: u32::MAX, ..Tally::default() };
        assert_eq!(tally.attempt(3, &BUDGET, at(0)).1, Verdict::Banned { left: BUDGET.longest_ban, begun: false });
    }
}
