//! Files that are whole or not there.
//!
//! A file has its mode from its first byte on, and appears under its name only when it is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::entropy;

/// Writes a file beside its place, then renames it there.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    // That of a relative path of one part has no name.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
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
