//! The archive: a tar of regular files, each with a name that says where it belongs.
//!
//! What lies below the configuration's folder is named by its place in it, so that a backup can go to another folder;
//! everything else by its absolute path. When it is read, a name that leads anywhere else is refused.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Builder, EntryType, Header};
use zeroize::Zeroizing;

use super::error::BackupError;
use super::source::Source;

/// A file of a backup.
pub(super) struct Packed {
    /// Where it belongs.
    pub(super) path: PathBuf,
    /// Whether that is beside the configuration, or anywhere else.
    pub(super) place: Place,
    /// Its permissions, as `chmod` has them.
    pub(super) mode: u32,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Below the folder of the configuration.
    Beside,
    /// At an absolute path.
    Elsewhere,
}

/// The names of what lies below the configuration's folder begin with this one.
const BESIDE: &str = "configuration";

/// The names of what lies anywhere else.
const ELSEWHERE: &str = "absolute";

/// Bytes of all files together.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The folder that a configuration's own paths are relative to.
pub(super) fn folder_of(file: &Path) -> Result<PathBuf, BackupError> {
    let absolute =
        std::path::absolute(file).map_err(|source| BackupError::Unreadable { path: file.to_owned(), source })?;
    Ok(absolute.parent().unwrap_or(Path::new("/")).to_owned())
}

/// An archive of these files.
pub(super) fn pack(folder: &Path, files: &[Source]) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let mut archive = Builder::new(Vec::new());
    let mut room = LARGEST;
    for source in files {
        let path = source.path();
        let unreadable = |source| BackupError::Unreadable { path: path.to_owned(), source };
        let mut file = source.open()?;
        let metadata = file.metadata().map_err(unreadable)?;
        room = room.checked_sub(metadata.len()).ok_or_else(|| BackupError::TooLarge(path.to_owned()))?;
        let mut bytes = Zeroizing::new(Vec::new());
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(metadata.permissions().mode() & 0o777);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name(folder, path), &bytes[..]).map_err(BackupError::Archive)?;
    }
    archive.into_inner().map(Zeroizing::new).map_err(BackupError::Archive)
}

/// What is in an archive, for this folder.
pub(super) fn unpack(packed: &[u8], folder: &Path) -> Result<Vec<Packed>, BackupError> {
    let mut files = Vec::new();
    for entry in Archive::new(packed).entries().map_err(BackupError::Archive)? {
        let mut entry = entry.map_err(BackupError::Archive)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(BackupError::Broken("it holds something else than files"));
        }
        let name = entry.path().map_err(BackupError::Archive)?.into_owned();
        let (place, path) = place(folder, &name).ok_or(BackupError::Broken("it holds a file without a place"))?;
        let mode = entry.header().mode().map_err(BackupError::Archive)?;
        let mut bytes = Zeroizing::new(Vec::new());
        entry.read_to_end(&mut bytes).map_err(BackupError::Archive)?;
        // Whatever it was, nobody else may change it: some of these files decide who may do what.
        files.push(Packed { path, place, mode: mode & 0o755, bytes });
    }
    if files.is_empty() { Err(BackupError::Broken("it holds nothing")) } else { Ok(files) }
}

fn name(folder: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix(folder) {
        Ok(below) => Path::new(BESIDE).join(below),
        Err(_) => Path::new(ELSEWHERE).join(path.strip_prefix("/").unwrap_or(path)),
    }
}

fn place(folder: &Path, name: &Path) -> Option<(Place, PathBuf)> {
    let mut components = name.components();
    let first = components.next()?;
    let rest = components.as_path();
    // No `..`, and no second root: a name leads to where it says and nowhere else.
    let is_plain = rest.components().all(|component| matches!(component, Component::Normal(_)));
    if !is_plain || rest.as_os_str().is_empty() {
        return None;
    }
    match first {
        Component::Normal(first) if first == BESIDE => Some((Place::Beside, folder.join(rest))),
        Component::Normal(first) if first == ELSEWHERE => Some((Place::Elsewhere, Path::new("/").join(rest))),
        _ => None,
    }
}

/// Whether something stands there already, even a link that leads nowhere.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_but_to_its_place() {
        let folder = Path::new("/etc/vestibule");
        for path in ["/etc/vestibule/config.toml", "/etc/vestibule/secrets/a", "/var/lib/vestibule/x"] {
            assert_eq!(place(folder, &name(folder, Path::new(path))).unwrap().1, Path::new(path));
        }
        let bad =
            ["configuration", "absolute", "configuration/../x", "absolute/../etc/x", "/etc/passwd", "other/x", ""];
        for name in bad {
            assert_eq!(place(folder, Path::new(name)), None, "{name}");
        }
        // A folder by another name is another place.
        assert_eq!(
            place(Path::new("/srv/v"), &name(folder, Path::new("/etc/vestibule/a"))).unwrap().1,
            Path::new("/srv/v/a")
        );
    }

    #[test]
    fn an_archive_with_a_link_in_it_is_refused() {
        let mut archive = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "configuration/a", "/etc/passwd").unwrap();
        assert!(matches!(unpack(&archive.into_inner().unwrap(), Path::new("/x")), Err(BackupError::Broken(_))));
    }
}
