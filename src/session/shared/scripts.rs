//! What Redis does in one step: the scripts, the names of our keys, and what the answers mean.
//!
//! Every write that depends on what is there is a script, because between a look and a write another node may have
//! ended the session.

use std::time::Duration;

use redis::{Cmd, cmd};

use super::ENDED;
use crate::ids::UserId;
use crate::session::token::SessionDigest;

/// The names of our keys.
#[derive(Debug)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Where the session of this digest stands.
    pub(super) fn session(&self, digest: SessionDigest) -> String {
        format!("{}session:{}", self.prefix, digest.hex())
    }

    /// Where the names of a user's sessions stand.
    pub(super) fn of_user(&self, user: &UserId) -> String {
        format!("{}user:{user}", self.prefix)
    }

    /// What all sessions' keys look like.
    pub(super) fn sessions(&self) -> String {
        format!("{}session:*", self.prefix)
    }

    /// The digest of a key that [`Self::session`] made.
    pub(super) fn digest(&self, key: &str) -> Option<SessionDigest> {
        SessionDigest::from_hex(key.strip_prefix(&self.prefix)?.strip_prefix("session:")?)
    }

    /// The channel on which nodes say which sessions they have ended.
    pub(super) fn channel(&self) -> String {
        format!("{}ended", self.prefix)
    }

    /// Where a node shows that it lives, and finds out that it may write.
    pub(super) fn node(&self, node: &str) -> String {
        format!("{}node:{node}", self.prefix)
    }

    /// Where something else than a session stands.
    pub(super) fn note(&self, name: &str) -> String {
        format!("{}note:{name}", self.prefix)
    }

    /// What the keys of all notes look like.
    pub(super) fn shared_kv(&self) -> String {
        format!("{}note:*", self.prefix)
    }

    /// Where what is under way lies.
    pub(super) fn sealed_blob(&self, name: &[u8; 32]) -> String {
        format!("{}parcel:{}", self.prefix, SessionDigest(*name).hex())
    }

    /// Where something lies that is sealed and stays.
    pub(super) fn sealed_note(&self, name: &[u8; 32]) -> String {
        format!("{}sealed:{}", self.prefix, SessionDigest(*name).hex())
    }

    /// The name of a note's key.
    pub(super) fn note_name<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&self.prefix)?.strip_prefix("note:")
    }
}

/// What became of an entry that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is there, or one that was seen later.
    Kept,
    /// There is no entry any more, and a sighting does not make one.
    Gone,
    /// The session was ended.
    Ended,
    /// There is one that was changed since, and it stays.
    Newer,
}

impl Stored {
    pub(super) fn of(answer: i64) -> Self {
        match answer {
            0 => Self::Kept,
            1 => Self::Gone,
            3 => Self::Newer,
            // An unknown answer counts as the worst.
            _ => Self::Ended,
        }
    }
}

/// What becomes of an entry that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storing {
    /// It is made.
    Create,
    /// It stays away: another node has ended the session.
    Update,
    /// The same, and the entry that is there must be an older revision: what is written now was not seen, but changed.
    Change,
}

impl Storing {
    /// As the script is told it.
    const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Change => "change",
        }
    }
}

/// An entry that is to be stored.
pub(super) struct SharedEntry<'a> {
    pub(super) digest: SessionDigest,
    /// What stands in it.
    pub(super) bytes: &'a [u8],
    /// How long it is kept, in milliseconds.
    pub(super) keep: u64,
    /// Whether it may be the first one.
    pub(super) storing: Storing,
    /// How often the session was changed, other than by being seen.
    pub(super) revision: u64,
}

/// Stores an entry, and its name in the set of its user's, which is kept for `keep_set` milliseconds.
pub(super) fn store(names: &Names, user: &UserId, entry: &SharedEntry<'_>, keep_set: u64) -> Cmd {
    let mut command = cmd("EVAL");
    // Every key that a script touches is passed as a key: Redis's access rules and clusters go by those.
    command.arg(STORE).arg(2).arg(names.session(entry.digest)).arg(names.of_user(user));
    command.arg(entry.bytes).arg(entry.keep).arg(entry.storing.word()).arg(ENDED);
    command.arg(entry.digest.hex()).arg(keep_set).arg(entry.revision);
    command
}

