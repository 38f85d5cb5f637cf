//! The file of bans: JSON beside the sessions' file, mode 0600, replaced in one step.
//!
//! Tallies with bans survive a restart in it. A file that cannot be read bans nobody, and is replaced with the next
//! ban.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::tally::Tally;

#[derive(Debug)]
pub(super) struct BanFile {
    path: PathBuf,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum BanFileError {
    #[error("the file of bans cannot be read or written")]
    Io(#[from] io::Error),
    #[error("the file of bans is not one of ours")]
    Malformed(#[from] serde_json::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    v: u32,
    bans: Vec<(Key, Tally)>,
}

impl BanFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn load(&self) -> Result<Vec<(Key, Tally)>, BanFileError> {
        match fs::read(&self.path) {
            Ok(text) => Ok(serde_json::from_slice::<Version1>(&text)?.bans),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn save(&self, bans: &[(Key, Tally)]) -> Result<(), BanFileError> {
        let text = serde_json::to_vec(&Version1 { v: 1, bans: bans.to_vec() })?;
        // What a crash has left under this name is written over.
        let beside = self.path.with_extension("bans-new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        // Before the rename, or a power cut may leave the new name with nothing behind it.
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        Ok(())
    }
}
