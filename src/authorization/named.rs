//! Whom a list of the configuration names, and which role and limit that gives. The one place for `access`, `role` and
//! `max_age`.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{AccessList, MaxAge, Roles};
use crate::identity::User;

/// Whether a list names this user, by one of their groups or by themselves.
pub(super) fn is_named(user: &User, list: &AccessList) -> bool {
    list.groups.iter().any(|group| is_in(user, group)) || list.users.iter().any(|name| is_called(user, name))
}

/// Whether this is a name or the id of the user.
pub fn is_called(user: &User, name: &str) -> bool {
    user.id.as_str() == name || user.usernames.iter().any(|own| own == name)
}

/// How long ago this user may have signed in: the shortest of all times that are about them.
pub(super) fn max_age(user: &User, limits: &MaxAge) -> Option<Duration> {
    // A membership that does not count at this moment gives nothing, and binds all the same.
    let is_bound = |group: &str| is_in(user, group) || user.conditional_groups.iter().any(|(id, _)| **id == *group);
    let of_groups = limits.groups.iter().filter(|(group, _)| is_bound(group)).map(|(_, age)| *age);
    of_groups.chain(limits.everybody).min()
}

fn is_in(user: &User, group: &str) -> bool {
    // The owner is an administrator whatever groups they are in, as in Home Assistant.
    user.is_in_any(group) || (group == "system-admin" && user.is_admin())
}

/// The role of this user: the first that fits, in the order of the configuration.
pub(super) fn role<'a>(user: &User, roles: &'a Roles) -> Option<&'a Arc<str>> {
    let first = roles.list.iter().find(|(_, people)| is_named(user, people)).map(|(name, _)| name);
    first.or(roles.default.as_ref())
}
