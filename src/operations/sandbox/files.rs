//! Files: written only where something is kept. Everything may be read, as before: a reload may name any file.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, AccessFs, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus,
};

/// Why files are not held.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A folder cannot be opened.
    #[error("a folder cannot be opened")]
    Folder(#[from] PathFdError),
    /// The kernel refuses.
    #[error("the kernel refuses")]
    Kernel(#[from] RulesetError),
}

/// Holds the thread and those that it starts to these folders. Says whether the kernel holds all of it.
pub(super) fn hold(places: &[PathBuf]) -> Result<bool, FilesError> {
    let write = AccessFs::from_write(KNOWN);
    let mut rules = Ruleset::default().handle_access(write)?.create()?;
    for place in places {
        let folder = PathFd::new(existing(place))?;
        rules = rules.add_rule(PathBeneath::new(folder, write))?;
    }
    let status = rules.restrict_self()?;
    Ok(status.ruleset == RulesetStatus::FullyEnforced)
}

/// The folder, or where it cannot be made the nearest one above it that is there: whoever keeps something in it makes
/// it, with a mode of its own.
fn existing(place: &Path) -> &Path {
    // As everybody makes it who keeps something in `state_dir`. One that cannot be made is reported by whoever needs
    // it.
    let _made = DirBuilder::new().recursive(true).mode(0o700).create(place);
    place.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"))
}

/// What was known of Landlock when this was written (Linux 6.10). Older kernels hold less of it.
const KNOWN: ABI = ABI::V5;
