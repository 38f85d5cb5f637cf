//! A file that goes into a backup, and how it may be opened: root makes backups, and where the service makes its files
//! the service could put a link to anything.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;

use super::error::BackupError;

/// A file of a backup.
pub(super) enum Source {
    /// The operator names it, also by a link.
    Named(PathBuf),
    /// The service has made it.
    Made(PathBuf),
    /// The same, open already.
    Held(PathBuf, File),
}

impl Source {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Made(path) | Self::Held(path, _) => path,
        }
    }

    /// The file itself.
    pub(super) fn open(&self) -> Result<File, BackupError> {
        match self {
            Self::Named(path) => File::open(path).map_err(unreadable(path)),
            Self::Made(path) => open_made(path),
            // The same open file, whose lock therefore stays.
            Self::Held(path, file) => file.try_clone().map_err(unreadable(path)),
        }
    }
}

/// Opens what the service has made. A link is refused, by the call that opens: it could be put there after any look.
pub(super) fn open_made(path: &Path) -> Result<File, BackupError> {
    if let Some(link) = path.ancestors().skip(1).find(|folder| is_of_another(folder)) {
        return Err(BackupError::Link(link.to_owned()));
    }
    // Without waiting, as for the other end of a pipe.
    let flags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    opened.map_err(|source| match source.raw_os_error() {
        Some(code) if code == Errno::LOOP.raw_os_error() => BackupError::Link(path.to_owned()),
        _ => unreadable(path)(source),
    })
}

/// Whether this is a link that neither root nor whoever makes the backup has made. Those are the operator's, and may
/// lead to another disk.
fn is_of_another(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_symlink() && ![0, geteuid().as_raw()].contains(&found.uid()))
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    move |source| BackupError::Unreadable { path: path.to_owned(), source }
}
