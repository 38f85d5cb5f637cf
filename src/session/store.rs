//! Where sessions are kept besides memory, and whether that works.
//!
//! It is told the digests of sessions that were made, changed or ended, and answers when what the table says of them is
//! kept, or why it is not. A file keeps what the table says; a store that several proxies share says itself what
//! counts, and has its own ways (see `shared`).

use std::sync::Arc;

use super::live::Session;
#[cfg(feature = "redis-store")]
use super::shared::SharedStore;
use super::store_error::{Health, StoreAway, StoreError};
use super::token::SessionDigest;
use super::writer::Writer;
use crate::clock::Timestamp;

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

    /// Reads into memory what other proxies may have changed of a session. It may have ended with that.
    #[cfg_attr(
        not(feature = "redis-store"),
        expect(unused_variables, clippy::unused_async, reason = "nobody shares one")
    )]
    pub(super) async fn refresh(&self, session: &Session) -> Result<(), StoreAway> {
        match self {
            Self::Memory | Self::File(_) => Ok(()),
            #[cfg(feature = "redis-store")]
            Self::Shared(store) => store.refresh(session).await,
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
