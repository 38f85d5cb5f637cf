//! What a count is found by.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use super::holder::Holder;
use super::limit::Limit;

/// What one count is of, and its hash: a request looks for its counts eight times.
#[derive(Debug, Clone)]
pub(super) struct Key {
    limit: Limit,
    holder: Holder,
    hash: u64,
}

impl Key {
    pub(super) fn new(limit: Limit, holder: Holder) -> Self {
        let hash = HASHERS.hash(&(limit, &holder), &holder);
        Self { limit, holder, hash }
    }

    pub(super) fn limit(&self) -> Limit {
        self.limit
    }

    /// Its place among so many shards. From the middle of the hash: maps go by the bits at both ends.
    pub(super) fn shard(&self, shards: usize) -> usize {
        let shards = u64::try_from(shards).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.hash >> 24) % shards).unwrap_or_default()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.limit == other.limit && self.holder == other.holder
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// The hashers of the whole process, seeded at random.
struct Hashers {
    of_peers: std::hash::RandomState,
    of_ours: foldhash::quality::RandomState,
}

static HASHERS: LazyLock<Hashers> = LazyLock::new(|| Hashers {
    of_peers: std::hash::RandomState::new(),
    of_ours: foldhash::quality::RandomState::default(),
});

impl Hashers {
    /// Peers choose their addresses: those get the hasher whose collisions they cannot make. Users and add-ons are
    /// named by the operator, and get one that takes a tenth of the time.
    fn hash(&self, key: &impl Hash, holder: &Holder) -> u64 {
        match holder {
            Holder::Peer(_) | Holder::LocalUser(_) => self.of_peers.hash_one(key),
            Holder::All | Holder::User(_) | Holder::Addon(_) | Holder::UserAt(..) => self.of_ours.hash_one(key),
        }
    }
}

/// Gives back the hash that a [`Key`] has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownHash(u64);

impl BuildHasher for KnownHash {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for KnownHash {
    /// A key never comes this way: it writes its hash, and nothing else.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
