//! The secrets that follow each other in the cookie of a remembered session, and what it means when one is shown.
//!
//! A browser keeps the cookie of a remembered session for months. So a second secret stands in it beside the token, and
//! is replaced once a day. Whoever shows one that was replaced has a copy of the cookie, or the one who brought the
//! newer one has: the session ends. Pure: times and secrets are passed in.
//!
//! # When a secret is replaced
//! An answer that carries a new secret may be lost, and a browser writes its cookies to its disk half a minute late. So
//! the old secret stays good until the new one is shown, and not at once: one that is shown sooner than [`SETTLES`]
//! after it was offered is let in and changes nothing. The first one after that replaces the old one, which is let in
//! for [`GRACE`] more, for requests that were under way. Nothing is lost with a process that dies between these steps:
//! each is on disk before its effect leaves the process, or may be done again.

use std::time::Duration;

use super::token::SessionDigest;
use crate::clock::Timestamp;

/// The secrets of one session, of which only digests are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rotation {
    /// The one that counts.
    pub(super) current: SessionDigest,
    /// Since when.
    pub(super) since: Timestamp,
    /// Those that were offered to take its place, the newest first. None was shown yet, or only a moment later.
    pub(super) offered: Vec<SessionDigest>,
    /// When the newest was offered.
    pub(super) offered_at: Timestamp,
    /// Those whose place `current` has taken.
    pub(super) replaced: Vec<SessionDigest>,
    /// Counts changes: of two states of one session the one with more counts.
    pub(super) revision: u64,
}

/// What it means that a secret is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It is good.
    Good,
    /// It is good, and takes the place of the current one.
    Replaces,
    /// It was replaced, or never given out.
    Reused,
}

/// The kinds of requests whose answers may carry a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A browser goes to a page.
    Navigation,
    /// Any other that only reads.
    Read,
}

impl Rotation {
    /// The first secret of a session.
    pub(super) fn new(current: SessionDigest, now: Timestamp) -> Self {
        Self { current, since: now, offered: Vec::new(), offered_at: now, replaced: Vec::new(), revision: 1 }
    }

    /// What it means that this secret is shown now.
    pub(super) fn shown(&self, secret: SessionDigest, now: Timestamp) -> Shown {
        if secret == self.current {
            Shown::Good
        } else if self.offered.contains(&secret) {
            if now >= self.offered_at.saturating_add(SETTLES) { Shown::Replaces } else { Shown::Good }
        } else if self.replaced.contains(&secret) && now < self.since.saturating_add(GRACE) {
            Shown::Good
        } else {
            Shown::Reused
        }
    }

    /// Whether the answer to a request of this kind, that shows this secret, is to offer a new one.
    pub(super) fn is_due(&self, secret: SessionDigest, carrier: Carrier, now: Timestamp) -> bool {
        let period = match carrier {
            Carrier::Navigation => PERIOD,
            Carrier::Read => LATER,
        };
        // One at a time: a browser that opens many pages at once would get a secret with each, and keep any of them.
        let waits = !self.offered.is_empty() && now < self.offered_at.saturating_add(SETTLES);
        // A browser that shows another one than the current has a newer one already, or is about to.
        secret == self.current && !waits && now >= self.since.saturating_add(period)
    }

    /// With a new secret on offer.
    pub(super) fn offering(&self, secret: SessionDigest, now: Timestamp) -> Self {
        let mut offered = vec![secret];
        // Answers that carried the older ones may have been late and not lost.
        offered.extend(self.offered.iter().copied().take(OFFERED - 1));
        Self { offered, offered_at: now, revision: self.revision.saturating_add(1), ..self.clone() }
    }

    /// With this secret, which was on offer, in the place of the current one.
    pub(super) fn replaced_by(&self, secret: SessionDigest, now: Timestamp) -> Self {
        let others = self.offered.iter().copied().filter(|other| *other != secret);
        Self {
            current: secret,
            since: now,
            replaced: others.chain([self.current]).collect(),
            offered: Vec::new(),
            offered_at: now,
            revision: self.revision.saturating_add(1),
        }
    }
}

