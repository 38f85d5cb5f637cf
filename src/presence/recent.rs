//! What was told a moment ago and is not told again: an attacker shall not fill a phone with notifications.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::clock::Timestamp;

/// What was told, and when; bounded.
#[derive(Debug)]
pub struct Recent<K> {
    told: HashMap<K, Timestamp>,
    again_after: Duration,
}

impl<K: Eq + Hash> Recent<K> {
    /// The same is told again after this time.
    pub fn new(again_after: Duration) -> Self {
        Self { told: HashMap::new(), again_after }
    }

    /// Whether this is to be told now; if so, it counts as told.
    pub fn is_news(&mut self, what: K, now: Timestamp) -> bool {
        let again_after = self.again_after;
        self.told.retain(|_, at| now.saturating_since(*at) < again_after && *at <= now);
        if self.told.contains_key(&what) || self.told.len() >= MOST {
            return false;
        }
        self.told.insert(what, now);
        true
    }
}

/// What is told in the time in all: who attacks from more addresses is in the log.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_and_there_is_an_end_to_what_differs() {
        let (at, mut recent) = (Timestamp::from_millis, Recent::new(Duration::from_secs(1)));
        assert!(recent.is_news(0, at(5_000)) && !recent.is_news(0, at(5_999)) && recent.is_news(0, at(6_000)));
        let told = (1..1000).filter(|what| recent.is_news(*what, at(6_001))).count();
        assert_eq!(told, MOST - 1);
        assert!(recent.is_news(0, at(100)), "a clock that was set back keeps nothing silent");
    }
}
