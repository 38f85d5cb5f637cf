//! Where keys are kept besides memory: in a file beside the sessions' file, or in Redis.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::document::DocumentError;
use crate::atomic_file;
use crate::config::SessionStore;
use crate::session::Sessions;
#[cfg(feature = "redis-store")]
use crate::session::{Change, SharedKv};
use crate::workers::spawn_blocking;

/// Where keys are kept besides memory.
#[derive(Debug)]
pub(super) enum KeyStore {
    Memory,
    File(PathBuf),
    #[cfg(feature = "redis-store")]
    Shared(SharedKv),
}

/// Why keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The file cannot be read or written.
    #[error("the file of keys cannot be read or written")]
    Io(#[from] io::Error),
    /// What is there is none of ours.
    #[error("the keys that are kept cannot be used")]
    Document(#[from] DocumentError),
    /// Redis is away.
    #[error("the session store is away")]
    Away,
    /// Nobody has sealed it who has the key of the store.
    #[error("the keys in the store were not written by a proxy with our `key_file`")]
    Forged,
    /// Another proxy was quicker.
    #[error("another proxy has changed the keys at the same time")]
    Raced,
}

impl KeyStore {
    pub(super) fn of(store: &SessionStore, sessions: &Sessions) -> Self {
        #[cfg(feature = "redis-store")]
        if let Some(shared_kv) = sessions.shared_kv() {
            return Self::Shared(shared_kv);
        }
        #[cfg(not(feature = "redis-store"))]
        let _ = sessions;
        match store {
            SessionStore::File(path) => Self::File(path.with_extension("keys")),
            SessionStore::Memory | SessionStore::Redis(_) => Self::Memory,
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        !matches!(self, Self::Memory | Self::File(_))
    }

    /// The text as it is kept, if there is one.
    pub(super) async fn read(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        match self {
            Self::Memory => Ok(None),
            Self::File(path) => read_file(path),
            #[cfg(feature = "redis-store")]
            Self::Shared(shared_kv) => {
                let notes = shared_kv.read(&[NOTE.to_owned()]).await.map_err(|_| KeyStoreError::Away)?;
                let Some(note) = notes.into_iter().next().flatten() else { return Ok(None) };
                shared_kv.unsealed(NOTE, &note).map(Some).ok_or(KeyStoreError::Forged)
            }
        }
    }

    /// Keeps this text in the place of the other; returns when it is kept.
    pub(super) async fn replace(&self, old: Option<&[u8]>, new: Vec<u8>) -> Result<(), KeyStoreError> {
        #[cfg(not(feature = "redis-store"))]
        let _ = old;
        match self {
            Self::Memory => Ok(()),
            Self::File(path) => {
                let path = path.clone();
                let writing = spawn_blocking(move || write_file(&path, &new));
                Ok(writing.await.map_err(|_| io::Error::other("the process ends"))??)
            }
            #[cfg(feature = "redis-store")]
            Self::Shared(shared_kv) => {
                let old = old.map(|old| shared_kv.sealed(NOTE, old));
                let new = Some(shared_kv.sealed(NOTE, &new));
                let change = Change { name: NOTE.to_owned(), old, new, keep: FOR_EVER };
                match shared_kv.replace(&[change]).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(KeyStoreError::Raced),
                    Err(_) => Err(KeyStoreError::Away),
                }
            }
        }
    }
}

/// Blocks: for start-up.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, KeyStoreError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The folder counts too: a power cut could otherwise bring a revoked key back.
fn write_file(path: &Path, text: &[u8]) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let (Some(folder), Some(name)) = (path.parent(), name) else { return Err(io::ErrorKind::InvalidFilename.into()) };
    atomic_file::write(folder, name, text, 0o600)
}

#[cfg(feature = "redis-store")]
const NOTE: &str = "api-keys";
/// Keys end by their own day, and are written anew with each change.
#[cfg(feature = "redis-store")]
const FOR_EVER: std::time::Duration = std::time::Duration::from_hours(24 * 3650);
