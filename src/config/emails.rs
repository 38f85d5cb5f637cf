//! `emails` under `[home_assistant]`: the addresses of users, which Home Assistant does not know.

use std::sync::Arc;

/// The addresses of users; no two have the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Emails(Vec<(String, Arc<str>)>);

impl Emails {
    pub(super) fn new(entries: Vec<(String, Arc<str>)>) -> Self {
        Self(entries)
    }

    /// A user name or id, and the address of that user, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.0.iter().map(|(user, email)| (user.as_str(), email))
    }

    /// Whether no address is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
