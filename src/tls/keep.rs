//! Files that are whole or not there, and a lock between processes.
//!
//! A file has its mode from its first byte on, and appears under its name only when it is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::entropy;

/// Writes a file beside its place, then renames it there.
pub(crate) fn write_atomically(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.{:016x}", u64::from_ne_bytes(entropy::random())));
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, folder.join(name)));
    if written.is_err() {
        // What is left of a failed write is ours to remove. That this failed, too, adds nothing to the error that is
        // reported.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    // The folder as well, which has the name: a power cut could otherwise bring the old file back.
    File::open(folder)?.sync_all()
}

fn write_new(file: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // Never a file or a link that is there already: it could be another's, or lead elsewhere.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

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
