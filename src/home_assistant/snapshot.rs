//! Everything that the files say at one moment.
//!
//! Joins the parsed files to the users as `identity` wants them, with passwords and second factors, and the owner of
//! each user name. Never changed, only replaced: a user and their password come from one moment.

use aws_lc_rs::digest;

use super::auth_file::AuthFile;
use super::password_file::{PasswordFile, StoredHash};
use super::second_factor::SecondFactors;
use super::totp::TotpSecret;
use crate::config;
use crate::identity::{Directory, User};
use crate::ids::UserId;

/// The users, groups, tokens and passwords at one moment.
#[derive(Debug)]
pub struct Snapshot {
    auth: AuthFile,
    passwords: PasswordFile,
    /// The users whose user name each entry of the password file is.
    owners: Vec<Option<UserId>>,
    second_factors: SecondFactors,
}

/// An entry of the password file that a user name was found to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account<'a> {
    /// The user it belongs to; none when no credential has this user name. Home Assistant would make a new user then.
    pub(super) owner: Option<&'a UserId>,
    pub(super) hash: &'a StoredHash,
}

impl Snapshot {
    /// Joins the files. When two users have credentials of one user name, it is the first one's, as in Home Assistant.
    pub(super) fn new(auth: AuthFile, passwords: PasswordFile, second_factors: SecondFactors) -> Self {
        let mut owners: Vec<Option<UserId>> = vec![None; passwords.len()];
        let names = auth.users().iter().flat_map(|user| user.usernames.iter().map(move |name| (user, name)));
        for (user, name) in names {
            let place = passwords.find(name).and_then(|(index, _)| owners.get_mut(index));
            if let Some(owner @ None) = place {
                *owner = Some(user.id.clone());
            }
        }
        Self { auth, passwords, owners, second_factors }
    }

    /// The auth file: users, groups with their policies, refresh tokens.
    pub fn auth(&self) -> &AuthFile {
        &self.auth
    }

    /// The users and groups as the stages of a request look them up, with the configured groups and everybody's
    /// permissions compiled.
    pub fn directory(&self, configured: &config::Permissions) -> Directory {
        let users = self.auth.users().iter().map(|user| User {
            has_mfa: self.second_factors.contains_key(user.id.as_str()),
            password_digest: self.password_digest(&user.id),
            ..user.clone()
        });
        let groups = self.auth.groups().iter().map(|(id, group)| (id.clone(), group.record())).collect();
        Directory::new(users, &groups, configured)
    }

    /// The secret of this user's authenticator app.
    pub(super) fn totp(&self, user: &UserId) -> Option<&TotpSecret> {
        self.second_factors.get(user.as_str())?.as_ref()
    }

    /// What a user name is in the password file.
    pub(super) fn account(&self, username: &str) -> Option<Account<'_>> {
        let (index, entry) = self.passwords.find(username)?;
        Some(Account { owner: self.owners.get(index)?.as_ref(), hash: &entry.hash })
    }

    /// The hash to check when there is no account.
    pub(super) fn dummy(&self) -> &StoredHash {
        self.passwords.dummy()
    }

    /// SHA-256 over the stored hashes of this user, in the order of the password file, each after its length.
    fn password_digest(&self, user: &UserId) -> Option<[u8; 32]> {
        let mut context = digest::Context::new(&digest::SHA256);
        // Over all of them: a user may have several names, each with a password of its own.
        let mut any = false;
        for (index, _) in self.owners.iter().enumerate().filter(|(_, owner)| owner.as_ref() == Some(user)) {
            let hash = self.passwords.hash(index)?.reveal().as_bytes();
            context.update(&u64::try_from(hash.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(hash);
            any = true;
        }
        any.then(|| context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}
