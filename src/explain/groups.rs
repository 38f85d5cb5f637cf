//! The groups of a user, and whose policies count.

use serde::Serialize;

use crate::config::GroupSource;

/// The groups that a user is in.
#[derive(Debug, Serialize)]
pub(crate) struct Groups<'a> {
    /// Home Assistant's groups.
    #[serde(rename = "groups")]
    pub(crate) home_assistant: Vec<Group<'a>>,
    /// The configured groups, by id.
    #[serde(rename = "configured_groups")]
    pub(crate) configured: Vec<&'a str>,
    /// As `[permissions] groups` says it.
    policies_of: &'static str,
    #[serde(skip)]
    source: GroupSource,
}

/// A group of Home Assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Group<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: Option<&'a str>,
}

impl<'a> Groups<'a> {
    /// These groups, where policies of `source` count.
    pub(crate) fn new(home_assistant: Vec<Group<'a>>, configured: Vec<&'a str>, source: GroupSource) -> Self {
        let policies_of = match source {
            GroupSource::HomeAssistant => "home-assistant",
            GroupSource::Config => "config",
            GroupSource::Both => "both",
        };
        Self { home_assistant, configured, policies_of, source }
    }

    /// Whether the policies of configured groups count, and with them labels and an entity's own area.
    pub(crate) fn count_configured(&self) -> bool {
        self.source.counts_configured()
    }

    /// Why there is no policy to speak for the user, when there is none.
    pub(crate) fn without_policy(&self) -> Option<&'static str> {
        let nothing_configured = self.configured.is_empty();
        match self.source {
            GroupSource::HomeAssistant if self.home_assistant.is_empty() => Some("the user is in no group"),
            GroupSource::Config if nothing_configured => {
                Some("the user is in no configured group, and only those count")
            }
            GroupSource::Both if self.home_assistant.is_empty() && nothing_configured => {
                Some("the user is in no group, configured or of Home Assistant")
            }
            GroupSource::HomeAssistant | GroupSource::Config | GroupSource::Both => None,
        }
    }
}
