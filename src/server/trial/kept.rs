//! The last confirmed configuration as it is kept, and the record of what is on trial: two files in `state_dir`.
//!
//! The text may hold secrets, so both are readable for their owner alone. A text whose digest is not the recorded one
//! is not what was confirmed, and is never served.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::secret::Secret;

/// The SHA-256 of a configuration's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fingerprint(String);

impl Fingerprint {
    pub(super) fn of(text: &Secret<String>) -> Self {
        Self(HEXLOWER.encode(digest(&SHA256, text.reveal().as_bytes()).as_ref()))
    }
}

/// What is kept beside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u64,
    /// The text that was confirmed last.
    pub(super) confirmed: Fingerprint,
    /// What came of the trial that was begun last, unless it was confirmed.
    pub(super) trial: Option<TrialRecord>,
}

/// A trial that was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TrialRecord {
    /// It goes on until then, in milliseconds since 1970.
    Running { until: u64, length: u64 },
    /// It is over. The configuration file is not read for as long as it has this text.
    TakenBack { refused: Fingerprint },
}

impl Record {
    pub(super) fn new(confirmed: Fingerprint, trial: Option<TrialRecord>) -> Self {
        Self { version: VERSION, confirmed, trial }
    }
}

/// Why what is kept cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The record is not what we wrote.
    #[error("`{}` is not a record of this version", path.display())]
    Foreign {
        /// Path of the record.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The text is not the one that was confirmed.
    #[error("`{}` was changed since it was confirmed", path.display())]
    Changed {
        /// Path of the text.
        path: PathBuf,
    },
    /// The system says no.
    #[error("could not {step} `{}`", path.display())]
    Io {
        /// What failed, as in `read`.
        step: &'static str,
        /// Path of the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The two files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptFiles {
    folder: PathBuf,
}

impl KeptFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of the text.
    pub(super) fn text_path(&self) -> PathBuf {
        self.folder.join(TEXT)
    }

    /// What is recorded; nothing when there is no record.
    pub(super) fn record(&self) -> Result<Option<Record>, KeptError> {
        let path = self.folder.join(RECORD);
        let Some(text) = read(&path)? else { return Ok(None) };
        let foreign = |source| KeptError::Foreign { path: path.clone(), source };
        let record: Record = serde_json::from_str(text.reveal()).map_err(foreign)?;
        if record.version == VERSION {
            Ok(Some(record))
        } else {
            Err(foreign(serde::de::Error::custom(format_args!("version {}", record.version))))
        }
    }

    /// The text that this record is about; nothing when there is none.
    pub(super) fn text(&self, record: &Record) -> Result<Option<Secret<String>>, KeptError> {
        let path = self.text_path();
        match read(&path)? {
            Some(text) if Fingerprint::of(&text) != record.confirmed => Err(KeptError::Changed { path }),
            text => Ok(text),
        }
    }

    /// Whether this text was being kept when the process ended: it is there, and the record is still about another one.
    pub(super) fn was_keeping(&self, found: &Fingerprint, record: &Record) -> bool {
        let is_there = || read(&self.text_path()).ok().flatten().is_some_and(|text| Fingerprint::of(&text) == *found);
        record.confirmed != *found && is_there()
    }

    /// Keeps a text as the confirmed one, and what is on trial beside it. Writes nothing that is there already.
    pub(super) fn keep(&self, text: &Secret<String>, trial: Option<TrialRecord>) -> Result<(), KeptError> {
        let record = Record::new(Fingerprint::of(text), trial);
        let there = self.record().ok().flatten();
        let has_text = there.as_ref().is_some_and(|there| {
            there.confirmed == record.confirmed && self.text(there).is_ok_and(|text| text.is_some())
        });
        // The text first: a record without its text would be one that nothing can be taken back to.
        if !has_text {
            self.write(TEXT, text.reveal().as_bytes())?;
        }
        if there.as_ref() == Some(&record) {
            return Ok(());
        }
        let mut json = serde_json::to_vec_pretty(&record)
            .map_err(|source| KeptError::Foreign { path: self.folder.join(RECORD), source })?;
        json.push(b'\n');
        self.write(RECORD, &json)
    }

    /// Notes in another folder that a trial goes on whose record is here: the configuration file names that folder now,
    /// and a start would look there.
    pub(super) fn note_in(&self, other: &Path) -> Result<(), KeptError> {
        let folder = self.folder.as_os_str().as_bytes();
        Self::new(other.to_owned()).write(ELSEWHERE, folder)
    }

    /// The files that such a note leads to, and their record; nothing where there is none.
    pub(super) fn noted(&self) -> Option<(Self, Record)> {
        let folder = read(&self.folder.join(ELSEWHERE)).ok().flatten()?;
        let files = Self::new(PathBuf::from(folder.reveal()));
        let record = files.record().ok().flatten()?;
        Some((files, record))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), KeptError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        let written = made.and_then(|()| atomic_file::write(&self.folder, name, bytes, 0o600));
        written.map_err(|source| KeptError::Io { step: "write", path: self.folder.join(name), source })
    }
}

fn read(path: &Path) -> Result<Option<Secret<String>>, KeptError> {
    let mut text = String::new();
    // A longer file is cut, and then has another digest, or is no JSON.
    match File::open(path).and_then(closed_to_others).and_then(|file| file.take(LARGEST).read_to_string(&mut text)) {
        Ok(_) => Ok(Some(Secret::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeptError::Io { step: "read", path: path.to_owned(), source }),
    }
}

/// What others could have written is not what was confirmed.
fn closed_to_others(file: File) -> io::Result<File> {
    if file.metadata()?.mode() & 0o022 == 0 {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may write it: chmod 600"))
}

/// The name of the note of a trial whose record is in another folder.
const ELSEWHERE: &str = "trial-elsewhere";

/// The name of the text in `state_dir`.
const TEXT: &str = "confirmed.toml";

/// The name of the record in `state_dir`.
const RECORD: &str = "confirmed.json";

/// The version of the record.
const VERSION: u64 = 1;

/// Bytes of a file: a configuration has 1 MiB at most.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_kept_is_the_owners_alone_and_a_changed_text_is_not_served() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeptFiles::new(folder.path().join("state"));
        assert!(files.record().unwrap().is_none());
        let text = Secret::new("password = \"x\"\n".to_owned());
        let running = Some(TrialRecord::Running { until: 5, length: 3 });
        files.keep(&text, running.clone()).unwrap();
        for name in [TEXT, RECORD] {
            let mode = files.folder().join(name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        let record = files.record().unwrap().unwrap();
        assert_eq!(record.trial, running);
        assert_eq!(files.text(&record).unwrap().unwrap().reveal(), text.reveal());
        std::fs::write(files.text_path(), "password = \"y\"\n").unwrap();
        assert!(matches!(files.text(&record), Err(KeptError::Changed { .. })));
        // Keeping it once more mends it.
        files.keep(&text, None).unwrap();
        assert!(files.text(&files.record().unwrap().unwrap()).is_ok());
        std::fs::write(files.folder().join(RECORD), "{\"version\": 2}").unwrap();
        assert!(matches!(files.record(), Err(KeptError::Foreign { .. })));
    }
}
