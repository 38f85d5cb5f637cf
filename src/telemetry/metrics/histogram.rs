//! A histogram of durations without a lock: prometheus-client's own takes one for every observation.
//!
//! While it is read, an observation may be in its bucket and not yet in the sum; the count always agrees with the
//! buckets.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

use super::traffic::{BOUNDS, BUCKETS, Durations};

/// Durations by bucket; cloning gives a handle to the same buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct DurationHistogram(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    sum_micros: AtomicU64,
}

impl DurationHistogram {
    pub(super) fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().zip(&self.0.counts).find(|((bound, _), _)| micros <= *bound);
        bucket.map_or(&self.0.beyond, |(_, count)| count).fetch_add(1, Ordering::Relaxed);
        self.0.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was observed since the start.
    pub(super) fn durations(&self) -> Durations {
        let mut counts = [0; BUCKETS];
        for (to, from) in counts.iter_mut().zip(self.0.counts.iter().chain([&self.0.beyond])) {
            *to = from.load(Ordering::Relaxed);
        }
        Durations::new(counts)
    }
}

impl TypedMetric for DurationHistogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for DurationHistogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counted = BOUNDS.iter().zip(&self.0.counts).map(|((_, seconds), count)| (*seconds, load(count)));
        let buckets: Vec<_> = counted.chain([(f64::INFINITY, load(&self.0.beyond))]).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_micros(load(&self.0.sum_micros)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
