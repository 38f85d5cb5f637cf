//! A lock between processes, and who may read a file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Waits until no other process holds the folder. The lock ends with the value, and with the process however it ends.
pub(super) fn lock(folder: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(PRIVATE).open(folder.join(LOCK))?;
    file.lock()?;
    Ok(file)
}

/// Takes all rights to a private file away from everyone except its owner.
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    let others = fs::metadata(file)?.permissions().mode() & OTHERS;
    if others == 0 { Ok(()) } else { fs::set_permissions(file, fs::Permissions::from_mode(PRIVATE)) }
}

pub(super) const PRIVATE: u32 = 0o600;
pub(super) const PUBLIC: u32 = 0o644;
const OTHERS: u32 = 0o077;
const LOCK: &str = ".lock";
