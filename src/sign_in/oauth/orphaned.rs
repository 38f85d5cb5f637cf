//! Which sessions nobody follows, where proxies share a store and Home Assistant's API is all there is.
//!
//! A session that Home Assistant's page made is followed by the proxy that made it, over a WebSocket; that proxy says
//! so in the store, again and again. A session that nothing was said of for a while is an orphan: its proxy is gone,
//! and no other would hear when Home Assistant ends it.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Timestamp;
use crate::session::SessionDigest;

/// Since when nothing was said of a session.
#[derive(Debug, Default)]
pub(super) struct OrphanedSessions(Mutex<HashMap<SessionDigest, Timestamp>>);

impl OrphanedSessions {
    /// Those that nothing has been said of for too long. Each comes with whether something is said of it now.
    pub(super) fn look(&self, sessions: &[(SessionDigest, bool)], now: Timestamp) -> Vec<SessionDigest> {
        let mut silent = self.0.lock();
        // Rebuilt at each look, so that sessions that have ended, or are followed again, leave the list.
        let before = std::mem::take(&mut *silent);
        let quiet = sessions.iter().filter(|(_, is_followed)| !is_followed).map(|(digest, _)| *digest);
        // A clock that went back begins the wait anew.
        let since = |digest: &SessionDigest| before.get(digest).copied().filter(|since| *since <= now).unwrap_or(now);
        silent.extend(quiet.map(|digest| (digest, since(&digest))));
        silent
            .iter()
            .filter(|(_, since)| now.saturating_since(**since) >= PATIENCE)
            .map(|(digest, _)| *digest)
            .collect()
    }
}

/// The name of the note that says that a session is followed.
pub(super) fn name(digest: SessionDigest) -> String {
    format!("followed:{}", digest.hex())
}

/// How long one word holds: it is said again every few seconds.
pub(super) const WORD: Duration = Duration::from_mins(1);

/// How long nothing may be said of a session: a Redis that lost its memory is told anew within that.
const PATIENCE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionToken;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1000)
    }

    #[test]
    fn a_session_is_forsaken_when_nothing_was_said_of_it_for_a_minute() {
        let (orphaned, [one, other]) = (OrphanedSessions::default(), [(); 2].map(|()| SessionToken::random().digest()));
        assert!(orphaned.look(&[(one, false), (other, true)], at(0)).is_empty());
        assert!(orphaned.look(&[(one, false), (other, false)], at(59)).is_empty());
        assert_eq!(orphaned.look(&[(one, false), (other, true)], at(60)), [one]);
        assert!(orphaned.look(&[(other, false)], at(119)).is_empty(), "somebody spoke meanwhile");
        assert_eq!(orphaned.look(&[(other, false)], at(179)), [other]);
        assert!(orphaned.look(&[(other, false)], at(100)).is_empty(), "the clock went back");
        assert!(orphaned.look(&[(one, false)], at(500)).is_empty(), "who was not there is looked at anew");
    }
}
