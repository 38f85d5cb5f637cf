//! Secrets from files: in comes a path, out comes the value, one trailing newline less, in memory that is wiped. The
//! value must never reach a message or a log.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::header::LONGEST_VALUE;

/// What a secret's file held.
pub(super) struct SecretFile {
    /// The value.
    pub(super) value: Zeroizing<Vec<u8>>,
    /// Whether users other than the file's owner and its group may read or change it.
    pub(super) open_to_others: bool,
}

/// Why a file holds no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadSecret {
    #[error("the file of this value cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    #[error("this is not a regular file")]
    NotAFile,
    #[error("the file of this value is empty")]
    Empty,
    #[error("the file of this value is larger than 8 KiB")]
    TooLarge,
}

/// Reads the file. A pipe is refused before it is opened: opening it would wait for a writer.
pub(super) fn read(path: &Path) -> Result<SecretFile, BadSecret> {
    let metadata = fs::metadata(path).map_err(BadSecret::Unreadable)?;
    if !metadata.is_file() {
        return Err(BadSecret::NotAFile);
    }
    let limit = LONGEST_VALUE.saturating_add(2);
    // Room for all of it from the start: a vector that grows leaves copies behind that nobody wipes.
    let mut value = Zeroizing::new(Vec::with_capacity(limit.saturating_add(64)));
    let file = File::open(path).map_err(BadSecret::Unreadable)?;
    file.take(limit.saturating_add(1) as u64).read_to_end(&mut value).map_err(BadSecret::Unreadable)?;
    if value.len() > limit {
        return Err(BadSecret::TooLarge);
    }
    let rest = value.strip_suffix(b"\n").map_or(value.len(), |line| line.strip_suffix(b"\r").unwrap_or(line).len());
    value.truncate(rest);
    if value.is_empty() { Err(BadSecret::Empty) } else { Ok(SecretFile { value, open_to_others: is_open(&metadata) }) }
}

impl BadSecret {
    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => {
                "paths are relative to the configuration's folder; the file must be readable for vestibule"
            }
            Self::NotAFile => "name a regular file that holds the value",
            Self::Empty => "write the value into the file, on one line",
            Self::TooLarge => "the file holds the value alone, on one line",
        }
    }
}

/// Whether users other than the file's owner and its group may read or change it.
pub(super) fn is_open(metadata: &fs::Metadata) -> bool {
    metadata.permissions().mode() & 0o006 != 0
}
