//! The file of sessions: a `redb` database with one table, digest to entry.
//!
//! Entries are written in batches: each batch is one transaction, and is synced to the disk before it counts (redb's
//! `Durability::Immediate`). All of this blocks and belongs on the writer's thread alone.
//!
//! The file has mode 0600, and so has one that was wider before. Folders above it that are missing are made with mode
//! 0700; those that exist are the operator's and stay as they are.
//!
//! After any failure the database is closed. The library asks for that after an input or output error, and after a
//! panic nothing about it can be relied on. The next write opens it anew.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};

use super::file_error::{FileError, database};
use super::record::{Foreign, Record};
use super::token::SessionDigest;

/// What the file says of one session.
pub(super) type StoredSession = (SessionDigest, Result<Record, Foreign>);

/// What the file is to hold of one session; none removes it.
pub(super) type Change = (SessionDigest, Option<Vec<u8>>);

#[derive(Debug)]
pub(super) struct SessionFile {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    database: Database,
    /// Device and inode: what is at the path may have been replaced since.
    identity: (u64, u64),
}

impl SessionFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is nothing in it that could be lost: it is missing or empty.
    pub(super) fn is_blank(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(metadata) => metadata.len() == 0,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Whether it is open and still the file that is found at its path.
    pub(super) fn is_open(&self) -> bool {
        let found = fs::metadata(&self.path).map(|found| (found.dev(), found.ino())).ok();
        self.open.as_ref().is_some_and(|open| found == Some(open.identity))
    }

    /// Opens it, makes it if need be, checks all of it, and reads every entry.
    pub(super) fn open(&mut self) -> Result<Vec<StoredSession>, FileError> {
        self.close();
        let blank = self.is_blank();
        let opened = self.try_open();
        if opened.is_err() {
            self.close();
            if blank {
                // What we began to write a moment ago never held a session. Left half-made it would look like a damaged
                // file.
                let emptied = OpenOptions::new().write(true).open(&self.path).and_then(|file| file.set_len(0));
                drop(emptied);
            }
        }
        opened
    }

    fn try_open(&mut self) -> Result<Vec<StoredSession>, FileError> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(FileError::Folder)?;
        }
        let file = private(&self.path).map_err(FileError::Open)?;
        let metadata = file.metadata().map_err(FileError::Open)?;
        // Of the open file and not of the path, which may be replaced between the two.
        let identity = (metadata.dev(), metadata.ino());
        let (database, entries) = guarded(|| {
            let database =
                builder().create_with_backend(FileBackend::new(file).map_err(database)?).map_err(database)?;
            make_table(&database)?;
            let entries = read_all(&database)?;
            Ok((database, entries))
        })?;
        self.open = Some(Open { database, identity });
        Ok(entries)
    }

    /// Reads every entry from a copy in memory: for when the file is sound and the disk is not, so that it cannot be
    /// opened for writing. A damaged file fails here as well.
    pub(super) fn read_copy(&self) -> Result<Vec<StoredSession>, FileError> {
        let bytes = fs::read(&self.path).map_err(FileError::Open)?;
        let memory = InMemoryBackend::new();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        guarded(|| {
            memory.set_len(length).and_then(|()| memory.write(0, &bytes)).map_err(FileError::Open)?;
            let copy = builder().create_with_backend(memory).map_err(database)?;
            make_table(&copy)?;
            read_all(&copy)
        })
    }

    /// Puts a batch on disk: all of it or nothing.
    pub(super) fn write(&mut self, batch: &[Change]) -> Result<(), FileError> {
        let open = self.open.as_ref().ok_or_else(|| FileError::Open(io::ErrorKind::NotConnected.into()))?;
        let written = guarded(|| write_all(&open.database, batch));
        if written.is_err() {
            self.close();
        }
        written
    }

    /// Closes it, if it is open.
    pub(super) fn close(&mut self) {
        let open = self.open.take();
        // Closing writes as well, and what it fails at is found when the file is opened next.
        let closed = guarded(|| {
            drop(open);
            Ok(())
        });
        drop(closed);
    }
}

/// Opens a file that only we may read, or makes it so.
fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    // The mode above holds for a new file only. It is changed through the open file, since the path may be another one
    // now.
    if file.metadata()?.mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// The library checks every page when it opens a file, because it may panic on a damaged one later if it does not.
fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder
}

fn make_table(file: &Database) -> Result<(), FileError> {
    let transaction = file.begin_write().map_err(database)?;
    // To open a table for writing makes it; to read one that is not there is an error.
    drop(transaction.open_table(SESSIONS).map_err(database)?);
    transaction.commit().map_err(database)
}

fn read_all(file: &Database) -> Result<Vec<StoredSession>, FileError> {
    let transaction = file.begin_read().map_err(database)?;
    let table = transaction.open_table(SESSIONS).map_err(database)?;
    let mut entries = Vec::new();
    for entry in table.iter().map_err(database)? {
        let (key, value) = entry.map_err(database)?;
        entries.push((SessionDigest(*key.value()), Record::decode(value.value())));
    }
    Ok(entries)
}

fn write_all(file: &Database, batch: &[Change]) -> Result<(), FileError> {
    let mut transaction = file.begin_write().map_err(database)?;
    // A revocation that is answered must survive a power cut.
    transaction.set_durability(Durability::Immediate).map_err(database)?;
    {
        let mut table = transaction.open_table(SESSIONS).map_err(database)?;
        for (digest, entry) in batch {
            match entry {
                Some(entry) => drop(table.insert(&digest.0, entry.as_slice()).map_err(database)?),
                None => drop(table.remove(&digest.0).map_err(database)?),
            }
        }
    }
    transaction.commit().map_err(database)
}

/// A damaged file can make the library panic. That must end neither the writer nor the process.
fn guarded<T>(work: impl FnOnce() -> Result<T, FileError>) -> Result<T, FileError> {
    // Nothing broken is seen afterwards: callers close the database after every error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(FileError::Panicked))
}

const SESSIONS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("sessions");

/// Bytes of the file that are kept in memory. Sessions are served from the table, so this only helps writing.
const CACHE: usize = 4 * 1024 * 1024;
