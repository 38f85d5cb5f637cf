//! The sessions of one user, on all nodes: what a sign-in counts.
//!
//! They are read into this node's table. A set in Redis names them, so that a sign-in costs as much as its user has
//! sessions, not as all users have. Every script that stores an entry adds to the set; what has ended is taken out
//! here, by the next sign-in.

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::error::SharedError;
use super::keys::read;
use super::store::SharedStore;
use super::{AT_ONCE, ENDED};
use crate::ids::UserId;
use crate::session::store_error::StoreAway;
use crate::session::token::SessionDigest;

impl SharedStore {
    /// Reads the sessions of a user into this node's memory.
    pub(in crate::session) async fn gather_of(&self, user: &UserId) -> Result<(), StoreAway> {
        let mut connection = self.connection().map_err(|_| StoreAway)?;
        self.read_of(&mut connection, user).await.map_err(|why| self.failed(&why))
    }

    async fn read_of(&self, connection: &mut MultiplexedConnection, user: &UserId) -> Result<(), SharedError> {
        // Before the first read: if the connection is lost while they are read, an end may have been missed, and none
        // counts.
        let generation = self.cache.generation();
        let set = self.names.of_user(user);
        let named: Vec<String> = cmd("SMEMBERS").arg(&set).query_async(connection).await.map_err(SharedError::of)?;
        for named in named.chunks(AT_ONCE) {
            let digests: Vec<SessionDigest> = named.iter().filter_map(|text| SessionDigest::from_hex(text)).collect();
            let keys: Vec<_> = digests.iter().map(|digest| self.names.session(*digest)).collect();
            let mut gone = Vec::new();
            for (digest, entry) in digests.into_iter().zip(read(connection, &keys).await?) {
                match entry.as_deref() {
                    None | Some(ENDED) => gone.push(digest.hex()),
                    Some(entry) => {
                        // The set is not sealed. A digest that was written into another user's set must not count
                        // there.
                        let theirs = self.seal.open(digest, entry).ok().filter(|record| record.about.user == *user);
                        drop(theirs.and_then(|record| self.cache.adopt(digest, &record, generation)));
                    }
                }
            }
            if !gone.is_empty() {
                let mut tidy = cmd("SREM");
                tidy.arg(&set).arg(gone).query_async::<()>(connection).await.map_err(SharedError::of)?;
            }
        }
        if self.cache.generation() == generation { Ok(()) } else { Err(SharedError::Lost) }
    }
}
