//! What must be kept: the files that cannot be made anew.

use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};

use super::error::BackupError;
use super::source::{self, Source};
use crate::config::{Loaded, SessionStore, Settings, Tls};

/// Whether sessions are among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Without sessions: those of an old backup would bring back what was revoked since.
    Configuration,
    /// With them, for a move to another machine.
    Sessions,
}

/// The configuration, what it names, and what was made and cannot be made again.
pub(super) fn files(loaded: &Loaded, scope: Scope) -> Result<Vec<Source>, BackupError> {
    let settings = &loaded.settings;
    let mut files: Vec<_> = loaded.files.iter().cloned().map(Source::Named).collect();
    for (folder, endings) in folders(settings) {
        files.extend(inside(&folder, endings)?.into_iter().map(Source::Made));
    }
    let state = &settings.supervisor.state;
    files.extend(Some(state).filter(|file| file.exists()).cloned().map(Source::Made));
    if scope == Scope::Sessions {
        let SessionStore::File(path) = &settings.session.store else { return Err(BackupError::NoSessionFile) };
        let file = source::open_made(path)?;
        // The store holds this lock for as long as it runs: a copy of what is being written is no database. It is ours
        // for as long as this file is open, so that no process begins to write before all is read.
        match file.try_lock_shared() {
            Ok(()) => files.push(Source::Held(path.clone(), file)),
            Err(TryLockError::WouldBlock) => return Err(BackupError::InUse(path.clone())),
            Err(TryLockError::Error(source)) => return Err(BackupError::Unreadable { path: path.clone(), source }),
        }
    }
    files.sort_by(|one, other| one.path().cmp(other.path()));
    files.dedup_by(|one, other| one.path() == other.path());
    Ok(files)
}

/// Whether what a vestibule with these settings makes itself may lie there.
pub(super) fn is_made(settings: &Settings, path: &Path) -> bool {
    let sessions = match &settings.session.store {
        SessionStore::File(file) => Some(file),
        _ => None,
    };
    let is_one = |file: &PathBuf| file == path;
    is_one(&settings.supervisor.state)
        || sessions.is_some_and(is_one)
        || folders(settings).iter().any(|(folder, endings)| path.parent() == Some(folder) && ends_in(path, endings))
}

/// The folders of what was made, and how the names of what is kept of them end.
fn folders(settings: &Settings) -> Vec<(PathBuf, &'static [&'static str])> {
    let mut folders: Vec<(_, &[_])> = vec![(settings.assertion.keys.clone(), &["jwk"])];
    if let Tls::Development { folder } = &settings.tls {
        folders.push((folder.clone(), &["crt", "key"]));
    }
    if let Some(acme) = settings.tls.acme() {
        folders.push((acme.folder(), &["json", "pem"]));
    }
    folders
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| endings.contains(&ending))
}

/// The files in a folder with one of these endings; none where there is no folder. A link is among them: it is refused
/// when it is opened.
fn inside(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, BackupError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable = |source| BackupError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        if ends_in(&entry.path(), endings) && (kind.is_file() || kind.is_symlink()) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{lchown, symlink};

    use super::*;
    use crate::config::{Diagnostics, named};
    use crate::secret::Secret;

    #[test]
    fn what_may_have_been_made_is_known_by_its_place_and_its_ending() {
        let text = "state_dir = \"/s\"\n[supervisor]\nstate = \"/x/supervisor.json\"\n";
        let (settings, _) = named(text, Path::new("/etc/v")).unwrap();
        for path in ["/s/assertion-keys/a.jwk", "/x/supervisor.json", "/s/sessions.redb"] {
            assert!(is_made(&settings, Path::new(path)), "{path}");
        }
        for path in ["/s/assertion-keys/a.sh", "/s/assertion-keys/b/a.jwk", "/s/a.jwk", "/s/cron", "/x/y"] {
            assert!(!is_made(&settings, Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_link_that_the_service_could_have_made_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let secret = home.path().join("secret");
        fs::write(&secret, "root's").unwrap();
        let settings = named("", home.path()).unwrap().0;
        let keys = settings.assertion.keys.clone();
        fs::create_dir_all(&keys).unwrap();
        fs::write(keys.join("a.jwk"), "{}").unwrap();
        let loaded = Loaded {
            keys: Vec::new(),
            settings,
            warnings: Diagnostics::default(),
            files: vec![secret.clone()],
            text: Secret::new(String::new()),
        };
        let packed = || {
            let files = files(&loaded, Scope::Configuration)?;
            files.iter().map(|file| file.open().map(drop)).collect::<Result<Vec<()>, _>>().map(|all| all.len())
        };
        assert_eq!(packed().unwrap(), 2);
        for target in [secret.as_path(), Path::new("/nowhere")] {
            symlink(target, keys.join("x.jwk")).unwrap();
            assert!(matches!(packed(), Err(BackupError::Link(path)) if path == keys.join("x.jwk")));
            fs::remove_file(keys.join("x.jwk")).unwrap();
        }
        assert_eq!(packed().unwrap(), 2);

        // The folder of the operator's may be a link, and one of the service's may not. Only root can try both.
        fs::rename(&keys, home.path().join("disk")).unwrap();
        symlink(home.path().join("disk"), &keys).unwrap();
        assert_eq!(packed().unwrap(), 2);
        if lchown(&keys, Some(65534), None).is_ok() {
            assert!(matches!(packed(), Err(BackupError::Link(path)) if path == keys));
        }
    }
}
