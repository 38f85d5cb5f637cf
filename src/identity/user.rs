//! A user of Home Assistant: what its files say, and the header values made from it once per snapshot.

use std::sync::Arc;

use crate::config::Conditions;
use crate::ids::{GroupId, UserId};

/// A user as Home Assistant's auth file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Who it is, for ever.
    pub id: UserId,
    /// The display name.
    pub name: Option<String>,
    /// The user names of their `homeassistant` credentials, in the order of the file.
    pub usernames: Vec<String>,
    /// Home Assistant's groups that they are in, in the order of the file.
    pub groups: Vec<GroupId>,
    /// The configured groups that they are in, in the order of the configuration. Home Assistant knows nothing of
    /// these. Of those that count at times, the ones that count now.
    pub configured_groups: Vec<GroupId>,
    /// The configured groups whose membership counts in some circumstances only, and in which.
    pub conditional_groups: Arc<[(GroupId, Conditions)]>,
    /// What people call all of these groups, Home Assistant's first: the names of those, and the ids of configured
    /// ones.
    pub group_names: Vec<Arc<str>>,
    /// The owner may do everything.
    pub is_owner: bool,
    /// A deactivated user may do nothing.
    pub is_active: bool,
    /// Made by Home Assistant for itself: never signs in.
    pub system_generated: bool,
    /// May only come from the local network.
    pub local_only: bool,
    /// Has a second factor set up in Home Assistant.
    pub has_mfa: bool,
    /// SHA-256 over their password hashes: when it changes, sessions made with the old one end. Absent without a
    /// password.
    pub password_digest: Option<[u8; 32]>,
}

impl User {
    /// Home Assistant's rule: the owner, or active and in `system-admin` (spec/permissions.md section 1).
    pub fn is_admin(&self) -> bool {
        self.is_owner || (self.is_active && self.is_in("system-admin"))
    }

    /// Whether they are in this group of Home Assistant.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|g| &**g == group)
    }

    /// Whether they are in a group of this id, of Home Assistant or configured. No configured group has the id of one
    /// of Home Assistant.
    pub fn is_in_any(&self, group: &str) -> bool {
        self.is_in(group) || self.configured_groups.iter().any(|g| &**g == group)
    }

    /// The user name that add-ons are told: the first one.
    pub fn username(&self) -> Option<&str> {
        self.usernames.first().map(String::as_str)
    }
}
