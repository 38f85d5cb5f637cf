//! What all proxies of a store may read and nobody else: certificates with their keys.
//!
//! A note lies under a digest of what it is, encrypted with a key that is made of that and of the seal's key. Without a
//! key of the operator's there are none: whoever reads Redis would have them.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::SharedError;
use super::scripts;
use super::sealed_blobs::{BlobName, close, open};
use super::store::SharedStore;
use crate::session::store_error::StoreAway;

/// The sealed notes of a store.
#[derive(Debug, Clone)]
pub struct SealedNotes(Arc<SharedStore>);

impl SealedNotes {
    /// `None` without a key of the operator's.
    pub(in crate::session) fn new(store: Arc<SharedStore>) -> Option<Self> {
        store.seal.has_key().then_some(Self(store))
    }

    /// Writes a note, in the place of the one that is there.
    pub async fn write(&self, name: &BlobName, bytes: &[u8], keep: Duration) -> Result<(), StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let sealed = close(&self.key(name), name, bytes).ok_or(StoreAway)?;
        let command = scripts::put(&self.0.names.sealed_note(name), &sealed, keep);
        command.query_async::<()>(&mut connection).await.map_err(|why| self.0.failed(&SharedError::of(why)))
    }

    /// What a note says. One that is not sealed as ours are says nothing.
    pub async fn read(&self, name: &BlobName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let read = redis::cmd("GET").arg(self.0.names.sealed_note(name)).query_async(&mut connection).await;
        let read: Option<Vec<u8>> = read.map_err(|why| self.0.failed(&SharedError::of(why)))?;
        Ok(read.and_then(|sealed| open(&self.key(name), name, sealed)))
    }

    fn key(&self, name: &BlobName) -> Zeroizing<[u8; 32]> {
        // The word keeps these keys apart from those of blobs, which have a secret of their own in its place.
        self.0.seal.key_of(&[name, b"sealed note"])
    }
}