/// Ends a session for all nodes, and tells them. Deleting comes first: that is what a full Redis still does.
pub(super) fn end(key: &str, digest: SessionDigest, channel: &str, millis: u64) -> Cmd {
    script(END, key).arg(ENDED).arg(millis).arg(channel).arg(digest.hex()).to_owned()
}

/// A note, and what it is to say instead of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name: letters, digits, `:` and `-`.
    pub name: String,
    /// What it must say for the change to be made; nothing is that there must be none.
    pub old: Option<Vec<u8>>,
    /// What it says afterwards; nothing takes it away.
    pub new: Option<Vec<u8>>,
    /// How long it is kept.
    pub keep: Duration,
}

/// Replaces notes, all or none: none when one of them is not what it was expected to be any more.
pub(super) fn replace(keys: &[String], changes: &[Change]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(REPLACE).arg(keys.len()).arg(keys);
    for Change { old, new, keep, .. } in changes {
        // Redis refuses a time to live of nothing.
        let millis = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).max(1);
        let given = |value: &Option<Vec<u8>>| u8::from(value.is_some());
        command.arg(given(old)).arg(old.as_deref().unwrap_or_default());
        command.arg(given(new)).arg(new.as_deref().unwrap_or_default()).arg(millis);
    }
    command
}

/// Puts down what is under way.
pub(super) fn put(key: &str, sealed: &[u8], keep: Duration) -> Cmd {
    let mut command = cmd("SET");
    command.arg(key).arg(sealed).arg("PX").arg(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).max(1));
    command
}

/// Takes it up, so that nobody else does. `GETDEL` would do, from Redis 6.2 on.
pub(super) fn take(key: &str) -> Cmd {
    script(TAKE, key)
}

/// Ends a session whose entry is still the very one that was found to be over.
pub(super) fn end_if_unchanged(key: &str, entry: &[u8], millis: u64) -> Cmd {
    script(END_IF_UNCHANGED, key).arg(entry).arg(ENDED).arg(millis).to_owned()
}

fn script(text: &str, key: &str) -> Cmd {
    // The whole text each time: EVALSHA fails on a Redis that was restarted, and these scripts are short.
    let mut command = cmd("EVAL");
    command.arg(text).arg(1).arg(key);
    command
}

/// Times of sighting are compared as text of one length (see `entry`). The revision is the end of a record that has one
/// (see `record`); of all others it is 0.
const STORE: &str = "
local old = redis.call('GET', KEYS[1])
if old == ARGV[4] then return 2 end
if not old and ARGV[3] ~= 'create' then return 1 end
if old then
  local there = tonumber(string.match(old, '\"revision\":(%d+)}}$') or '0')
  local mine = tonumber(ARGV[7])
  if there > mine or there == mine and ARGV[3] == 'change' then return 3 end
  if there == mine and string.sub(old, 1, 16) > string.sub(ARGV[1], 1, 16) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SADD', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return 0";

const END: &str = "
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[3], ARGV[4])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0";

const END_IF_UNCHANGED: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 1 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 0";

const TAKE: &str = "
local there = redis.call('GET', KEYS[1])
if there then redis.call('DEL', KEYS[1]) end
return there";

const REPLACE: &str = "
for i = 1, #KEYS do
  local old = redis.call('GET', KEYS[i])
  local at = (i - 1) * 5
  if (ARGV[at + 1] == '1') ~= (old ~= false) then return 0 end
  if old and old ~= ARGV[at + 2] then return 0 end
end
for i = 1, #KEYS do
  local at = (i - 1) * 5
  if ARGV[at + 3] == '1' then redis.call('SET', KEYS[i], ARGV[at + 4], 'PX', ARGV[at + 5])
  else redis.call('DEL', KEYS[i]) end
end
return 1";
