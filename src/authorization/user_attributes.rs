//! What a user is to one add-on besides who they are: their name there, their role, their groups, whether they are an
//! administrator. As far as the add-on is told of it: nothing, for most.
//!
//! Pure: made of the user of one moment and the add-on's settings. Two of them are compared while an exchange is open,
//! so that what was opened with a role ends with the role.

use std::sync::Arc;

use super::named::{is_called, role};
use crate::config::{Accounts, Addon, Emails, UserPiece, UserTemplate};
use crate::identity::User;

/// What an add-on is told of a user besides who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAttributes {
    /// The name that the add-on has for them, where it has names of its own; nothing inside where it has none for
    /// them.
    pub account: Option<Option<Arc<str>>>,
    /// Their role, where it has roles and one of them is theirs.
    pub role: Option<Arc<str>>,
    /// The names of all their groups.
    pub groups: Option<Vec<Arc<str>>>,
    /// Whether they are an administrator.
    pub is_admin: Option<bool>,
    /// Their address, where one is known.
    pub email: Option<Arc<str>>,
}

impl UserAttributes {
    /// What this add-on is told of this user; nothing where it asks for none of it.
    pub fn of(user: &User, addon: &Addon) -> Option<Arc<Self>> {
        let (headers, roles) = (&addon.headers, addon.authorization.roles.as_ref());
        let names = &headers.identity;
        // The way of most requests: nothing is looked up or copied for an add-on that wants none of it.
        let is_front = addon.authorization.front.is_some();
        if !is_front
            && headers.accounts.is_none()
            && roles.is_none()
            && names.groups.is_none()
            && names.is_admin.is_none()
            && headers.emails.is_none()
        {
            return None;
        }
        let email = headers.emails.as_ref().and_then(|emails| email(user, emails));
        Some(Arc::new(Self {
            account: headers.accounts.as_ref().map(|accounts| account(user, accounts, email)),
            email: email.cloned(),
            role: roles.and_then(|roles| role(user, roles)).cloned(),
            // The same of their groups: what was shown of an entity that is none of theirs any more stays shown until
            // the browser asks anew.
            groups: (is_front || names.groups.is_some()).then(|| user.group_names.clone()),
            // At Home Assistant's front nobody is told so; but whether an exchange is filtered hangs on it, and one
            // that was opened as an administrator's must end when they are none any more.
            is_admin: (is_front || names.is_admin.is_some()).then(|| user.is_admin()),
        }))
    }

    /// The user name that the add-on is told.
    pub fn username<'a>(attributes: Option<&'a Self>, user: &'a User) -> Option<&'a str> {
        match attributes.and_then(|attributes| attributes.account.as_ref()) {
            Some(account) => account.as_deref(),
            None => user.username(),
        }
    }
}

/// The name of this user there. Whoever is not in the map has the name that the template makes, and none that the map
/// has for somebody: it would be that account.
fn account(user: &User, accounts: &Accounts, email: Option<&Arc<str>>) -> Option<Arc<str>> {
    if let Some((_, name)) = accounts.map.iter().find(|(key, _)| is_called(user, key)) {
        return Some(Arc::clone(name));
    }
    let made = filled(accounts.template.as_ref()?, user, email)?;
    // Case is compared loosely, as add-ons do that take `Frank` and `frank` for one user.
    let is_somebody_elses = accounts.map.iter().any(|(_, name)| name.to_lowercase() == made.to_lowercase());
    (!is_somebody_elses).then(|| made.into())
}

/// The first address that is theirs, by user name or id.
fn email<'a>(user: &User, emails: &'a Emails) -> Option<&'a Arc<str>> {
    emails.entries().find(|(key, _)| is_called(user, key)).map(|(_, email)| email)
}

fn filled(template: &UserTemplate, user: &User, email: Option<&Arc<str>>) -> Option<String> {
    let mut name = String::new();
    for piece in template.pieces() {
        name.push_str(match piece {
            UserPiece::Text(text) => text,
            UserPiece::Id => user.id.as_str(),
            UserPiece::Name => user.username()?,
            UserPiece::DisplayName => user.name.as_deref()?,
            UserPiece::Email => email?,
        });
    }
    Some(name)
}
