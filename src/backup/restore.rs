//! The way back: everything or nothing, and never over what is there.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown, lchown,
};
use std::path::{Path, PathBuf};

use super::archive::{self, Packed};
use super::error::BackupError;
use super::passphrase::Passphrase;
use super::sealed;

/// Writes what is in a backup: what belongs to the configuration beside `file`, the rest to where it came from. Says
/// what was written.
pub fn restore(backup: &[u8], file: &Path, passphrase: &Passphrase) -> Result<Vec<PathBuf>, BackupError> {
    let packed = sealed::open(backup, passphrase)?;
    let files = archive::unpack(&packed, &archive::folder_of(file)?)?;
    let there: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).filter(|path| archive::exists(path)).collect();
    if !there.is_empty() {
        return Err(BackupError::Exists(there));
    }
    let mut written = Vec::new();
    for file in &files {
        if let Err(source) = write(file) {
            // Half of a restore would start as something that nobody had. The file that failed is ours as well, unless
            // it came between.
            written.push(file.path.clone());
            if source.kind() == io::ErrorKind::AlreadyExists {
                written.pop();
            }
            for path in &written {
                let _ = fs::remove_file(path);
            }
            return Err(BackupError::Unwritable { path: file.path.clone(), source });
        }
        written.push(file.path.clone());
    }
    Ok(written)
}

/// The file has its mode from its first byte on, and belongs to whom its folder belongs: on another machine the user of
/// vestibule may have another number.
fn write(file: &Packed) -> io::Result<()> {
    let folder = file.path.parent().unwrap_or(Path::new("/"));
    make_folder(folder)?;
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path)?;
    opened.write_all(&file.bytes)?;
    if let Some((user, group)) = owner_within(folder, &opened.metadata()?)? {
        // By the open file: whoever owns the folder could put a link in its place meanwhile.
        fchown(&opened, Some(user), Some(group))?;
    }
    opened.set_permissions(fs::Permissions::from_mode(file.mode))?;
    opened.sync_all()
}

/// Folders that are missing are made for their owner alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new("/"));
    make_folder(above)?;
    DirBuilder::new().mode(0o700).create(folder)?;
    match owner_within(above, &fs::symlink_metadata(folder)?)? {
        Some((user, group)) => lchown(folder, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// Whose something new in a folder should be, where it is root's only because root runs this.
fn owner_within(folder: &Path, new: &Metadata) -> io::Result<Option<(u32, u32)>> {
    let wanted = fs::metadata(folder)?;
    let differs = (wanted.uid(), wanted.gid()) != (new.uid(), new.gid());
    Ok((new.uid() == 0 && differs).then(|| (wanted.uid(), wanted.gid())))
}
