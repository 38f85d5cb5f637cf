//! Why Home Assistant's files may not be read, and what fits: its user, a capability, or its API. Home Assistant writes
//! them with mode 0600 and replaces them at every change, so that neither `chmod` nor a group nor an ACL lasts.

use std::fs::{self, File, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// The file that may not be read, or the folder that may not be entered.
    path: PathBuf,
    /// The id of the user that it belongs to.
    owner: u32,
    /// The permission bits.
    mode: u32,
    /// The id of the user who was turned away.
    asker: u32,
}

/// What keeps this process from the files of users and passwords, if it is their permissions.
pub(super) fn obstacle(config_dir: &Path) -> Option<Obstacle> {
    let storage = config_dir.join(".storage");
    let mut folders: Vec<&Path> = storage.ancestors().collect();
    folders.reverse();
    // Of what is below a folder that may not be entered the system tells nothing but that.
    if let Some(closed) = folders.into_iter().find(|folder| is_denied(fs::metadata(folder.join(".")).err())) {
        return Some(found(closed, &fs::metadata(closed).ok()?));
    }
    let files = ["auth", "auth_provider.homeassistant"].map(|name| storage.join(name));
    let denied = files.into_iter().find(|file| is_denied(File::open(file).err()))?;
    Some(found(&denied, &fs::metadata(&denied).ok()?))
}

fn is_denied(error: Option<std::io::Error>) -> bool {
    error.is_some_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn found(path: &Path, metadata: &Metadata) -> Obstacle {
    let asker = rustix::process::geteuid().as_raw();
    Obstacle { path: path.to_owned(), owner: metadata.uid(), mode: metadata.mode() & 0o7777, asker }
}

impl Obstacle {
    /// What may not be read, and by whom.
    pub(super) fn message(&self) -> String {
        let Self { path, owner, mode, asker } = self;
        let (owner, asker) = (user(*owner), user(*asker));
        format!("{} belongs to {owner} and has mode {mode:04o}, and {asker} may not read it", path.display())
    }

    /// What fits.
    pub(super) fn hint(&self) -> String {
        let capability = "CAP_DAC_READ_SEARCH (AmbientCapabilities= and CapabilityBoundingSet= of the unit; cap_add of a \
                          container)";
        let api = "read the users over the API, with `url` and `token` in the place of `config_dir`";
        match (self.asker, self.owner) {
            (0, _) => format!("root without its capabilities, as in a container: give it {capability}, or {api}"),
            (asker, owner) if asker == owner => format!("chmod u+rwX {}", self.path.display()),
            (_, 0) => format!(
                "Home Assistant runs as root here, as its container does: give vestibule {capability}, or {api}; a group or \
                 an ACL is not enough, since Home Assistant replaces the files"
            ),
            (_, owner) => format!(
                "run vestibule as the user with the id {owner}, as Home Assistant does (User= of the unit), or give it \
                 {capability}, or {api}"
            ),
        }
    }
}

fn user(id: u32) -> String {
    if id == 0 { "root".to_owned() } else { format!("the user with the id {id}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(asker: u32, owner: u32) -> String {
        Obstacle { path: "/ha/.storage/auth".into(), owner, mode: 0o600, asker }.hint()
    }

    #[test]
    fn what_fits_depends_on_whose_the_files_are_and_who_asks() {
        let of_container = hint(998, 0);
        assert!(of_container.contains("CAP_DAC_READ_SEARCH") && of_container.contains("`token`"), "{of_container}");
        assert!(of_container.contains("is not enough") && !of_container.contains("User="), "{of_container}");
        assert!(hint(998, 1000).contains("the user with the id 1000") && hint(998, 1000).contains("User="));
        assert!(hint(0, 1000).contains("root without its capabilities"));
        assert_eq!(hint(1000, 1000), "chmod u+rwX /ha/.storage/auth");
    }

    #[test]
    fn what_may_be_read_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(obstacle(folder.path()), None, "what is not there is another trouble");
        fs::create_dir(folder.path().join(".storage")).unwrap();
        fs::write(folder.path().join(".storage/auth"), "{}").unwrap();
        assert_eq!(obstacle(folder.path()), None);
    }
}
