//! `.storage/auth`: users, groups, credentials and refresh tokens, loaded exactly as Home Assistant loads them.
//!
//! The file is read whole or refused: where Home Assistant would not start with this file, neither do we take it. Where
//! Home Assistant would accept stranger things than it ever writes (a number for a name, an object for a list), we
//! refuse as well: the result is never more than Home Assistant would grant.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::auth_file_error::AuthFileError;
use super::fields::{FieldError, Fields, is_true};
use super::groups::{Group, Groups};
use super::refresh_token::{RawToken, RefreshToken};
use super::storage_file::StorageFile;
use crate::identity::User;
use crate::ids::{GroupId, UserId};

/// Everything in an auth file.
#[derive(Debug, Clone)]
pub struct AuthFile {
    users: Vec<User>,
    groups: BTreeMap<GroupId, Group>,
    refresh_tokens: Vec<RefreshToken>,
    /// Which refresh token an id means: that of the last user, in the order of users, who has one with this id.
    by_token_id: HashMap<String, usize>,
    /// The users who may come in by a provider that asks for no second factor.
    without_mfa: HashSet<UserId>,
}

impl AuthFile {
    /// Reads a whole file. Empty files and those whose `data` is no object are homes without users.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuthFileError> {
        let file = StorageFile::parse(bytes)?;
        let Ok(data) = Fields::of(file.data()) else {
            return Ok(Loader::new(Groups::of_nobody()).finish());
        };
        // In this order: users name groups, and credentials and tokens name users.
        let groups = Groups::load(data.list_or_absent("groups").map_err(AuthFileError::Data)?)?;
        let mut loader = Loader::new(groups);
        for (index, entry) in data.list("users").map_err(AuthFileError::Data)?.iter().enumerate() {
            loader.user(index, entry)?;
        }
        for (index, entry) in data.list("credentials").map_err(AuthFileError::Data)?.iter().enumerate() {
            loader.credential(index, entry)?;
        }
        for (index, entry) in data.list("refresh_tokens").map_err(AuthFileError::Data)?.iter().enumerate() {
            loader.refresh_token(index, entry)?;
        }
        Ok(loader.finish())
    }

    /// The users, in the order of the file. What other files say (second factors, passwords) is not filled in.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The groups with their raw policies; the three system groups always among them.
    pub fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.groups
    }

    /// All refresh tokens, expired ones included.
    pub fn refresh_tokens(&self) -> &[RefreshToken] {
        &self.refresh_tokens
    }

    /// Whether Home Assistant's page may let this user in without the second factor that they have: from a trusted
    /// network it asks for none.
    pub fn comes_without_mfa(&self, user: &UserId) -> bool {
        self.without_mfa.contains(user)
    }

    /// The refresh token that this id means.
    pub fn refresh_token(&self, id: &str) -> Option<&RefreshToken> {
        self.by_token_id.get(id).and_then(|&index| self.refresh_tokens.get(index))
    }
}

/// A file half-way through.
struct Loader {
    groups: Groups,
    users: Vec<User>,
    positions: HashMap<UserId, usize>,
    refresh_tokens: Vec<RefreshToken>,
    without_mfa: HashSet<UserId>,
}

impl Loader {
    fn new(groups: Groups) -> Self {
        Self {
            groups,
            users: Vec::new(),
            positions: HashMap::new(),
            refresh_tokens: Vec::new(),
            without_mfa: HashSet::new(),
        }
    }

    /// Of two users with one id the last wins, in the place of the first.
    fn user(&mut self, index: usize, entry: &Value) -> Result<(), AuthFileError> {
        let wrong = |source| AuthFileError::Entry { list: "users", index, source };
        let fields = Fields::of(entry).map_err(wrong)?;
        let ids = fields.list_or_absent("group_ids").map_err(wrong)?;
        let ids: Option<Vec<&str>> = ids.iter().map(Value::as_str).collect();
        let ids = ids.ok_or(FieldError::Wrong { field: "group_ids", expected: "a list of texts" }).map_err(wrong)?;
        let system_generated = fields.flag("system_generated").map_err(wrong)?;
        let groups = self.groups.of_user(&ids, system_generated);
        let groups = groups.map_err(|group| AuthFileError::UnknownGroup { index, group: group.to_owned() })?;
        let user = User {
            id: user_id(fields, "id").map_err(wrong)?,
            name: fields.text_or_null("name").map_err(wrong)?.map(str::to_owned),
            usernames: Vec::new(),
            groups,
            configured_groups: Vec::new(),
            conditional_groups: Arc::default(),
            group_names: Vec::new(),
            is_owner: fields.flag("is_owner").map_err(wrong)?,
            is_active: fields.flag("is_active").map_err(wrong)?,
            system_generated,
            // Older files do not have it, and Home Assistant takes that for no.
            local_only: fields.optional("local_only").is_some_and(is_true),
            has_mfa: false,
            password_digest: None,
        };
        if let Some(earlier) = self.positions.get(&user.id).and_then(|&at| self.users.get_mut(at)) {
            *earlier = user;
        } else {
            self.positions.insert(user.id.clone(), self.users.len());
            self.users.push(user);
        }
        Ok(())
    }

