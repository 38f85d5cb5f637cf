//! Reading one set of files again and again.
//!
//! Looks at the folder and says what is to be done with the copy in use. Blocks on the disk. It must never mistake a
//! file that changed while it was read for one that has not changed.

use std::path::PathBuf;
use std::time::Duration;

use super::file_set::FileSet;
use super::reader::{self, Contents, FileStamp};
use super::snapshot_state::{SnapshotState, Step};
use super::status::Condition;
use crate::clock::Timestamp;

/// How closely to look at the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilePoll {
    /// Read them only when the file system says that they have changed.
    Glance,
    /// Read them, whatever the file system says.
    Thorough,
}

/// What the one who reads remembers of one set of files.
pub(super) struct Reading<S: FileSet> {
    folder: PathBuf,
    snapshot_state: SnapshotState<S>,
    stamps: Option<[Option<FileStamp>; 4]>,
}

impl<S: FileSet> Reading<S> {
    pub(super) fn new(folder: PathBuf, max_stale: Duration) -> Self {
        Self { folder, snapshot_state: SnapshotState::new(max_stale), stamps: None }
    }

    /// Looks at the files: what is to be done with the copy in use.
    pub(super) fn look(&mut self, look: FilePoll, now: Timestamp) -> Step<S::Copy> {
        // Taken before the files are read, so that what changes in between is seen at the next look.
        let stamps = Some(reader::stamps::<S>(&self.folder));
        // Stamps may lie: on some network file systems, and for two writes within one tick of the clock.
        if look == FilePoll::Thorough || self.stamps != stamps {
            self.stamps = stamps;
            self.snapshot_state.read(&self.folder, Contents::read(&self.folder), now)
        } else {
            self.snapshot_state.wait(now)
        }
    }

    /// What was read elsewhere takes the place of a look.
    pub(super) fn took(&mut self, contents: Contents<S>, now: Timestamp) -> Step<S::Copy> {
        let place = self.folder.clone();
        self.snapshot_state.read(&place, contents, now)
    }

    /// Time has passed without anything to read.
    pub(super) fn waited(&mut self, now: Timestamp) -> Step<S::Copy> {
        self.snapshot_state.wait(now)
    }

    /// Whether the files can be read, and since when not.
    pub(super) fn condition(&self) -> Condition {
        self.snapshot_state.condition()
    }
}
