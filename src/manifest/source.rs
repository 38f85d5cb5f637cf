//! The file of a manifest and what stands beside it: reads text of bounded size.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, SourceLocation};

/// Files that count besides the manifest itself, there or not.
pub(super) struct Beside {
    /// `config.yaml.minisig`: its signature.
    pub(super) signature: PathBuf,
    /// `apparmor.txt`: its profile.
    pub(super) profile: PathBuf,
}

impl Beside {
    /// The files that may stand beside this manifest.
    pub(super) fn of(path: &Path) -> Self {
        let mut signature = path.as_os_str().to_owned();
        signature.push(".minisig");
        Self { signature: signature.into(), profile: path.with_file_name("apparmor.txt") }
    }

    /// All files to watch, those that are not there among them.
    pub(super) fn all(&self, path: &Path) -> Vec<PathBuf> {
        vec![path.to_owned(), self.signature.clone(), self.profile.clone()]
    }
}

/// The text of a manifest, or of options.
pub(super) fn read(path: &Path, what: &str) -> Result<String, Box<Diagnostic>> {
    let refused =
        |message: String, hint: String| Box::new(Diagnostic::mistake(SourceLocation::File, message).hint(hint));
    let hint =
        || "paths are relative to the configuration's folder; the file must be readable for vestibule".to_owned();
    let bytes = match bounded(path, LARGEST) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            return Err(refused(format!("this {what} is larger than 256 KiB"), "is it the right file?".to_owned()));
        }
        Err(err) => return Err(refused(format!("the {what} cannot be read: {err}"), hint())),
    };
    String::from_utf8(bytes)
        .map_err(|_| refused(format!("the {what} is not UTF-8 text"), "save it as UTF-8".to_owned()))
}

/// A regular file's bytes, or nothing when it has more than `most`. A pipe is refused before it is opened: opening it
/// would wait for a writer.
pub(super) fn bounded(path: &Path, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("this is not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than may be, to tell a file that is too large from one that just fits.
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(u64::try_from(bytes.len()).is_ok_and(|length| length <= most).then_some(bytes))
}

/// Bytes of a manifest. The largest known has some twenty thousand.
const LARGEST: u64 = 256 * 1024;
