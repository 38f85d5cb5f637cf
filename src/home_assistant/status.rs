//! Whether Home Assistant's files can be read, for readiness and metrics.
//!
//! What became of the last reading is kept as a few words and numbers that cost nothing to look at.

use std::sync::Arc;

use super::file_fault::FileProblem;
use crate::clock::Timestamp;

/// How it stands with the files.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whether the users' files can be read. Without a copy of them everybody is refused.
    pub condition: Condition,
    /// How many users the copy in use has; zero when there is none.
    pub users: usize,
    /// Whether the registries can be read. Without a copy of them what depends on an entity is refused, and nothing
    /// else.
    pub registries: Condition,
    /// How many entities the registries in use have; zero when there are none.
    pub entities: usize,
}

/// Whether the files of one set can be read.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The copy in use is what the files say.
    Good {
        /// When this copy was taken into use.
        since: Timestamp,
    },
    /// The files cannot be used; the last good copy is.
    Stale {
        /// When the copy was last what the files said.
        since: Timestamp,
        /// Why they cannot be used.
        why: Arc<[FileProblem]>,
    },
    /// There is no copy, or the last good one is too old.
    Absent {
        /// Why the files cannot be used.
        why: Arc<[FileProblem]>,
    },
}
