//! `vestibule backup` and `vestibule restore`: files alone, no running vestibule is asked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Exit, Output};
use crate::backup::{self, Absolute, BackupError, Passphrase, Restore, Scope};
use crate::config::{self, FilesAlone};
use crate::telemetry::chain;

/// `vestibule backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist.
    pub(super) file: PathBuf,
    /// The file with the passphrase in its first line, 12 characters or more; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: PathBuf,
    /// Sessions too, for a move to another machine: sessions that are revoked later come back with a restore. Vestibule
    /// must have been stopped.
    #[arg(long)]
    pub(super) sessions: bool,
}

/// Writes a backup.
pub(super) fn backup(file: &Path, asked: &Backup, output: &mut Output<'_>) -> Exit {
    // With a mistake in it nobody knows what all it names.
    let loaded = match config::load(file, &FilesAlone) {
        Ok(loaded) => loaded,
        Err(found) => {
            output.notice(&found.render(output.styling()));
            return Exit::Mistaken;
        }
    };
    let passphrase = match passphrase(&asked.passphrase_file, output) {
        Ok(passphrase) => passphrase,
        Err(exit) => return exit,
    };
    let scope = if asked.sessions { Scope::Sessions } else { Scope::Configuration };
    let made = passphrase.strong().and_then(|strong| backup::backup(file, &loaded, scope, &strong));
    let (sealed, files) = match made {
        Ok(made) => made,
        Err(error) => return failed(&error, output),
    };
    if let Err(error) = write_new(&asked.file, &sealed) {
        output.notice(&format!("error: `{}` cannot be written: {error}\n", asked.file.display()));
        return Exit::Failed;
    }
    output.result(&format!("{}: {files} files", asked.file.display()));
    Exit::Done
}

/// Restores a backup. Says what it writes before it does.
pub(super) fn restore(
    file: &Path,
    from: &Path,
    passphrase_file: &Path,
    absolute: Absolute,
    output: &mut Output<'_>,
) -> Exit {
    let passphrase = match passphrase(passphrase_file, output) {
        Ok(passphrase) => passphrase,
        Err(exit) => return exit,
    };
    let sealed = match fs::read(from) {
        Ok(sealed) => sealed,
        Err(error) => {
            output.notice(&format!("error: `{}` cannot be read: {error}\n", from.display()));
            return Exit::Failed;
        }
    };
    let written = Restore::open(&sealed, file, &passphrase, absolute).and_then(|restore| {
        for path in restore.paths() {
            output.result(&path.display().to_string());
        }
        restore.write()
    });
    match written {
        Ok(()) => Exit::Done,
        Err(error) => failed(&error, output),
    }
}

fn passphrase(file: &Path, output: &mut Output<'_>) -> Result<Passphrase, Exit> {
    let read = if file == Path::new("-") {
        Passphrase::read(io::stdin().lock())
    } else {
        File::open(file).and_then(Passphrase::read)
    };
    read.map_err(|error| {
        output.notice(&format!("error: the passphrase cannot be read from `{}`: {error}\n", file.display()));
        Exit::Failed
    })
}

/// Readable for whoever made it alone: the seal is only as good as the passphrase.
fn write_new(file: &Path, sealed: &[u8]) -> io::Result<()> {
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let written = opened.write_all(sealed).and_then(|()| opened.sync_all());
    if written.is_err() {
        // Half a backup must not be taken for one.
        let _ = fs::remove_file(file);
    }
    written
}

fn failed(error: &BackupError, output: &mut Output<'_>) -> Exit {
    output.notice(&format!("error: {}\nhint: {}\n", chain(error), error.hint()));
    Exit::Failed
}
