//! The tallies of all proxies that share a store: one note for each.
//!
//! Attempts on this node are counted with those on the others. A note is changed only while it still says what was
//! counted from; when another node was quicker, it is counted anew.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::tally::Tally;
use super::{Ban, Budget, Turned, Whose, conclude, judge};
use crate::clock::Timestamp;
use crate::session::{Change, SharedKv, StoreAway};

#[derive(Debug)]
pub(super) struct Shared {
    shared_kv: SharedKv,
    /// One attempt of this node after the other: only other nodes can be quicker.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    key: Key,
    tally: Tally,
}

impl Shared {
    pub(super) fn new(shared_kv: SharedKv) -> Self {
        Self { shared_kv, turn: tokio::sync::Mutex::new(()) }
    }

    pub(super) async fn attempt(&self, keys: [Key; 2], budget: &Budget, now: Timestamp) -> Result<(), Turned> {
        let _turn = self.turn.lock().await;
        let names = keys.each_ref().map(name);
        for _ in 0..TRIES {
            let old = self.shared_kv.read(&names).await.map_err(|StoreAway| Turned::Away)?;
            let mut old = old.into_iter();
            let old = [old.next().flatten(), old.next().flatten()];
            let before = old.each_ref().map(|note| note.as_deref().map_or_else(Tally::default, read));
            let (after, verdicts) = judge(before, budget, now);
            let changes: Vec<_> = keys
                .iter()
                .zip(&names)
                .zip(old)
                .zip(after)
                .map(|(((key, name), old), tally)| Change {
                    name: name.clone(),
                    old,
                    new: serde_json::to_vec(&Note { key: key.clone(), tally }).ok(),
                    keep: tally.keep(budget, now).max(Duration::from_secs(1)),
                })
                .collect();
            // Both notes or none: an attempt that counted for the address alone would let a name be tried once more.
            if self.shared_kv.replace(&changes).await.map_err(|StoreAway| Turned::Away)? {
                return conclude(&keys, verdicts);
            }
        }
        // Several nodes count the same again and again: that is too many attempts.
        Err(Turned::TooMany(Duration::from_secs(1)))
    }

    pub(super) async fn bans(&self, now: Timestamp) -> Result<Vec<Ban>, StoreAway> {
        let banned = self.all().await?.into_iter().filter(|(_, note)| note.tally.banned_until() > now);
        let ban = |note: Note| Ban { address: note.key.address, user: note.key.user, until: note.tally.banned_until() };
        Ok(banned.map(|(_, note)| ban(note)).collect())
    }

    pub(super) async fn lift(&self, whose: &Whose) -> Result<usize, StoreAway> {
        let names: Vec<String> = match whose {
            // The way of every sign-in that succeeds.
            Whose::User(address, user) => vec![name(&Key::user(*address, user))],
            // Names are digests, so an address cannot be looked for by name.
            Whose::All | Whose::Address(_) => {
                self.all().await?.into_iter().filter(|(_, note)| note.key.is_of(whose)).map(|(name, _)| name).collect()
            }
        };
        self.shared_kv.remove(&names).await
    }

    async fn all(&self) -> Result<Vec<(String, Note)>, StoreAway> {
        let shared_kv = self.shared_kv.all().await?.into_iter();
        let ours = shared_kv.filter(|(name, _)| name.starts_with(KIND));
        Ok(ours.filter_map(|(name, text)| serde_json::from_slice(&text).ok().map(|note| (name, note))).collect())
    }
}

/// What cannot be read has counted nothing: whoever can write there can lift every limit anyway.
fn read(text: &[u8]) -> Tally {
    serde_json::from_slice::<Note>(text).map(|note| note.tally).unwrap_or_default()
}

/// A digest, because what was typed as a user name can be anything.
fn name(key: &Key) -> String {
    let text = format!("{} {}", key.address, key.user.as_deref().map_or_else(String::new, |user| format!("={user}")));
    let sum = digest(&SHA256, text.as_bytes());
    let (half, _) = sum.as_ref().split_at(16);
    format!("{KIND}{}", HEXLOWER.encode(half))
}

const KIND: &str = "guard:";

/// How often other nodes may be quicker.
const TRIES: u32 = 8;
