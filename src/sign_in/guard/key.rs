//! What is counted together.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Whose;
use crate::budget::ClientPrefix;
use crate::home_assistant::one_spelling;

/// An address, or a user name from one address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    /// The address, or the first one of its /64.
    pub(super) address: IpAddr,
    /// The name in one spelling.
    pub(super) user: Option<String>,
}

impl Key {
    pub(super) fn address(client: IpAddr) -> Self {
        Self { address: ClientPrefix::from(client).address(), user: None }
    }

    pub(super) fn user(client: IpAddr, username: &str) -> Self {
        Self { user: Some(folded(username)), ..Self::address(client) }
    }

    pub(super) fn is_of(&self, whose: &Whose) -> bool {
        match whose {
            Whose::All => true,
            Whose::Address(address) => self.address == Self::address(*address).address,
            Whose::User(address, name) => *self == Self::user(*address, name),
        }
    }
}

/// Spellings that Home Assistant takes for one name count together; a long name is no way to fill the memory.
fn folded(username: &str) -> String {
    one_spelling(username).chars().take(64).collect()
}
