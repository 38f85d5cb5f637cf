//! The file of what is kept: a few lines of JSON, replaced whole. It has mode 0600 from its first byte on; folders
//! above it that are missing are made with mode 0700.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Table;
use crate::addon_rights::ingress_key::IngressKey;

/// Why what is kept of add-ons cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It is not what we wrote.
    #[error("{} is not what vestibule keeps of add-ons: mend it, or take it away and make their tokens anew", path.display())]
    Foreign {
        /// Path of the state's file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The file is of a version that this build does not know.
    #[error("{} was written by a newer vestibule (version {version} of the file)", path.display())]
    Newer {
        /// Path of the state's file.
        path: PathBuf,
        /// The version that the file says, which this build does not know.
        version: u64,
    },
    /// The system says no.
    #[error("{} cannot be {what}", path.display())]
    Io {
        /// Path of the state's file.
        path: PathBuf,
        /// What failed, in a word: `read` or `written`.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned<A> {
    version: u64,
    addons: A,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ingress_key: Option<IngressKey>,
}

/// What the file holds; nothing when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Table>, KeptError> {
    let mut bytes = Vec::new();
    // A larger file is cut here, and is no JSON after that: it is reported and not taken for an empty one.
    let opened = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    match opened {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(KeptError::Io { path: path.to_owned(), what: "read", source }),
    }
    let foreign = |source| KeptError::Foreign { path: path.to_owned(), source };
    // The version alone first: a file of a newer version may have other keys, and must not be called malformed for
    // that.
    let Version { version } = serde_json::from_slice(&bytes).map_err(foreign)?;
    if version != VERSION {
        return Err(KeptError::Newer { path: path.to_owned(), version });
    }
    let Versioned { addons, ingress_key, .. } = serde_json::from_slice(&bytes).map_err(foreign)?;
    Ok(Some(Table { addons, ingress_key }))
}

/// Puts a new file in the place of the old one: either is there whole at any moment, and the new one is on disk before
/// this returns.
pub(super) fn write(path: &Path, table: &Table) -> Result<(), KeptError> {
    let failed = |source| KeptError::Io { path: path.to_owned(), what: "written", source };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let next = PathBuf::from(next);
    replace(&next, path, parent, table).map_err(|source| {
        // What is left of a failed try is of no use; that it may stay does no harm.
        let _ = fs::remove_file(&next);
        failed(source)
    })
}

fn replace(next: &Path, path: &Path, parent: &Path, table: &Table) -> io::Result<()> {
    // A crash may have left one. With it gone, `create_new` makes the file itself and never follows a link.
    match fs::remove_file(next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(next)?;
    let whole = Versioned { version: VERSION, addons: &table.addons, ingress_key: table.ingress_key.clone() };
    let mut text = serde_json::to_vec_pretty(&whole)?;
    text.push(b'\n');
    file.write_all(&text)?;
    // Before the rename, or a power cut may leave the new name with nothing behind it.
    file.sync_all()?;
    fs::rename(next, path)?;
    // The folder as well, which has the name: a power cut could otherwise bring the old file back.
    File::open(parent)?.sync_all()
}

/// The version of the file.
const VERSION: u64 = 1;

/// Bytes of the file: room for thousands of add-ons.
const LARGEST: u64 = 4 * 1024 * 1024;
