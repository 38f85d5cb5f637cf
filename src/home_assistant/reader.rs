//! Reading the files of one set together.
//!
//! Reads all files of a [`FileSet`] in a folder, and makes one copy of what they say or lists everything that is wrong
//! with them. Each file is read whole, up to a limit, before any of it is parsed. It must never wait for what is not a
//! file, and never take one that cannot be read for one that does not exist.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::marker::PhantomData;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::file_fault::{Fault, FileBytes, FileProblem};
use super::file_set::FileSet;

/// What the files of a set hold.
pub(super) struct Contents<S> {
    folder: PathBuf,
    files: [FileBytes; 4],
    set: PhantomData<S>,
}

impl<S: FileSet> Contents<S> {
    /// Reads all files of the set in a `.storage` folder.
    pub(super) fn read(folder: &Path) -> Self {
        let files = S::NAMES.map(|name| read_file(&folder.join(name), S::LIMIT));
        Self { folder: folder.to_owned(), files, set: PhantomData }
    }

    /// These files, which were not read from a folder; `place` stands for one in the log.
    pub(super) fn of(place: PathBuf, files: [FileBytes; 4]) -> Self {
        Self { folder: place, files, set: PhantomData }
    }

    /// SHA-256 over all files, absent ones included; none when one could not be read.
    pub(super) fn digest(&self) -> Option<[u8; 32]> {
        let mut context = digest::Context::new(&digest::SHA256);
        for file in &self.files {
            // One that cannot be read has no digest, so that the set never passes for unchanged.
            match file.as_ref().ok()? {
                None => context.update(&[0]),
                Some(bytes) => {
                    context.update(&[1]);
                    // The length before the bytes: without it, bytes could move from one file to the next and leave the
                    // digest as it is.
                    context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
                    context.update(bytes);
                }
            }
        }
        context.finish().as_ref().try_into().ok()
    }

    /// Which of the files exist.
    pub(super) fn present(&self) -> [bool; 4] {
        self.files.each_ref().map(|file| matches!(file, Ok(Some(_))))
    }

    /// Which of the files do not exist. One that cannot be read is not known to be absent.
    pub(super) fn absent(&self) -> [bool; 4] {
        self.files.each_ref().map(|file| matches!(file, Ok(None)))
    }

    /// One copy, or everything that is wrong.
    pub(super) fn parse(self) -> Result<S::Copy, Vec<FileProblem>> {
        let folder = self.folder;
        S::parse(self.files).map_err(|faults| {
            let found = S::NAMES.into_iter().zip(*faults).filter_map(|(name, fault)| Some((name, fault?)));
            let mut found: Vec<_> = found.map(|(name, fault)| FileProblem { path: folder.join(name), fault }).collect();
            if found.first().is_some_and(|problem| matches!(problem.fault, Fault::Api(_))) {
                // What cannot be asked is one trouble and not one for each file.
                found.truncate(1);
            }
            found
        })
    }
}

/// The bytes of a file that must exist.
pub(super) fn required(file: FileBytes) -> Result<Zeroizing<Vec<u8>>, Fault> {
    file?.ok_or(Fault::Missing)
}

/// What the file system says of a file without reading it; another one means that it must be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStamp {
    /// The stamp of the file that a path leads to, symbolic links followed; none when there is no file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            length: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            // The change time, which no program can set: a file that is put back with its old times is noticed, too.
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }

    /// Whether both are of one file, whatever became of it.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// The stamps of all files of a set in a `.storage` folder.
pub(super) fn stamps<S: FileSet>(folder: &Path) -> [Option<FileStamp>; 4] {
    S::NAMES.map(|name| FileStamp::of(&folder.join(name)))
}

/// One file, whole. One that is missing is no error.
pub(super) fn read_file(path: &Path, limit: u64) -> FileBytes {
    let found = match fs::metadata(path) {
        // Only this one is an absence. Without permission, say, users would vanish for a wrong mode.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found.map_err(Fault::Io)?,
    };
    // Asked before it is opened: opening a pipe would wait for a writer.
    if !found.is_file() {
        return Err(Fault::NotAFile);
    }
    if found.len() > limit {
        return Err(Fault::TooLarge { limit });
    }
    // With all its room from the start, so that no outgrown buffer is left behind unwiped.
    let room = usize::try_from(found.len()).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let file = File::open(path).map_err(Fault::Io)?;
    // One byte more than the limit, to tell a file that has grown since from one that fits.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(Fault::Io)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit);
    if fits { Ok(Some(bytes)) } else { Err(Fault::TooLarge { limit }) }
}

/// The folder with the files, in the configuration folder.
pub(super) const STORAGE: &str = ".storage";

#[cfg(test)]
mod tests {
    use super::super::user_files::UserFiles;
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("auth"), "{}").unwrap();
        fs::write(folder.path().join("auth_provider.homeassistant"), "{}").unwrap();
        folder
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let folder = folder();
        fs::write(folder.path().join("auth"), r#"{"version": 1, "data": {"users": "#).unwrap();
        fs::remove_file(folder.path().join("auth_provider.homeassistant")).unwrap();
        fs::create_dir(folder.path().join("auth_module.totp")).unwrap();
        let problems = Contents::<UserFiles>::read(folder.path()).parse().unwrap_err();
        let told: Vec<String> = problems.iter().map(FileProblem::reason).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("not complete and valid JSON: EOF while parsing"), "{told:?}");
        assert_eq!(told[1], "it does not exist");
        assert_eq!(told[2], "it is not a file");
    }

    #[test]
    fn a_file_above_the_limit_is_not_read() {
        let folder = folder();
        let auth = folder.path().join("auth");
        fs::write(&auth, [b' '; 100]).unwrap();
        assert!(matches!(read_file(&auth, 99), Err(Fault::TooLarge { .. })));
        assert!(matches!(read_file(&auth, 100), Ok(Some(bytes)) if bytes.len() == 100));
        File::options().write(true).open(&auth).unwrap().set_len(UserFiles::LIMIT + 1).unwrap();
        assert!(matches!(read_file(&auth, UserFiles::LIMIT), Err(Fault::TooLarge { .. })));
    }

    #[test]
    fn a_symbolic_link_is_followed() {
        let (folder, elsewhere) = (folder(), folder());
        let auth = folder.path().join("auth");
        fs::remove_file(&auth).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("auth"), &auth).unwrap();
        assert!(Contents::<UserFiles>::read(folder.path()).parse().is_ok());
    }
}
