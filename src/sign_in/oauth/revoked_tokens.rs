//! Whether Home Assistant has ended the sign-in that a session was made from, by the refresh tokens in its auth file.
//!
//! Says of a session and the file as it is now whether the token is gone. Home Assistant writes a new token to its file
//! a second or so after it was made, so one that was never seen there is not missed at once.

use std::collections::HashSet;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Timestamp;
use crate::home_assistant::AuthFile;
use crate::ids::UserId;

/// The refresh tokens of live sessions that were in the file when it was last looked at.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashSet<String>>);

/// One look at all sessions.
pub(super) struct TokenCheck<'a> {
    file: &'a AuthFile,
    /// Whether the file could be read just now: what is new is not in an old copy.
    is_current: bool,
    now: Timestamp,
    before: HashSet<String>,
    found: HashSet<String>,
}

impl Seen {
    pub(super) fn look<'a>(&self, file: &'a AuthFile, is_current: bool, now: Timestamp) -> TokenCheck<'a> {
        let before = self.0.lock().clone();
        TokenCheck { file, is_current, now, before, found: HashSet::new() }
    }

    /// Keeps what a look has found.
    pub(super) fn keep(&self, look: TokenCheck<'_>) {
        *self.0.lock() = look.found;
    }
}

impl TokenCheck<'_> {
    /// Whether the token of a session of this user, made at this time, is gone, expired, or somebody else's.
    pub(super) fn is_revoked(&mut self, id: &str, user: &UserId, made: Timestamp) -> bool {
        let Some(token) = self.file.refresh_token(id) else {
            // A token that was in the file and is gone was revoked. One that never was there may only be late, unless
            // enough time has passed and the file is a fresh one.
            let late = self.is_current && self.now.saturating_since(made) >= LATEST;
            return late || self.before.contains(id);
        };
        self.found.insert(id.to_owned());
        #[expect(clippy::cast_precision_loss, reason = "a time of today in milliseconds is far below 2^53")]
        let now = self.now.as_millis() as f64 / 1000.0;
        token.user_id != *user || token.expire_at.is_some_and(|end| end <= now)
    }
}

/// How long after a sign-in its token may be missing from the file.
const LATEST: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000 + seconds * 1000)
    }

    /// A file with one token of the user `u1`.
    fn file(id: &str, expire_at: Option<f64>) -> AuthFile {
        let user = serde_json::json!({"id": "u1", "name": null, "is_owner": false, "is_active": true,
            "system_generated": false, "group_ids": []});
        let token = serde_json::json!({"id": id, "user_id": "u1", "token_type": "normal", "client_id": "https://p.test/",
            "access_token_expiration": 1800.0, "token": "t", "jwt_key": "k", "expire_at": expire_at,
            "created_at": "2026-11-22T02:37:24.531936+00:00"});
        let data = serde_json::json!({"users": [user], "groups": [{"id": "system-users"}], "credentials": [],
            "refresh_tokens": [token]});
        AuthFile::parse(serde_json::json!({"version": 1, "data": data}).to_string().as_bytes()).unwrap()
    }

    /// What a look at this file after so many seconds says of a session that was made at zero.
    fn revoked(seen: &Seen, file: &AuthFile, is_current: bool, seconds: u64, user: &str) -> bool {
        let mut look = seen.look(file, is_current, at(seconds));
        let revoked = look.is_revoked("r1", &user.parse().unwrap(), at(0));
        seen.keep(look);
        revoked
    }

    #[test]
    fn a_token_that_was_in_the_file_and_is_gone_is_revoked_at_once() {
        let (with, without) = (file("r1", None), file("r2", None));
        let seen = Seen::default();
        assert!(!revoked(&seen, &with, true, 1, "u1"));
        assert!(revoked(&seen, &without, true, 2, "u1"));
    }

    #[test]
    fn a_new_token_may_be_missing_for_a_minute_and_for_as_long_as_the_file_is_old() {
        let (seen, without) = (Seen::default(), file("r2", None));
        assert!(!revoked(&seen, &without, true, 59, "u1"));
        assert!(!revoked(&seen, &without, false, 600, "u1"));
        assert!(revoked(&seen, &without, true, 60, "u1"), "as after a restart of ours");
    }

    #[test]
    fn a_token_that_is_expired_or_of_somebody_else_counts_as_gone() {
        let seen = Seen::default();
        assert!(!revoked(&seen, &file("r1", Some(1_795_000_002.5)), true, 2, "u1"));
        assert!(revoked(&seen, &file("r1", Some(1_795_000_002.5)), true, 3, "u1"));
        assert!(revoked(&seen, &file("r1", None), true, 3, "u2"));
    }
}
