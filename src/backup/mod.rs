//! Backup and restore: what cannot be made anew, in one file that opens with a passphrase alone.
//!
//! In comes a configuration, out comes a sealed archive of it and of what it names (`contents`, `archive`, `sealed`);
//! or the other way round (`restore`). Nothing that exists is ever written over, nothing is written before all of the
//! archive is known to be whole, and neither the passphrase nor what is sealed may reach a message. Users and passwords
//! are Home Assistant's, and in none of it.

mod archive;
mod contents;
mod error;
mod passphrase;
mod restore;
mod sealed;
mod source;

use std::path::Path;

pub use contents::Scope;
pub use error::BackupError;
pub use passphrase::Passphrase;
pub use restore::{Absolute, Restore};

use crate::config::Loaded;

/// What the configuration in `file` needs to go on elsewhere, sealed; and how many files that are.
pub fn backup(
    file: &Path,
    loaded: &Loaded,
    scope: Scope,
    passphrase: &Passphrase,
) -> Result<(Vec<u8>, usize), BackupError> {
    let folder = archive::folder_of(file)?;
    let files = contents::files(loaded, scope)?;
    let packed = archive::pack(&folder, &files)?;
    Ok((sealed::seal(&packed, passphrase, sealed::WORK), files.len()))
}
