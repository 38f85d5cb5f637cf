//! The files of what was ordered: whole or not there, and for nobody but us.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::AcmeError;
use crate::atomic_file;
use crate::clock::Timestamp;
use crate::tls::{Facts, TlsError, judge_pair, read_pair};
use crate::workers::spawn_blocking;

/// Writes a file that its owner alone may read, in the place of what stood there, and makes its folder where it is
/// missing.
pub(super) async fn write(file: &Path, bytes: Zeroizing<Vec<u8>>) -> Result<(), AcmeError> {
    let path = file.to_owned();
    let writing = spawn_blocking(move || {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        atomic_file::write(folder, name, &bytes, 0o600)
    });
    writing.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(failed(file))
}

/// Whether files can be kept in this folder. Asked before a server is: what it gives could otherwise be lost, and asked
/// for again and again.
pub(super) async fn can_keep(folder: &Path) -> Result<(), AcmeError> {
    let probe = folder.join(".probe");
    write(&probe, Zeroizing::default()).await?;
    remove(&probe).await
}

/// What a file holds; nothing where there is none.
pub(super) async fn read(file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, AcmeError> {
    let path = file.to_owned();
    let reading = spawn_blocking(move || match fs::read(&path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    });
    reading.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(failed(file))
}

/// Takes a file away, if it is there.
pub(super) async fn remove(file: &Path) -> Result<(), AcmeError> {
    match tokio::fs::remove_file(file).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file)(error)),
        _ => Ok(()),
    }
}

/// A certificate that is stored and can be used.
pub(super) struct Stored {
    /// What it says of itself.
    pub(super) facts: Facts,
    /// When it was written.
    pub(super) written: Timestamp,
}

/// The certificate in this file; nothing where there is none that can be used. An error where that cannot be told:
/// there may be a good one.
pub(super) async fn certificate(file: &Path) -> Result<Option<Stored>, AcmeError> {
    let path = file.to_owned();
    let reading = spawn_blocking(move || match read_pair(&path) {
        Ok(facts) => Ok(Some(Stored { facts, written: fs::metadata(&path)?.modified()?.into() })),
        Err(TlsError::Read { source, .. }) if source.kind() != io::ErrorKind::NotFound => Err(source),
        Err(_) => Ok(None),
    });
    reading.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(failed(file))
}

/// Whether this text is a certificate with its key.
pub(super) async fn judge(pem: Zeroizing<Vec<u8>>, file: PathBuf) -> Result<Facts, TlsError> {
    let judging = spawn_blocking(move || judge_pair(&pem, &file));
    judging.await.unwrap_or(Err(TlsError::Empty))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> AcmeError {
    move |source| AcmeError::Store { path: path.to_owned(), source }
}
