//! The text of the configuration file: in comes a path, out comes UTF-8 text of bounded size without a byte order mark,
//! and whether anybody may change it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::diagnostic::{Diagnostic, SourceLocation};

/// A configuration of more than 1 MiB is some other file by mistake.
const LARGEST: u64 = 1 << 20;

/// What the file holds.
pub(super) struct Document {
    /// Its text.
    pub(super) text: String,
    /// Whether users other than its owner and its group may write to it.
    pub(super) writable_by_others: bool,
}

/// Reads the file, or says why it cannot be read.
pub(super) fn read(file: &Path) -> Result<Document, Box<Diagnostic>> {
    let refused = |place, message: &str, hint| Box::new(Diagnostic::mistake(place, message).hint(hint));
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| {
        let mode = file.metadata()?.permissions().mode();
        file.take(LARGEST.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(mode)
    });
    let mode = read.map_err(|err| {
        let hint = "name another file with `--config FILE`, or make this one readable for vestibule";
        refused(SourceLocation::File, &format!("the configuration cannot be read: {err}"), hint)
    })?;
    if bytes.len() as u64 > LARGEST {
        let hint = "is it the right file? a configuration has some hundred lines";
        return Err(refused(SourceLocation::File, "the configuration is larger than 1 MiB", hint));
    }
    let text = String::from_utf8(bytes).map_err(|err| {
        let (line, column) = position(err.as_bytes(), err.utf8_error().valid_up_to());
        let hint = "save the file as UTF-8; TOML knows no other encoding";
        refused(SourceLocation::Position { line, column }, "the configuration is not UTF-8 text", hint)
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Document { text, writable_by_others: mode & 0o002 != 0 })
}

/// Line and column, in characters, of the first bad byte; everything before it is good.
fn position(bytes: &[u8], bad: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(bytes.get(..bad).unwrap_or_default());
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (before.matches('\n').count().saturating_add(1), column.saturating_add(1))
}
