//! How often something may be done: the generic cell rate algorithm, by limit and holder.
//!
//! Of each holder one moment is kept, at which all that it has done would be done at the rate. Something more may be
//! done while that moment is no further away than a burst lasts, and moves it by one interval. So a holder that has
//! done nothing for a while takes no memory, whatever the rate is, and no clock has to tick.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use super::holder::Holder;
use super::key::{Key, KnownHash};
use super::limit::Limit;
use crate::ids::RequestRate;

/// A claim to do something once, by a limit on how often a holder may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateClaim {
    key: Key,
    interval: Duration,
    /// How far ahead of the rate a holder may be.
    ahead: Duration,
}

/// It was done too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{}` is reached", .limit.label())]
pub struct TooOften {
    /// The limit that was reached.
    pub limit: Limit,
    /// When once more would be permitted, if nothing else is done meanwhile.
    pub retry_after: Duration,
}

impl RateClaim {
    /// A claim by this limit for this holder, who may do it at this rate, and so often at once.
    pub fn new(limit: Limit, holder: Holder, rate: RequestRate, burst: u32) -> Self {
        let interval = rate.interval();
        Self { key: Key::new(limit, holder), interval, ahead: interval.saturating_mul(burst.saturating_sub(1)) }
    }
}

/// The moments of all holders that are ahead of their rates.
#[derive(Debug, Default)]
pub(super) struct Rates {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug)]
struct Shard {
    due: HashMap<Key, Instant, KnownHash>,
    /// So many holders, and those are looked for that can be forgotten.
    crowded: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { due: HashMap::default(), crowded: FEW }
    }
}

/// Each has a lock of its own, so that requests on different cores seldom wait for each other.
const SHARDS: usize = 32;

/// Not worth looking for what can be forgotten.
const FEW: usize = 64;

impl Rates {
    /// Once by every one of these claims, or by none.
    pub(super) fn spend(&self, claims: &[RateClaim], now: Instant) -> Result<(), TooOften> {
        for (place, claim) in claims.iter().enumerate() {
            if let Err(too_often) = self.spend_one(claim, now) {
                // Refused by one, it counts for none: what others of the same holder did meanwhile stays counted.
                for earlier in claims.iter().take(place) {
                    self.take_back(earlier);
                }
                return Err(too_often);
            }
        }
        Ok(())
    }

    fn spend_one(&self, claim: &RateClaim, now: Instant) -> Result<(), TooOften> {
        let mut shard = self.shard(&claim.key);
        let due = shard.due.get(&claim.key).map_or(now, |due| (*due).max(now));
        // Nobody is further ahead than a whole burst: what was spent at a slow rate of before a reload must not keep
        // them waiting for hours at the new one.
        let furthest = now.checked_add(claim.ahead.saturating_add(claim.interval)).unwrap_or(due);
        if due > furthest {
            shard.note(&claim.key, furthest, now);
        }
        let ahead = due.min(furthest).saturating_duration_since(now);
        if let Some(retry_after) = ahead.checked_sub(claim.ahead).filter(|wait| !wait.is_zero()) {
            return Err(TooOften { limit: claim.key.limit(), retry_after });
        }
        // A moment that no clock can show is never reached: nothing is counted then, and nothing breaks.
        let Some(due) = now.checked_add(ahead.saturating_add(claim.interval)) else { return Ok(()) };
        shard.note(&claim.key, due, now);
        Ok(())
    }

    fn take_back(&self, claim: &RateClaim) {
        let mut shard = self.shard(&claim.key);
        if let Some(due) = shard.due.get_mut(&claim.key) {
            *due = due.checked_sub(claim.interval).unwrap_or(*due);
        }
    }

    /// How many holders are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().due.len()).sum()
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let [first, ..] = &self.shards;
        self.shards.get(key.shard(SHARDS)).unwrap_or(first).lock()
    }
}

