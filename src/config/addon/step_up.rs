//! `fresh` and `second_factor`, of an add-on and of its rules: what its user must have proved, and how lately.

use std::time::Duration;

use crate::config::raw::section::Key;
use crate::config::raw::shape::TimeText;
use crate::config::resolve::context::{Context, flag};

/// What a user must have proved beside being signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepUp {
    /// They have signed in, whole, within this time.
    pub fresh: Option<Duration>,
    /// They have shown a second factor with that.
    pub second_factor: bool,
}

impl StepUp {
    /// The least and the most that `fresh` may be: with less nobody would get back to what they asked for.
    pub const BOUNDS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_hours(30 * 24));

    /// Reads both keys.
    pub(super) fn resolve(fresh: &Key<TimeText>, second_factor: &Key<bool>, cx: &mut Context<'_>) -> Self {
        let (least, most) = Self::BOUNDS;
        // A wrong value is reported, and is never less than was meant.
        let fresh = match fresh {
            Key::Absent => None,
            Key::Given(_) | Key::Wrong => Some(cx.time(fresh, Duration::from_mins(5), least..=most)),
        };
        Self { fresh, second_factor: flag(second_factor, matches!(second_factor, Key::Wrong)) }
    }

    /// Whether nothing is asked for.
    pub fn is_nothing(&self) -> bool {
        self.fresh.is_none() && !self.second_factor
    }

    /// What satisfies both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let fresh = match (self.fresh, other.fresh) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { fresh, second_factor: self.second_factor || other.second_factor }
    }
}
