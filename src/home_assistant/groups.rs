//! The groups of the auth file, with the migrations that Home Assistant makes while it loads them.
//!
//! Reads the `groups` list, and says what becomes of users whose group is gone. The policies stay raw JSON: what is in
//! the file is what the permission engine compiles.

use std::collections::BTreeMap;

use serde_json::Value;

use super::auth_file_error::AuthFileError;
use super::fields::Fields;
use crate::identity::GroupRecord;
use crate::ids::GroupId;
use crate::permission::system_group_policy;

/// A group as Home Assistant has it after loading.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What people call it.
    pub name: Option<String>,
    /// Its policy as raw JSON; the permission engine checks it.
    pub policy: Value,
    /// One of the three that always exist.
    pub system_generated: bool,
}

impl Group {
    /// As the directory is told of it.
    pub(super) fn record(&self) -> GroupRecord<'_> {
        GroupRecord { name: self.name.as_deref(), policy: &self.policy }
    }
}

/// All groups, and which users the migration makes administrators.
pub(super) struct Groups {
    pub(super) all: BTreeMap<GroupId, Group>,
    migration: Migration,
}

/// What Home Assistant does with users of files from before it had policies.
enum Migration {
    /// Nothing: the file has groups.
    None,
    /// The file has only groups without policies: the members of the last one become administrators.
    MembersOf(String),
    /// The file has no groups at all: all users but the system's own become administrators.
    Everybody,
}

impl Groups {
    /// Loads the list. For the three system groups the file's name and policy are ignored. Of two groups with one id
    /// the last wins. A group without a policy counts as absent.
    pub(super) fn load(list: &[Value]) -> Result<Self, AuthFileError> {
        let mut all = BTreeMap::new();
        let mut without_policy = None;
        for (index, entry) in list.iter().enumerate() {
            let wrong = |source| AuthFileError::Entry { list: "groups", index, source };
            let fields = Fields::of(entry).map_err(wrong)?;
            let id = fields.text("id").map_err(wrong)?;
            if let Some(group) = system_group(id) {
                all.insert(GroupId::from(id), group);
                continue;
            }
            let name = fields.text_or_null("name").map_err(wrong)?.map(str::to_owned);
            match fields.optional("policy") {
                None | Some(Value::Null) => without_policy = Some(id.to_owned()),
                Some(policy) => {
                    let group = Group { name, policy: policy.clone(), system_generated: false };
                    all.insert(GroupId::from(id), group);
                }
            }
        }
        let migration = match (all.is_empty(), without_policy) {
            (true, Some(id)) => Migration::MembersOf(id),
            (true, None) => Migration::Everybody,
            (false, _) => Migration::None,
        };
        Ok(Self::with_system_groups(all, migration))
    }

    /// The groups of a file that says nothing at all.
    pub(super) fn of_nobody() -> Self {
        Self::with_system_groups(BTreeMap::new(), Migration::None)
    }

    /// The groups of a user who lists these ids; the first one that does not exist as the error.
    pub(super) fn of_user<'a>(&self, ids: &[&'a str], system_generated: bool) -> Result<Vec<GroupId>, &'a str> {
        let mut groups = Vec::with_capacity(ids.len());
        for &listed in ids {
            let id = match &self.migration {
                Migration::MembersOf(old) if old == listed => ADMIN,
                _ => listed,
            };
            groups.push(self.all.get_key_value(id).ok_or(listed)?.0.clone());
        }
        // As Home Assistant does with files from before there were groups.
        if matches!(self.migration, Migration::Everybody) && !system_generated {
            groups.push(GroupId::from(ADMIN));
        }
        Ok(groups)
    }

    /// The three system groups always exist.
    fn with_system_groups(mut all: BTreeMap<GroupId, Group>, migration: Migration) -> Self {
        for id in [ADMIN, USERS, READ_ONLY] {
            if let Some(group) = system_group(id) {
                all.insert(GroupId::from(id), group);
            }
        }
        Self { all, migration }
    }
}

/// The system group with this id.
fn system_group(id: &str) -> Option<Group> {
    let policy = system_group_policy(id)?;
    let name = match id {
        ADMIN => "Administrators",
        USERS => "Users",
        _ => "Read Only",
    };
    Some(Group { name: Some(name.to_owned()), policy, system_generated: true })
}

const ADMIN: &str = "system-admin";
const USERS: &str = "system-users";
const READ_ONLY: &str = "system-read-only";
