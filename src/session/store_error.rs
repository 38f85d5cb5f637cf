//! What is wrong with the place where sessions are kept.

use std::sync::Arc;

use super::file_error::FileError;
#[cfg(feature = "redis-store")]
use super::shared::SharedError;
use crate::clock::Timestamp;
use crate::refusal::Reason;

/// What is wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file fails.
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
    /// They survive a restart.
    Durable,
    /// They do not, and the configuration says so.
    MemoryByChoice,
    /// They should and do not: those that are known are served from memory, and what is not stored is tried again.
    Degraded {
        /// Since when.
        since: Timestamp,
        /// What failed first.
        why: Arc<StoreError>,
    },
    /// The store that several proxies share has been away for too long, or was never there: everybody is refused.
    Away {
        /// Since when.
        since: Timestamp,
        /// What failed first.
        why: Arc<StoreError>,
    },
}