    /// User names come from the credentials of Home Assistant's own provider.
    fn credential(&mut self, index: usize, entry: &Value) -> Result<(), AuthFileError> {
        let wrong = |source| AuthFileError::Entry { list: "credentials", index, source };
        let fields = Fields::of(entry).map_err(wrong)?;
        // Not used here, but Home Assistant does not load a file without them.
        fields.any("id").map_err(wrong)?;
        fields.any("auth_provider_id").map_err(wrong)?;
        let data = fields.any("data").map_err(wrong)?;
        let provider = fields.text("auth_provider_type").map_err(wrong)?;
        let user = fields.text("user_id").map_err(wrong)?;
        let user = self.user_named(user).ok_or(AuthFileError::UnknownUser { list: "credentials", index })?;
        if provider == "homeassistant" {
            let username = Fields::of(data).and_then(|data| data.text("username")).map_err(wrong)?;
            user.usernames.push(username.to_owned());
        } else if provider == "trusted_networks" {
            let id = user.id.clone();
            self.without_mfa.insert(id);
        }
        Ok(())
    }

    /// Of two tokens of one user with one id the last wins.
    fn refresh_token(&mut self, index: usize, entry: &Value) -> Result<(), AuthFileError> {
        let wrong = |source| AuthFileError::Entry { list: "refresh_tokens", index, source };
        let Some(entry) = RawToken::of(entry).map_err(wrong)? else { return Ok(()) };
        let user = self.user_named(entry.user).ok_or(AuthFileError::UnknownUser { list: "refresh_tokens", index })?;
        let user_id = user.id.clone();
        self.refresh_tokens.push(entry.read(user_id).map_err(wrong)?);
        Ok(())
    }

    fn user_named(&mut self, id: &str) -> Option<&mut User> {
        let id: UserId = id.parse().ok()?;
        self.positions.get(&id).and_then(|&at| self.users.get_mut(at))
    }

    fn finish(self) -> AuthFile {
        let Self { groups, users, positions, refresh_tokens, without_mfa } = self;
        let refresh_tokens = last_of_each(refresh_tokens);
        let mut by_token_id: HashMap<String, usize> = HashMap::new();
        let position = |token: &RefreshToken| positions.get(&token.user_id).copied();
        for (index, token) in refresh_tokens.iter().enumerate() {
            let earlier = by_token_id.get(&token.id).and_then(|&earlier| refresh_tokens.get(earlier));
            if earlier.is_none_or(|earlier| position(earlier) < position(token)) {
                by_token_id.insert(token.id.clone(), index);
            }
        }
        AuthFile { users, groups: groups.all, refresh_tokens, by_token_id, without_mfa }
    }
}

/// Only the last token of each user and id.
fn last_of_each(tokens: Vec<RefreshToken>) -> Vec<RefreshToken> {
    let last: HashMap<(UserId, String), usize> =
        tokens.iter().enumerate().map(|(index, token)| ((token.user_id.clone(), token.id.clone()), index)).collect();
    let is_last = |index, token: &RefreshToken| last.get(&(token.user_id.clone(), token.id.clone())) == Some(&index);
    tokens.into_iter().enumerate().filter(|(index, token)| is_last(*index, token)).map(|(_, token)| token).collect()
}

fn user_id(fields: Fields<'_>, field: &'static str) -> Result<UserId, FieldError> {
    let wrong = FieldError::Wrong { field, expected: "1 to 128 visible ASCII characters" };
    fields.text(field)?.parse().map_err(|_| wrong)
}
