//! Short texts that all proxies of a store share besides the sessions: what the guard of sign-in has counted.
//!
//! Changes are conditional, so that two nodes that count the same thing at once do not lose a count.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

use super::AT_ONCE;
use super::error::SharedError;
use super::keys::{read, scan};
use super::scripts;
use super::scripts::Change;
use super::store::SharedStore;
use crate::session::store_error::StoreAway;

/// Bytes of a seal.
const TAG: usize = 32;

/// The notes of a store.
#[derive(Debug, Clone)]
pub struct SharedKv(Arc<SharedStore>);

impl SharedKv {
    pub(in crate::session) fn new(store: Arc<SharedStore>) -> Self {
        Self(store)
    }

    /// What the notes of these names say; each in its turn.
    pub async fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let keys: Vec<_> = names.iter().map(|name| self.0.names.note(name)).collect();
        read(&mut connection, &keys).await.map_err(|_| StoreAway)
    }

    /// Makes all of these changes, or none when another node was quicker; says which.
    pub async fn replace(&self, changes: &[Change]) -> Result<bool, StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let keys: Vec<_> = changes.iter().map(|change| self.0.names.note(&change.name)).collect();
        let done = scripts::replace(&keys, changes).query_async::<i64>(&mut connection).await;
        done.map(|done| done == 1).map_err(|_| StoreAway)
    }

    /// Writes the same into all of these notes, whatever they say.
    pub async fn write(&self, names: &[String], text: &[u8], keep: Duration) -> Result<(), StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let mut pipeline = redis::pipe();
        for name in names {
            pipeline.add_command(scripts::put(&self.0.names.note(name), text, keep)).ignore();
        }
        if names.is_empty() { Ok(()) } else { pipeline.query_async(&mut connection).await.map_err(|_| StoreAway) }
    }

    /// A text with the seal of this note on it: whoever writes to Redis without the store's key makes none that
    /// [`Self::unsealed`] takes.
    pub fn sealed(&self, name: &str, text: &[u8]) -> Vec<u8> {
        [self.tag(name, text).as_slice(), text].concat()
    }

    /// The text, if this note was sealed with the store's key.
    pub fn unsealed(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (tag, text) = sealed.split_at_checked(TAG)?;
        verify_slices_are_equal(tag, self.tag(name, text).as_slice()).ok().map(|()| text.to_vec())
    }

    fn tag(&self, name: &str, text: &[u8]) -> Zeroizing<[u8; TAG]> {
        // No name has a NUL in it, so that no name and text read like another pair.
        self.0.seal.key_of(&[b"note", name.as_bytes(), b"\0", text])
    }

    /// Takes notes away; says how many there were.
    pub async fn remove(&self, names: &[String]) -> Result<usize, StoreAway> {
        if names.is_empty() {
            return Ok(0);
        }
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let keys: Vec<_> = names.iter().map(|name| self.0.names.note(name)).collect();
        redis::cmd("DEL").arg(keys).query_async(&mut connection).await.map_err(|_| StoreAway)
    }

    /// All notes, each with its name.
    pub async fn all(&self) -> Result<Vec<(String, Vec<u8>)>, StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let all = async {
            let mut shared_kv = Vec::new();
            for keys in scan(&mut connection, &self.0.names.shared_kv()).await?.chunks(AT_ONCE) {
                for (key, text) in keys.iter().zip(read(&mut connection, keys).await?) {
                    shared_kv.extend(self.0.names.note_name(key).map(str::to_owned).zip(text));
                }
            }
            Ok::<_, SharedError>(shared_kv)
        };
        all.await.map_err(|_| StoreAway)
    }
}
