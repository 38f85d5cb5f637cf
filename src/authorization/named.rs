//! Whom a list of the configuration names, and which role that gives. The one place for `access` and `role`.

use std::sync::Arc;

use crate::config::{AccessList, Roles};
use crate::identity::User;

/// Whether a list names this user, by one of their groups or by themselves.
pub(super) fn is_named(user: &User, list: &AccessList) -> bool {
    // The owner is an administrator whatever groups they are in, as in Home Assistant.
    let holds = |group: &String| user.is_in_any(group) || (group == "system-admin" && user.is_admin());
    let by_name = |name: &String| user.id.as_str() == name || user.usernames.contains(name);
    list.groups.iter().any(holds) || list.users.iter().any(by_name)
}

/// The role of this user: the first that fits, in the order of the configuration.
pub(super) fn role<'a>(user: &User, roles: &'a Roles) -> Option<&'a Arc<str>> {
    let first = roles.list.iter().find(|(_, people)| is_named(user, people)).map(|(name, _)| name);
    first.or(roles.default.as_ref())
}