impl Shard {
    fn note(&mut self, key: &Key, due: Instant, now: Instant) {
        if let Some(known) = self.due.get_mut(key) {
            *known = due;
            return;
        }
        if self.due.len() >= self.crowded {
            // Who is not ahead of the rate is as good as new. Looked for only when there are twice as many as were left
            // the last time, so that a newcomer costs the same on average however many there are.
            self.due.retain(|_, due| *due > now);
            self.crowded = self.due.len().saturating_mul(2).max(FEW);
        }
        self.due.insert(key.clone(), due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(user: &str, rate: &str, burst: u32) -> RateClaim {
        RateClaim::new(Limit::RatePerUser, Holder::User(user.into()), rate.parse().unwrap(), burst)
    }

    #[test]
    fn a_burst_passes_at_once_and_then_one_each_interval() {
        let (rates, start) = (Rates::default(), Instant::now());
        let mia = [claim("mia", "10/s", 3)];
        for _ in 0..3 {
            assert_eq!(rates.spend(&mia, start), Ok(()));
        }
        let refused = rates.spend(&mia, start).unwrap_err();
        assert_eq!(refused, TooOften { limit: Limit::RatePerUser, retry_after: Duration::from_millis(100) });
        let just_before = start + Duration::from_nanos(99_999_999);
        assert_eq!(rates.spend(&mia, just_before).unwrap_err().retry_after, Duration::from_nanos(1));
        assert_eq!(rates.spend(&mia, start + Duration::from_millis(100)), Ok(()));
        assert!(rates.spend(&mia, start + Duration::from_millis(100)).is_err(), "what is refused costs nothing");
        assert_eq!(rates.spend(&[claim("leo", "10/s", 3)], start), Ok(()), "another user has a rate of their own");
    }

    #[test]
    fn over_a_long_time_there_are_never_more_than_the_rate_and_a_burst() {
        let (rates, start) = (Rates::default(), Instant::now());
        let mia = [claim("mia", "7/s", 5)];
        // Every millisecond of ten seconds.
        let passed = (0..10_000_u64).filter(|at| rates.spend(&mia, start + Duration::from_millis(*at)).is_ok()).count();
        assert!((70..=75).contains(&passed), "{passed}");
    }

    #[test]
    fn who_rests_gets_a_burst_again_and_no_more() {
        let (rates, start) = (Rates::default(), Instant::now());
        let mia = [claim("mia", "1/s", 2)];
        let later = start + Duration::from_hours(1);
        assert!(rates.spend(&mia, start).is_ok() && rates.spend(&mia, later).is_ok());
        assert!(rates.spend(&mia, later).is_ok() && rates.spend(&mia, later).is_err());
    }

    #[test]
    fn what_one_claim_refuses_costs_the_others_nothing() {
        let (rates, start) = (Rates::default(), Instant::now());
        let all = RateClaim::new(Limit::AddonRate, Holder::All, "1/s".parse().unwrap(), 1);
        let both = [claim("mia", "1/h", 1), all.clone()];
        assert!(rates.spend(&[all], start).is_ok());
        assert_eq!(rates.spend(&both, start).unwrap_err().limit, Limit::AddonRate);
        assert!(rates.spend(&both, start + Duration::from_secs(1)).is_ok(), "her one request of this hour was left");
    }

    #[test]
    fn another_rate_counts_from_the_next_request_on() {
        let (rates, start) = (Rates::default(), Instant::now());
        assert!(rates.spend(&[claim("mia", "1/h", 1)], start).is_ok());
        assert!(rates.spend(&[claim("mia", "1/h", 1)], start).is_err());
        assert!(rates.spend(&[claim("mia", "1/h", 3)], start).is_ok(), "a reload gave her a larger burst");
    }

    #[test]
    fn what_was_spent_at_a_slow_rate_keeps_nobody_waiting_at_a_quick_one() {
        let (rates, start) = (Rates::default(), Instant::now());
        for _ in 0..100 {
            assert!(rates.spend(&[claim("mia", "1/h", 100)], start).is_ok());
        }
        let refused = rates.spend(&[claim("mia", "10/s", 10)], start).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_millis(100));
        let later = start + Duration::from_millis(100);
        assert!(rates.spend(&[claim("mia", "10/s", 10)], later).is_ok(), "as if she had just spent a whole burst");
        assert!(rates.spend(&[claim("mia", "10/s", 10)], later).is_err());
    }

    #[test]
    fn who_is_not_ahead_is_forgotten() {
        let (rates, start) = (Rates::default(), Instant::now());
        for second in 0..100_u64 {
            for user in 0..200 {
                let user = format!("{second} {user}");
                assert!(rates.spend(&[claim(&user, "1/s", 1)], start + Duration::from_secs(2 * second)).is_ok());
            }
        }
        assert!(rates.len() <= SHARDS * FEW, "{} of 20000 are remembered", rates.len());
    }

    #[test]
    fn users_on_many_threads_get_their_burst_and_not_one_more() {
        let (rates, start) = (Rates::default(), Instant::now());
        let passed: usize = std::thread::scope(|scope| {
            let ask = || (0..1000).filter(|_| rates.spend(&[claim("mia", "1/h", 700)], start).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 700);
    }
}
