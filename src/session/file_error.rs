//! What can go wrong with the file of sessions.

use std::io;

/// What went wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Another process has it open.
    #[error("another process has the session file open")]
    Locked,
    /// Its folder cannot be made.
    #[error("the session file's folder cannot be made")]
    Folder(#[source] io::Error),
    /// It cannot be opened, read or given its mode.
    #[error("the session file cannot be opened")]
    Open(#[source] io::Error),
    /// It cannot be moved out of the way.
    #[error("the damaged session file cannot be moved aside")]
    Aside(#[source] io::Error),
    /// The database in it fails.
    #[error("the session file's database fails")]
    Database(#[source] Box<redb::Error>),
    /// The database library gave up in the middle, as it does on some damaged files.
    #[error("the session file's database broke off")]
    Panicked,
    /// The disk does not answer in time.
    #[error("the disk of the session file does not answer")]
    Slow,
    /// The thread that writes is gone, or could not be started.
    #[error("the thread that writes sessions is not running")]
    NoWriter,
}

/// Every error type of the database library becomes its common one.
pub(super) fn database(error: impl Into<redb::Error>) -> FileError {
    match error.into() {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => FileError::Locked,
        error => FileError::Database(Box::new(error)),
    }
}
