//! Where sessions are kept besides memory, and whether that works.
//!
//! It is told the digests of sessions that were made, changed or ended, and answers when what the table says of them is
//! kept, or why it is not. A file keeps what the table says; a store that several proxies share says itself what
//! counts, and has its own ways (see `shared`).

use std::sync::Arc;

use super::file_error::FileError;
use super::live::Session;
#[cfg(feature = "redis-store")]
use super::shared::{SharedError, SharedStore};
use super::token::SessionDigest;
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::refusal::Reason;

/// Where sessions are kept besides the table.
#[derive(Debug)]
pub(super) enum Store {
    /// Nowhere: a restart ends them all, by the operator's choice.
    Memory,
    /// In a file, by a thread of its own.
    File(Writer),
    /// In Redis or Valkey, for all proxies that share it.
    #[cfg(feature = "redis-store")]
    Shared(Arc<SharedStore>),
}

impl Store {
    /// Has what the table says of these sessions kept: its record if it is there, and nothing if it is not. Returns
    /// when that is so, or has failed; what has failed is tried again until it succeeds, whatever becomes of this
    /// future.
    ///
    /// A shared store is told what has ended; what is in the table it knows already.
    pub(super) async fn save(&self, digests: Vec<SessionDigest>) -> Result<(), Arc<StoreError>> {
        match self {
            Self::Memory => Ok(()),
            Self::File(writer) => writer.save(digests).await.map_err(|why| Arc::new(StoreError::File(why))),
            #[cfg(feature = "redis-store")]
            Self::Shared(store) => store.end(&digests).await.map_err(|why| Arc::new(StoreError::Shared(why))),
        }
    }

    /// Whether sessions that are known here count: they do, unless a shared store has been away for too long.
    pub(super) fn may_go_on(&self) -> Result<(), StoreAway> {
        match self {
            Self::Memory | Self::File(_) => Ok(()),
            #[cfg(feature = "redis-store")]
            Self::Shared(store) => store.may_go_on(),
        }
    }

    /// A session was seen. The file is written once a minute by the upkeep of sessions.
    #[cfg_attr(not(feature = "redis-store"), expect(unused_variables, reason = "only a shared store is told at once"))]
    pub(super) fn seen(&self, session: &Session, now: Timestamp) {
        match self {
            Self::Memory | Self::File(_) => {}
            #[cfg(feature = "redis-store")]
            Self::Shared(store) => store.seen(session, now),
        }
    }

    /// Whether others may know better than this process when a session was last seen.
    pub(super) fn is_shared(&self) -> bool {
        match self {
            Self::Memory | Self::File(_) => false,
            #[cfg(feature = "redis-store")]
            Self::Shared(_) => true,
        }
    }

    pub(super) fn health(&self) -> Health {
        match self {
            Self::Memory => Health::MemoryByChoice,
            Self::File(writer) => writer.health(),
            #[cfg(feature = "redis-store")]
            Self::Shared(store) => store.health(),
        }
    }
}

/// What is wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The session file cannot be read or written.
    #[error(transparent)]
    File(Arc<FileError>),
    /// The store that several proxies share is away.
    #[cfg(feature = "redis-store")]
    #[error(transparent)]
    Shared(Arc<SharedError>),
}

/// The store that several proxies share cannot be asked or written just now: nobody new can be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session store is away")]
pub struct StoreAway;

impl From<StoreAway> for Reason {
    fn from(_: StoreAway) -> Self {
        Self::SessionStoreAway
    }
}

/// Whether sessions survive a restart.
#[derive(Debug, Clone)]
pub enum Health {
    /// They do: everything is on disk or in the shared store.
    Durable,
    /// They do not, and the configuration says so.
    MemoryByChoice,
    /// They should and do not: those that are known are served from memory, and what is not stored is tried again.
    Degraded {
        /// When storing failed first.
        since: Timestamp,
        /// The first failure since then.
        why: Arc<StoreError>,
    },
    /// The store that several proxies share has been away for too long, or was never there: everybody is refused.
    Away {
        /// When the store was lost.
        since: Timestamp,
        /// The first failure since then.
        why: Arc<StoreError>,
    },
}
