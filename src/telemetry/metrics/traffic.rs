//! What was answered between two moments, or since the start: how much, how much of it was an error, and how long it
//! took.

use std::time::Duration;

/// Answers, by what became of them. They are the numbers of `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// All of them.
    pub requests: u64,
    /// Those with a status of 4xx.
    pub client_errors: u64,
    /// Those with a status of 5xx.
    pub server_errors: u64,
    /// From the end of a request's head to the end of its answer.
    pub durations: Durations,
}

impl Traffic {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            client_errors: self.client_errors.saturating_add(other.client_errors),
            server_errors: self.server_errors.saturating_add(other.server_errors),
            durations: self.durations.by_bucket(other.durations, u64::saturating_add),
        }
    }

    /// What has come since it was `earlier`.
    #[must_use]
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            client_errors: self.client_errors.saturating_sub(earlier.client_errors),
            server_errors: self.server_errors.saturating_sub(earlier.server_errors),
            durations: self.durations.by_bucket(earlier.durations, u64::saturating_sub),
        }
    }
}

/// Durations by bucket of the histogram, the last one without an upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durations([u64; BUCKETS]);

impl Durations {
    pub(super) const fn new(counts: [u64; BUCKETS]) -> Self {
        Self(counts)
    }

    /// How long it took for so many of a thousand, at most: estimated within its bucket, as Prometheus does. Beyond
    /// the last bound it is that bound. Nothing where nothing was observed.
    pub fn quantile(&self, per_mille: u64) -> Option<Duration> {
        let count: u64 = self.0.iter().sum();
        if count == 0 {
            return None;
        }
        let rank = count.saturating_mul(per_mille).div_ceil(1000).clamp(1, count);
        let (mut before, mut lower) = (0_u64, 0_u64);
        for (&(upper, _), &here) in BOUNDS.iter().zip(&self.0) {
            let up_to_here = before.saturating_add(here);
            if rank <= up_to_here {
                let share = upper.saturating_sub(lower).saturating_mul(rank.saturating_sub(before));
                let within = share.checked_div(here).unwrap_or_default();
                return Some(Duration::from_micros(lower.saturating_add(within)));
            }
            (before, lower) = (up_to_here, upper);
        }
        Some(Duration::from_micros(lower))
    }

    fn by_bucket(self, other: Self, combined: impl Fn(u64, u64) -> u64) -> Self {
        let mut counts = self.0;
        for (count, other) in counts.iter_mut().zip(other.0) {
            *count = combined(*count, other);
        }
        Self(counts)
    }
}

/// The upper bound of each bucket, in microseconds and in seconds.
pub(super) const BOUNDS: [(u64, f64); 14] = [
    (500, 0.0005),
    (1_000, 0.001),
    (2_500, 0.0025),
    (5_000, 0.005),
    (10_000, 0.01),
    (25_000, 0.025),
    (50_000, 0.05),
    (100_000, 0.1),
    (250_000, 0.25),
    (500_000, 0.5),
    (1_000_000, 1.0),
    (2_500_000, 2.5),
    (10_000_000, 10.0),
    (60_000_000, 60.0),
];

/// Those with a bound, and the one beyond them.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(in_buckets: &[(usize, u64)]) -> Durations {
        let mut counts = [0; BUCKETS];
        for &(bucket, count) in in_buckets {
            counts[bucket] = count;
        }
        Durations::new(counts)
    }

    #[test]
    fn a_quantile_is_estimated_within_its_bucket() {
        assert_eq!(durations(&[]).quantile(500), None);
        // Ten between 1 and 2.5 ms: the fifth of them is in their middle.
        assert_eq!(durations(&[(2, 10)]).quantile(500), Some(Duration::from_micros(1750)));
        // Ninety-nine at once, one of which nobody knows how long it took.
        let mixed = durations(&[(0, 99), (14, 1)]);
        assert!(mixed.quantile(990).unwrap() <= Duration::from_micros(500));
        assert_eq!(mixed.quantile(999), Some(Duration::from_mins(1)));
    }

    #[test]
    fn what_has_come_since_is_the_difference_and_never_below_nothing() {
        let early = Traffic { requests: 3, client_errors: 1, server_errors: 0, durations: durations(&[(1, 3)]) };
        let late = Traffic { requests: 5, client_errors: 1, server_errors: 1, durations: durations(&[(1, 5)]) };
        let between = Traffic { requests: 2, client_errors: 0, server_errors: 1, durations: durations(&[(1, 2)]) };
        assert_eq!(late.since(early), between);
        assert_eq!(early.plus(between), late);
        assert_eq!(early.since(late), Traffic::default());
    }
}
