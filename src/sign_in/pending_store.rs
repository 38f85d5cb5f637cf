//! Sign-ins that are under way between two requests of a browser: what the first one noted, until the second one comes.
//!
//! A thing is put down under a secret that only the browser has, and is given once, in time, to whoever brings the
//! secret. It lies in memory; or, where proxies share a store, there, sealed, so that the browser may come back to any
//! of them. Only digests of secrets are kept. There are only so many things at a time, and only so many of one owner,
//! so that nobody can fill the memory or drive the others out: the oldest gives way. Each proxy keeps these bounds for
//! what was begun at it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use parking_lot::{Mutex, MutexGuard};

use crate::clock::Timestamp;
#[cfg(feature = "redis-store")]
use crate::session::SealedBlobs;
use crate::session::{Sessions, StoreAway};

/// The bounds of one kind of thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// What it is called: a thing of one kind is never taken for another.
    pub(super) kind: &'static str,
    /// How long it is good for.
    pub(super) longest: Duration,
    /// How many there may be.
    pub(super) most: usize,
    /// How many of one owner.
    pub(super) most_of_one: usize,
}

/// A thing that can be put down for another proxy.
#[cfg_attr(not(feature = "redis-store"), allow(dead_code, reason = "without Redis nothing leaves this process"))]
pub(super) trait OneTimeState: Sized {
    fn pack(&self) -> zeroize::Zeroizing<Vec<u8>>;
    /// Reads them. What [`Self::pack`] of this version does not write is nothing.
    fn unpack(bytes: &[u8]) -> Option<Self>;
}

/// All things of one kind, each of an owner.
pub(super) struct PendingStore<O, T> {
    bounds: Bounds,
    list: Mutex<HashMap<Name, One<O, T>>>,
    #[cfg(feature = "redis-store")]
    shared: Option<SealedBlobs>,
}

/// A digest of a thing's kind and secret.
type Name = [u8; 32];

struct One<O, T> {
    owner: O,
    since: Timestamp,
    /// Nothing when it lies in the store.
    thing: Option<T>,
}

impl<O: Eq, T: OneTimeState> PendingStore<O, T> {
    /// None so far. They are kept where these sessions are.
    pub(super) fn open(bounds: Bounds, sessions: &Sessions) -> Self {
        #[cfg(not(feature = "redis-store"))]
        let _ = sessions;
        Self {
            bounds,
            list: Mutex::default(),
            #[cfg(feature = "redis-store")]
            shared: sessions.sealed_blobs(),
        }
    }

    /// Puts a thing down. It counts once this returns.
    pub(super) async fn put(&self, secret: &[u8], owner: O, thing: T, now: Timestamp) -> Result<(), StoreAway> {
        let name = self.name(secret);
        #[cfg(feature = "redis-store")]
        if let Some(sealed_blobs) = &self.shared {
            sealed_blobs.put(&name, secret, &thing.pack(), self.bounds.longest).await?;
            // In the list without the thing: the bounds are counted here, wherever the thing lies.
            let gone = self.insert(name, One { owner, since: now, thing: None });
            // What cannot be removed now expires by itself.
            let _tidied = sealed_blobs.remove(&gone).await;
            return Ok(());
        }
        self.insert(name, One { owner, since: now, thing: Some(thing) });
        Ok(())
    }

    /// Takes a thing up. It is used up by any attempt; of several that try at once, one gets it.
    pub(super) async fn take(&self, secret: &[u8], now: Timestamp) -> Result<Option<T>, StoreAway> {
        let name = self.name(secret);
        #[cfg(feature = "redis-store")]
        if let Some(sealed_blobs) = &self.shared {
            // The store first: when several proxies are asked at once, it gives the thing to one of them.
            let bytes = sealed_blobs.take(&name, secret).await?;
            self.lock().remove(&name);
            return Ok(bytes.and_then(|bytes| T::unpack(&bytes)));
        }
        // Removed first and judged then: a secret that came too late is used up like any other.
        let one = self.lock().remove(&name).filter(|one| !one.is_late(self.bounds.longest, now));
        Ok(one.and_then(|one| one.thing))
    }

    /// Adds one, and gives the names of those that gave way.
    fn insert(&self, name: Name, one: One<O, T>) -> Vec<Name> {
        let mut list = self.lock();
        list.retain(|_, other| !other.is_late(self.bounds.longest, one.since));
        let mut gone = Vec::new();
        if list.values().filter(|other| other.owner == one.owner).count() >= self.bounds.most_of_one {
            gone.extend(remove_oldest(&mut list, |other| other.owner == one.owner));
        }
        if list.len() >= self.bounds.most {
            gone.extend(remove_oldest(&mut list, |_| true));
        }
        list.insert(name, one);
        gone
    }

    fn name(&self, secret: &[u8]) -> Name {
        // The kind has no NUL in it, so that no kind and secret read like another pair.
        let sum = digest(&SHA256, &[self.bounds.kind.as_bytes(), b"\0", secret].concat());
        sum.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }
}

impl<O, T> PendingStore<O, T> {
    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, One<O, T>>> {
        self.list.lock()
    }
}

impl<O, T> One<O, T> {
    /// A clock that went back makes nothing good for longer than it was.
    fn is_late(&self, longest: Duration, now: Timestamp) -> bool {
        now.saturating_since(self.since) >= longest || self.since.saturating_since(now) >= longest
    }
}

impl<O, T> fmt::Debug for PendingStore<O, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingStore").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

fn remove_oldest<O, T>(list: &mut HashMap<Name, One<O, T>>, is_meant: impl Fn(&One<O, T>) -> bool) -> Option<Name> {
    let oldest = list.iter().filter(|(_, one)| is_meant(one)).min_by_key(|(_, one)| one.since);
    let name = oldest.map(|(name, _)| *name)?;
    list.remove(&name);
    Some(name)
}