/// How old a secret becomes before a new one is offered to a browser that goes to a page.
const PERIOD: Duration = Duration::from_hours(24);
/// The same for other answers: a page that stays open for weeks never goes anywhere. Later, as there are many of those
/// at once.
const LATER: Duration = Duration::from_hours(72);
/// How long a browser has to write a new cookie to its disk. Chromium takes 30 seconds.
const SETTLES: Duration = Duration::from_mins(1);
/// How long a secret that was replaced is let in.
const GRACE: Duration = Duration::from_mins(1);
/// Secrets that are on offer at once, at most.
const OFFERED: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn secret(number: u8) -> SessionDigest {
        SessionDigest([number; 32])
    }

    fn fresh() -> Rotation {
        Rotation::new(secret(1), at(0))
    }

    #[test]
    fn a_new_secret_is_offered_once_a_day_to_whoever_shows_the_current_one() {
        let due = |seconds, carrier| fresh().is_due(secret(1), carrier, at(seconds));
        assert!(!due(24 * HOUR - 1, Carrier::Navigation) && due(24 * HOUR, Carrier::Navigation));
        assert!(!due(72 * HOUR - 1, Carrier::Read) && due(72 * HOUR, Carrier::Read));
        assert!(!fresh().is_due(secret(2), Carrier::Navigation, at(30 * HOUR)));
        let offering = fresh().offering(secret(2), at(24 * HOUR));
        assert!(!offering.is_due(secret(1), Carrier::Navigation, at(24 * HOUR + 59)), "pages that open at once");
        assert!(offering.is_due(secret(1), Carrier::Navigation, at(24 * HOUR + 60)), "the answer was lost");
        assert!(!offering.is_due(secret(2), Carrier::Navigation, at(48 * HOUR)), "not taken up yet");
    }

    #[test]
    fn an_answer_that_is_lost_locks_nobody_out() {
        let lost = fresh().offering(secret(2), at(100));
        assert_eq!(lost.shown(secret(1), at(1_000_000)), Shown::Good);
        let again = lost.offering(secret(3), at(200));
        for shown in [1, 2, 3] {
            assert_eq!(again.shown(secret(shown), at(201)), Shown::Good, "{shown}");
        }
    }

    #[test]
    fn a_browser_that_dies_before_its_cookies_are_on_its_disk_is_let_in_with_the_old_one() {
        let offering = fresh().offering(secret(2), at(100));
        assert_eq!(offering.shown(secret(2), at(159)), Shown::Good);
        assert_eq!(offering.shown(secret(1), at(100_000)), Shown::Good, "the new one was not kept");
        assert_eq!(offering.shown(secret(2), at(160)), Shown::Replaces);
    }

    #[test]
    fn a_secret_that_was_replaced_is_let_in_for_a_minute_and_then_reused() {
        let offering = fresh().offering(secret(2), at(100)).offering(secret(3), at(200));
        let rotated = offering.replaced_by(secret(3), at(300));
        assert_eq!(rotated.shown(secret(3), at(100_000)), Shown::Good);
        for old in [1, 2] {
            assert_eq!(rotated.shown(secret(old), at(359)), Shown::Good, "a request that was under way");
            assert_eq!(rotated.shown(secret(old), at(360)), Shown::Reused);
        }
        assert_eq!(rotated.shown(secret(9), at(300)), Shown::Reused, "never given out");
        let next = rotated.offering(secret(4), at(400)).replaced_by(secret(4), at(500));
        assert_eq!(next.shown(secret(1), at(501)), Shown::Reused, "of long ago");
        assert_eq!(next.revision, 6);
    }

    #[test]
    fn there_are_only_so_many_on_offer() {
        let many = (2..40).fold(fresh(), |rotation, number| rotation.offering(secret(number), at(number.into())));
        assert_eq!(many.offered.len(), OFFERED);
        assert_eq!(many.shown(secret(39), at(40)), Shown::Good);
    }

    #[test]
    fn a_clock_that_goes_back_ends_nothing_and_offers_nothing() {
        let rotated = fresh().offering(secret(2), at(1000)).replaced_by(secret(2), at(2000));
        assert_eq!(rotated.shown(secret(2), at(0)), Shown::Good);
        assert!(!rotated.is_due(secret(2), Carrier::Navigation, at(0)));
    }
}
