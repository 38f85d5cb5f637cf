//! What an add-on would be told of the user besides who they are, as programs and people read it.

use serde::Serialize;

use crate::authorization::UserAttributes;

/// What it would be told; a key is null where it is told nothing of the kind.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// The name that the add-on has for the user; null as well where it has none for them.
    pub(crate) account: Option<String>,
    /// Whether it has names of its own.
    #[serde(skip)]
    has_accounts: bool,
    pub(crate) role: Option<String>,
    pub(crate) group_names: Option<Vec<String>>,
    pub(crate) is_admin: Option<bool>,
    pub(crate) email: Option<String>,
}

impl Told {
    pub(super) fn of(attributes: &UserAttributes) -> Self {
        let text = |text: &std::sync::Arc<str>| text.to_string();
        Self {
            account: attributes.account.as_ref().and_then(|account| account.as_ref().map(text)),
            has_accounts: attributes.account.is_some(),
            role: attributes.role.as_ref().map(text),
            group_names: attributes.groups.as_ref().map(|names| names.iter().map(text).collect()),
            is_admin: attributes.is_admin,
            email: attributes.email.as_ref().map(text),
        }
    }

    /// The same in words, each with what it is about.
    pub(crate) fn parts(&self) -> Vec<String> {
        let account = self.has_accounts.then(|| match &self.account {
            Some(account) => format!("the user name {account}"),
            None => "no user name".to_owned(),
        });
        let role = self.role.as_ref().map(|role| format!("the role {role}"));
        let groups = self.group_names.as_ref().map(|names| match names.as_slice() {
            [] => "no groups".to_owned(),
            names => format!("the groups {}", names.join(", ")),
        });
        let admin = self.is_admin.map(|is| if is { "an administrator" } else { "no administrator" }.to_owned());
        let email = self.email.as_ref().map(|email| format!("the address {email}"));
        [account, role, groups, admin, email].into_iter().flatten().collect()
    }
}
