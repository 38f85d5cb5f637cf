//! What this node knows to have ended: made here or heard from another node.
//!
//! Says whether a session has ended and which ends Redis has not been told. They are remembered for as long as the
//! session could have lived, so that an entry that was read a moment too early, or a Redis that comes back with what it
//! had yesterday, brings nobody back.

use std::collections::HashMap;

use parking_lot::{Mutex, MutexGuard};

use crate::clock::Timestamp;
use crate::session::token::SessionDigest;

/// Whether the Redis that we speak to is the one that we spoke to before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedisRun {
    /// It is, and knows what it knew.
    Same,
    /// It was started anew, and may have lost what it knew.
    Another,
}

#[derive(Debug, Default)]
pub(super) struct Ended(Mutex<HashMap<SessionDigest, Mark>>);

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// No session that was made before this was noted lives longer.
    until: Timestamp,
    /// Whether Redis knows.
    told: bool,
}

impl Ended {
    /// Notes an end that Redis does not know yet.
    pub(super) fn note(&self, digest: SessionDigest, until: Timestamp) {
        self.insert(digest, Mark { until, told: false });
    }

    /// Notes an end that was heard from Redis.
    pub(super) fn heard(&self, digest: SessionDigest, until: Timestamp) {
        self.insert(digest, Mark { until, told: true });
    }

    /// Notes that Redis knows now.
    pub(super) fn told(&self, digests: &[SessionDigest]) {
        let mut marks = self.lock();
        for digest in digests {
            if let Some(mark) = marks.get_mut(digest) {
                mark.told = true;
            }
        }
    }

    pub(super) fn contains(&self, digest: &SessionDigest) -> bool {
        self.lock().contains_key(digest)
    }

    /// Those that Redis does not know; all of them when it may have forgotten what it knew.
    pub(super) fn to_tell(&self, run: RedisRun) -> Vec<(SessionDigest, Timestamp)> {
        let marks = self.lock();
        marks
            .iter()
            .filter(|(_, mark)| run == RedisRun::Another || !mark.told)
            .map(|(digest, mark)| (*digest, mark.until))
            .collect()
    }

    /// Forgets those that could not be alive any more.
    pub(super) fn prune(&self, now: Timestamp) {
        self.lock().retain(|_, mark| mark.until > now);
    }

    fn insert(&self, digest: SessionDigest, mark: Mark) {
        let mut marks = self.lock();
        if marks.len() >= MOST {
            // Redis keeps those that it was told of, and that is the second line; this one is the first.
            marks.retain(|_, mark| !mark.told);
        }
        let noted = marks.entry(digest).or_insert(mark);
        // What Redis was told once stays told, and the longer memory wins: both notes are of one end.
        noted.told |= mark.told;
        noted.until = noted.until.max(mark.until);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionDigest, Mark>> {
        self.0.lock()
    }
}

/// What is remembered at most: some ten megabytes.
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_end_is_told_once_and_to_a_forgetful_redis_again() {
        let (ended, digest) = (Ended::default(), SessionDigest([1; 32]));
        ended.note(digest, at(100));
        assert_eq!(ended.to_tell(RedisRun::Same), [(digest, at(100))]);
        ended.told(&[digest]);
        assert!(ended.to_tell(RedisRun::Same).is_empty() && ended.contains(&digest));
        assert_eq!(ended.to_tell(RedisRun::Another), [(digest, at(100))]);
        ended.prune(at(99));
        assert!(ended.contains(&digest));
        ended.prune(at(100));
        assert!(!ended.contains(&digest));
    }

    #[test]
    fn what_redis_was_told_gives_way_when_there_are_too_many() {
        let ended = Ended::default();
        let numbered = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            SessionDigest(bytes)
        };
        ended.note(numbered(0), at(1));
        (1..MOST).for_each(|number| ended.heard(numbered(number), at(1)));
        ended.heard(numbered(MOST), at(1));
        assert!(ended.contains(&numbered(0)) && ended.contains(&numbered(MOST)) && !ended.contains(&numbered(1)));
    }
}
