//! What must be kept: the files that cannot be made anew.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::error::BackupError;
use crate::config::{Loaded, SessionStore, Tls};

/// Whether sessions are among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Without sessions: those of an old backup would bring back what was revoked since.
    Configuration,
    /// With them, for a move to another machine.
    Sessions,
}

/// The configuration, what it names, and what was made and cannot be made again.
pub(super) fn files(loaded: &Loaded, scope: Scope) -> Result<Vec<PathBuf>, BackupError> {
    let settings = &loaded.settings;
    let mut files = loaded.files.clone();
    if let Tls::Development { folder } = &settings.tls {
        files.extend(inside(folder, &["crt", "key"])?);
    }
    if let Some(acme) = settings.tls.acme() {
        files.extend(inside(&acme.folder(), &["json", "pem"])?);
    }
    files.extend(inside(&settings.assertion.keys, &["jwk"])?);
    files.extend(Some(settings.supervisor.state.clone()).filter(|file| file.exists()));
    if scope == Scope::Sessions {
        let SessionStore::File(path) = &settings.session.store else { return Err(BackupError::NoSessionFile) };
        let unreadable = |source| BackupError::Unreadable { path: path.clone(), source };
        let file = File::open(path).map_err(unreadable)?;
        // The store holds this lock for as long as it runs: a copy of what is being written is no database.
        match file.try_lock_shared() {
            Ok(()) => files.push(path.clone()),
            Err(TryLockError::WouldBlock) => return Err(BackupError::InUse(path.clone())),
            Err(TryLockError::Error(source)) => return Err(unreadable(source)),
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// The files in a folder with one of these endings; none where there is no folder.
fn inside(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, BackupError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |source| BackupError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}
