//! Opening the file of sessions whatever state it is in.
//!
//! Gives the file's entries and what the operator must be told. Nothing is ever deleted: a damaged file is moved aside
//! under a name that says when. A file that is sound but cannot be written (a full disk, a read-only one) stays where
//! it is, and its sessions are served from a copy in memory. Only a file that another process has open is refused: two
//! proxies on one file would undo each other's revocations.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::{SessionFile, StoredSession};
use super::file_error::FileError;
use crate::clock::Timestamp;

/// What the operator must be told about the file of sessions.
#[derive(Debug, thiserror::Error)]
pub enum Notice {
    /// The file was damaged and has been moved aside.
    #[error("the session file was damaged and is now {}; its sessions have ended", aside.display())]
    MovedAside {
        /// Where it is now.
        aside: PathBuf,
        /// What was wrong with it.
        #[source]
        why: FileError,
    },
    /// It was there, and empty.
    #[error("the session file {} was empty: if it held sessions before, they are lost", path.display())]
    Empty {
        /// The session file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("sessions are kept in memory only and end with this process unless the session file can be written again")]
    MemoryOnly {
        /// What the file system or the database says.
        #[source]
        why: Arc<FileError>,
    },
    /// It holds entries that this version does not understand.
    #[error("{count} entries of the session file are of a newer version or damaged: not used, and left in the file")]
    NotUnderstood {
        /// How many entries.
        count: usize,
    },
}

/// The file's entries, and whether it can be written.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) entries: Vec<StoredSession>,
    pub(super) notices: Vec<Notice>,
    /// Why it cannot be written now, if so.
    pub(super) trouble: Option<Arc<FileError>>,
}

/// Opens the file. Fails only with [`FileError::Locked`].
pub(super) fn open(file: &mut SessionFile, now: Timestamp) -> Result<Opened, FileError> {
    let mut notices = Vec::new();
    let blank = file.is_blank();
    if blank && fs::metadata(file.path()).is_ok() {
        notices.push(Notice::Empty { path: file.path().to_owned() });
    }
    let why = match file.open() {
        Ok(entries) => return Ok(Opened { entries, notices, trouble: None }),
        // Never moved aside: the file is sound, and another process is writing it.
        Err(FileError::Locked) => return Err(FileError::Locked),
        Err(why) => why,
    };
    // Nothing to save: a new file that cannot be made is a folder that cannot be written.
    if blank {
        return Ok(Opened { entries: Vec::new(), notices, trouble: Some(Arc::new(why)) });
    }
    // Readable but not writable: moving it aside would end sessions for what may be a full disk.
    if let Ok(entries) = file.read_copy() {
        return Ok(Opened { entries, notices, trouble: Some(Arc::new(why)) });
    }
    let trouble = match move_aside(file.path(), now) {
        Ok(aside) => {
            notices.push(Notice::MovedAside { aside, why });
            file.open().err()
        }
        Err(error) => Some(FileError::Aside(error)),
    };
    Ok(Opened { entries: Vec::new(), notices, trouble: trouble.map(Arc::new) })
}

fn move_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    // Colons are legal in names but not on every disk that a file may be copied to.
    let when: String = now.to_string().chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
    let named = |number: u32| {
        let mut name = OsString::from(path);
        name.push(format!(".corrupt-{when}"));
        if number > 0 {
            name.push(format!("-{number}"));
        }
        PathBuf::from(name)
    };
    // Renaming would overwrite what was moved aside in the same millisecond.
    let free = (0..100).map(named).find(|name| fs::symlink_metadata(name).is_err());
    let aside = free.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &aside)?;
    Ok(aside)
}
