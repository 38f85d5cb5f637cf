//! What one proxy puts down for whichever comes next: a sign-in that is under way between two requests of a browser.
//!
//! Bytes are put down with a secret that only the browser has, and any proxy gives them to whoever brings the secret,
//! once and in time. They lie under a digest of the secret, encrypted with a key that is made of it (and of the seal's
//! key, where there is one): whoever reads Redis gets nothing from it, and whoever writes there can make nothing that
//! would be believed without that key, as with sessions. AES-256-GCM is authenticated, so that a wrong guess and a
//! changed byte fail alike (S-86).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use super::entry::Seal;
use super::error::SharedError;
use super::scripts;
use super::store::SharedStore;
use crate::session::store_error::StoreAway;

/// The sealed blobs of a store.
#[derive(Debug, Clone)]
pub struct SealedBlobs(Arc<SharedStore>);

/// Where a blob lies: a digest of what it is and of its secret.
pub type BlobName = [u8; 32];

impl SealedBlobs {
    pub(in crate::session) fn new(store: Arc<SharedStore>) -> Self {
        Self(store)
    }

    /// Puts something down for this long.
    pub async fn put(&self, name: &BlobName, secret: &[u8], bytes: &[u8], keep: Duration) -> Result<(), StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        // Strangers can begin sign-ins, so that these questions share the limit on those about unknown tokens.
        let _place = self.0.place()?;
        let sealed = close(&self.key(name, secret), name, bytes).ok_or(StoreAway)?;
        let command = scripts::put(&self.place(name), &sealed, keep);
        command.query_async::<()>(&mut connection).await.map_err(|why| self.0.failed(&SharedError::of(why)))
    }

    /// Takes it up: of several who do so at once, on whichever proxies, one gets it.
    pub async fn take(&self, name: &BlobName, secret: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreAway> {
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let _place = self.0.place()?;
        let taken = scripts::take(&self.place(name)).query_async::<Option<Vec<u8>>>(&mut connection).await;
        let taken = taken.map_err(|why| self.0.failed(&SharedError::of(why)))?;
        Ok(taken.and_then(|sealed| open(&self.key(name, secret), name, sealed)))
    }

    /// Removes blobs that are no longer to be taken.
    pub async fn remove(&self, names: &[BlobName]) -> Result<(), StoreAway> {
        if names.is_empty() {
            return Ok(());
        }
        let mut connection = self.0.connection().map_err(|_| StoreAway)?;
        let places: Vec<_> = names.iter().map(|name| self.place(name)).collect();
        redis::cmd("DEL").arg(places).query_async(&mut connection).await.map_err(|_| StoreAway)
    }

    fn place(&self, name: &BlobName) -> String {
        self.0.names.sealed_blob(name)
    }

    fn key(&self, name: &BlobName, secret: &[u8]) -> Zeroizing<[u8; 32]> {
        key(&self.0.seal, name, secret)
    }
}

/// What a blob is encrypted with. It cannot be made without the secret and, where there is one, the seal's key.
fn key(seal: &Seal, name: &BlobName, secret: &[u8]) -> Zeroizing<[u8; 32]> {
    seal.key_of(&[name, secret])
}

pub(super) fn close(key: &[u8; 32], name: &BlobName, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = bytes.to_vec();
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    // The name is authenticated along: a blob that is moved to another name does not open there.
    let nonce = key.seal_in_place_append_tag(Aad::from(name), &mut sealed).ok()?;
    Some([nonce.as_ref().as_slice(), &sealed].concat())
}

pub(super) fn open(key: &[u8; 32], name: &BlobName, sealed: Vec<u8>) -> Option<Zeroizing<Vec<u8>>> {
    // What is opened in place is as secret as its copy.
    let mut sealed = Zeroizing::new(sealed);
    let (nonce, rest) = sealed.split_at_mut_checked(NONCE_LEN)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let bytes = key.open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::from(name), rest).ok()?;
    Some(Zeroizing::new(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecretText;

    #[test]
    fn what_opens_a_parcel_is_made_of_its_secret_and_of_the_seal() {
        let (open, sealed) = (Seal::new(None), Seal::new(Some(&SecretText::new("key".to_owned()))));
        let keys = [
            key(&open, &[1; 32], b"secret"),
            key(&open, &[1; 32], b"another"),
            key(&open, &[2; 32], b"secret"),
            key(&sealed, &[1; 32], b"secret"),
        ];
        for (place, one) in keys.iter().enumerate() {
            assert!(keys.iter().skip(place + 1).all(|other| **other != **one), "{place}");
        }
        assert_eq!(*key(&open, &[1; 32], b"secret"), *keys[0], "every proxy makes the same");
    }

    #[test]
    fn s86_a_parcel_opens_with_its_key_in_its_place_and_unchanged() {
        let (name, other) = (&[1; 32], &[2; 32]);
        let sealed = close(&[7; 32], name, b"where to go").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"where"));
        assert_ne!(sealed, close(&[7; 32], name, b"where to go").unwrap());
        assert_eq!(open(&[7; 32], name, sealed.clone()).unwrap().as_slice(), b"where to go");
        assert!(open(&[8; 32], name, sealed.clone()).is_none(), "another key");
        assert!(open(&[7; 32], other, sealed.clone()).is_none(), "in another place");
        for place in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[place] ^= 1;
            assert!(open(&[7; 32], name, flipped).is_none(), "byte {place}");
            assert!(open(&[7; 32], name, sealed[..place].to_vec()).is_none(), "cut at {place}");
        }
    }
}
