//! Whose groups say what users may do to entities, and the groups that stand in the configuration itself.

use std::sync::Arc;

use super::conditions::Conditions;
use crate::permission::ConfiguredPolicy;

/// `[permissions]` and `[[group]]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Whose policies count.
    pub source: GroupSource,
    /// `[[group]]`, in the order of the file. Those without a member in Home Assistant are there too.
    pub groups: Vec<ConfiguredGroup>,
}

/// `[permissions] groups`: whose policies count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupSource {
    /// Those of Home Assistant's groups.
    #[default]
    HomeAssistant,
    /// Those of the configured groups.
    Config,
    /// Those of both: the configured ones first, and Home Assistant's where they have no opinion.
    Both,
}

/// `[[group]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredGroup {
    /// Its id, unique, and not that of a group in Home Assistant.
    pub id: Arc<str>,
    /// Who is in it: user names or user ids.
    pub members: Vec<String>,
    /// What it says about entities; a group without a policy says nothing.
    pub policy: ConfiguredPolicy,
    /// The circumstances in which a membership counts.
    pub conditions: Conditions,
}

impl GroupSource {
    /// Whether the policies of Home Assistant's groups count.
    pub fn counts_home_assistant(self) -> bool {
        matches!(self, Self::HomeAssistant | Self::Both)
    }

    /// Whether the policies of the configured groups count.
    pub fn counts_configured(self) -> bool {
        matches!(self, Self::Config | Self::Both)
    }
}

impl ConfiguredGroup {
    /// Whether somebody with this id and these user names is a member.
    pub fn has(&self, id: &str, usernames: &[String]) -> bool {
        self.members.iter().any(|member| member == id || usernames.contains(member))
    }
}
