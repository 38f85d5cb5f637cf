//! The way back: everything or nothing, and never over what is there.

use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown, lchown,
};
use std::path::{Path, PathBuf};

use super::archive::{self, Packed, Place};
use super::contents;
use super::error::BackupError;
use super::passphrase::Passphrase;
use super::sealed;
use crate::config;

/// Which absolute paths a restore may write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absolute {
    /// Those that the configuration in the backup names, and those of what a vestibule makes that runs with it.
    Named,
    /// All: the operator has seen them.
    Any,
}

/// A backup that is open, and can be written to its places.
pub struct Restore(Vec<Packed>);

impl Restore {
    /// Opens a backup: what belongs to the configuration goes beside `file`, the rest to where it came from. Nothing is
    /// written yet.
    pub fn open(backup: &[u8], file: &Path, passphrase: &Passphrase, absolute: Absolute) -> Result<Self, BackupError> {
        let packed = sealed::open(backup, passphrase)?;
        let files = archive::unpack(&packed, &archive::folder_of(file)?)?;
        if absolute == Absolute::Named {
            refuse_unnamed(&files, file)?;
        }
        let there: Vec<PathBuf> =
            files.iter().map(|file| file.path.clone()).filter(|path| archive::exists(path)).collect();
        if there.is_empty() { Ok(Self(files)) } else { Err(BackupError::Exists(there)) }
    }

    /// What will be written.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|file| file.path.as_path())
    }

    /// Writes all of it, or nothing.
    pub fn write(&self) -> Result<(), BackupError> {
        let mut written = Vec::new();
        for file in &self.0 {
            if let Err(source) = write(file) {
                // Half of a restore would start as something that nobody had. The file that failed is ours as well,
                // unless it came between.
                written.push(&file.path);
                if source.kind() == io::ErrorKind::AlreadyExists {
                    written.pop();
                }
                for path in &written {
                    let _ = fs::remove_file(path);
                }
                return Err(BackupError::Unwritable { path: file.path.clone(), source });
            }
            written.push(&file.path);
        }
        Ok(())
    }
}

/// A backup that somebody else has made could otherwise have root write a file anywhere.
fn refuse_unnamed(files: &[Packed], file: &Path) -> Result<(), BackupError> {
    let elsewhere = || files.iter().filter(|file| file.place == Place::Elsewhere);
    if elsewhere().next().is_none() {
        return Ok(());
    }
    let folder = archive::folder_of(file)?;
    let named = configuration(files, file, &folder).and_then(|text| config::named(text, &folder));
    let is_named = |path: &Path| {
        named.as_ref().is_some_and(|(settings, paths)| {
            paths.iter().any(|named| named == path) || contents::is_made(settings, path)
        })
    };
    let unnamed: Vec<PathBuf> = elsewhere().map(|file| file.path.clone()).filter(|path| !is_named(path)).collect();
    if unnamed.is_empty() { Ok(()) } else { Err(BackupError::Elsewhere(unnamed)) }
}

/// The text of the configuration in a backup: the file that will be it, or the only one that can be.
fn configuration<'a>(files: &'a [Packed], file: &Path, folder: &Path) -> Option<&'a str> {
    let wanted = folder.join(file.file_name()?);
    let mut others = files.iter().filter(|file| {
        file.path.parent() == Some(folder) && file.path.extension().is_some_and(|ending| ending == "toml")
    });
    let found = files.iter().find(|file| file.path == wanted);
    let found = found.or_else(|| others.next().filter(|_| others.next().is_none()))?;
    str::from_utf8(&found.bytes).ok()
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

#[cfg(test)]
mod tests {
    use tar::{Builder, Header};

    use super::*;

    fn sealed(files: &[(&str, &str)], passphrase: &Passphrase) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = Header::new_gnu();
            header.set_mode(0o600);
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        sealed::seal(&archive.into_inner().unwrap(), passphrase, 1)
    }

    #[test]
    fn a_backup_writes_no_file_that_its_configuration_does_not_name() {
        let home = tempfile::tempdir().unwrap();
        let passphrase = Passphrase::read(&b"correct horse"[..]).unwrap();
        let target = home.path().join("new/config.toml");
        let at = |place: &str| home.path().join(place).display().to_string();
        let config = format!("state_dir = \"{}\"\n[x]\ny = {{ file = \"{}\" }}\n", at("state"), at("secret"));
        let open = |name: &str, more: &[&str], absolute| {
            let names: Vec<String> = more.iter().map(|place| format!("absolute{}", at(place))).collect();
            let config = (format!("configuration/{name}"), config.as_str());
            let mut files = vec![(config.0.as_str(), config.1)];
            files.extend(names.iter().map(|name| (name.as_str(), "x")));
            Restore::open(&sealed(&files, &passphrase), &target, &passphrase, absolute)
        };
        let refused = |name: &str, more: &[&str]| match open(name, more, Absolute::Named).err() {
            Some(BackupError::Elsewhere(paths)) => paths,
            _ => Vec::new(),
        };
        let good = ["secret", "state/assertion-keys/a.jwk", "state/sessions.redb", "state/supervisor.json"];
        for name in ["config.toml", "old.toml"] {
            assert!(open(name, &good, Absolute::Named).is_ok(), "{name}");
            for bad in ["cron.d/x", "state/x", "state/assertion-keys/x.sh", "state/assertion-keys/a/b.jwk", "secret/x"]
            {
                assert_eq!(refused(name, &["secret", bad]), [home.path().join(bad)], "{name}");
            }
        }
        // Without a configuration nothing is named.
        assert_eq!(refused("config.yaml", &good).len(), good.len());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is written before it is said");

        let restore = open("config.toml", &["cron.d/x"], Absolute::Any).ok().unwrap();
        assert_eq!(restore.paths().collect::<Vec<_>>(), [target.clone(), home.path().join("cron.d/x")]);
        restore.write().unwrap();
        assert_eq!(fs::read_to_string(home.path().join("cron.d/x")).unwrap(), "x");
    }
}
