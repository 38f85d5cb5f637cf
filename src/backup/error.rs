//! Why there is no backup, or nothing was restored.

use std::io;
use std::path::PathBuf;

/// Why a backup or a restore ended without one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file that must be kept cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A link where the service makes its files: whoever runs as it could have put it there.
    #[error("`{}` is a symbolic link", .0.display())]
    Link(PathBuf),
    /// More than a backup may hold.
    #[error("`{}` is too large for a backup", .0.display())]
    TooLarge(PathBuf),
    /// The session file belongs to a process that runs.
    #[error("a running vestibule writes to `{}`", .0.display())]
    InUse(PathBuf),
    /// Sessions are asked for, and they are in no file.
    #[error("sessions are kept in no file")]
    NoSessionFile,
    /// The passphrase is too easily guessed.
    #[error("the passphrase has fewer than {} characters", super::passphrase::SHORTEST)]
    Short,
    /// Not what `backup` writes, or not all of it.
    #[error("this is no whole backup: {0}")]
    Broken(&'static str),
    /// The passphrase is another one, or the file was changed.
    #[error("the backup does not open with this passphrase")]
    WrongPassphrase,
    /// The archive inside is broken.
    #[error("the archive in the backup cannot be read")]
    Archive(#[source] io::Error),
    /// Files that a restore would write over.
    #[error("restoring would write over {}", list(.0))]
    Exists(Vec<PathBuf>),
    /// Files that belong to places which the configuration in the backup does not name.
    #[error("the configuration in this backup does not name {}", list(.0))]
    Elsewhere(Vec<PathBuf>),
    /// A file cannot be written.
    #[error("`{}` cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BackupError {
    /// What the operator can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "run this as root or as the user that runs vestibule",
            Self::Link(_) => "vestibule makes no links here: find out who did, and put the file itself in its place",
            Self::TooLarge(_) => "a backup holds 256 MiB at most",
            Self::InUse(_) => "stop vestibule first, or leave `--sessions` out",
            Self::NoSessionFile => "leave `--sessions` out",
            Self::Short => "`openssl rand -base64 24` makes a good one",
            Self::Broken(_) | Self::Archive(_) => "take another copy of it",
            Self::WrongPassphrase => "the passphrase is the first line of its file; nothing was written",
            Self::Exists(_) => "move these files away first; nothing was written",
            Self::Elsewhere(_) => "add `--absolute` where you want them written there; nothing was written",
            Self::Unwritable { .. } => "what had been restored was removed again",
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}
