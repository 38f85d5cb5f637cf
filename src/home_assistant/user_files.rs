//! The files that say who the users are and how they sign in.
//!
//! The four files make one [`Snapshot`]. It must never take a missing file for an empty one, except the second factors,
//! which exist only when a user has one; and never let all known users be replaced at once.

use std::collections::BTreeSet;
use std::path::Path;

use super::auth_file::AuthFile;
use super::file_fault::{Fault, FileBytes, FileProblem};
use super::file_set::{Faults, FileSet, Words};
use super::password_file::PasswordFile;
use super::reader::{Contents, STORAGE, required};
use super::second_factor::{self, SecondFactors};
use super::snapshot::Snapshot;
use crate::ids::UserId;

/// Reads the users of a configuration folder once. All that is wrong is returned, not the first.
pub fn read_folder(config_dir: &Path) -> Result<Snapshot, Vec<FileProblem>> {
    Contents::<UserFiles>::read(&config_dir.join(STORAGE)).parse()
}

/// Users, groups, tokens, passwords, second factors.
pub(super) enum UserFiles {}

impl FileSet for UserFiles {
    type Copy = Snapshot;
    type Memory = BTreeSet<UserId>;

    const NAMES: [&'static str; 4] = ["auth", "auth_provider.homeassistant", "auth_module.totp", "auth_module.notify"];

    /// A home with a hundred users and a thousand tokens has 1 MiB.
    const LIMIT: u64 = 64 << 20;

    const WORDS: Words = Words { content: "Home Assistant's users", without: "everybody is refused" };

    fn parse([auth, passwords, totp, notify]: [FileBytes; 4]) -> Result<Snapshot, Faults> {
        let auth = required(auth).and_then(|bytes| Ok(AuthFile::parse(&bytes)?));
        let passwords = required(passwords).and_then(|bytes| Ok(PasswordFile::parse(&bytes)?));
        let [totp, notify] = [totp, notify].map(|file| match file? {
            Some(bytes) => Ok(second_factor::parse(&bytes)?),
            None => Ok(SecondFactors::new()),
        });
        match (auth, passwords, totp, notify) {
            (Ok(auth), Ok(passwords), Ok(totp), Ok(notify)) => {
                // Whoever has both is asked for the code of the app, which can be checked here.
                Ok(Snapshot::new(auth, passwords, notify.into_iter().chain(totp).collect()))
            }
            (auth, passwords, totp, notify) => Err(Box::new([auth.err(), passwords.err(), totp.err(), notify.err()])),
        }
    }

    fn size(copy: &Snapshot) -> String {
        format!("{} users", copy.auth().users().len())
    }

    fn remember(copy: &Snapshot) -> BTreeSet<UserId> {
        copy.auth().users().iter().map(|user| user.id.clone()).collect()
    }

    /// Whether none of the known users is left.
    fn alarm(known: &BTreeSet<UserId>, copy: &Snapshot) -> Option<Fault> {
        let any_left = copy.auth().users().iter().any(|user| known.contains(&user.id));
        (!known.is_empty() && !any_left).then_some(Fault::UsersReplaced { known: known.len() })
    }
}
