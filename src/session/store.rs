//! Where sessions survive a restart, and how that is going.
//!
//! In come the digests of sessions that were made, changed or ended; out comes the word that what the table says of them is
//! kept, or why it is not. Memory and a file are here; a table shared by several proxies would be a third variant.

use std::sync::Arc;

use super::file_error::FileError;
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
}

impl Store {
    /// Has what the table says of these sessions kept: its record if it is there, and nothing if it is not. Returns when
    /// that is so, or has failed; what has failed is tried again until it succeeds, whatever becomes of this future.
    pub(super) async fn save(&self, digests: Vec<SessionDigest>) -> Result<(), Arc<FileError>> {
        match self {
            Self::Memory => Ok(()),
            Self::File(writer) => writer.save(digests).await,
        }
    }

    pub(super) fn health(&self) -> Health {
        match self {
            Self::Memory => Health::MemoryByChoice,
            Self::File(writer) => writer.health(),
        }
    }
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
    /// They do.
    Durable,
    /// They do not, and the configuration says so.
    MemoryByChoice,
    /// They should and do not: all are served from memory, and what is not on disk is tried again.
    Degraded {
        /// Since when.
        since: Timestamp,
        /// What failed first.
        why: Arc<FileError>,
    },
}
