//! `[home_assistant.front]`: what Home Assistant's own front goes by besides its table of paths and of messages.

use std::collections::BTreeSet;

use super::path_pattern::PathPattern;

/// `[home_assistant.front]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Front {
    /// Types of WebSocket messages that pass for users who are held, unfiltered, besides those that pass for all.
    pub messages: BTreeSet<String>,
    /// Paths that are open to everybody besides those that Home Assistant's own pages need.
    pub open_paths: Vec<PathPattern>,
    /// Ids of webhooks that pass: whoever knows one acts with what its integration may do.
    pub webhooks: BTreeSet<String>,
}

/// The name of the front where add-ons have theirs: in logs, numbers and `explain`.
pub const FRONT: &str = "home_assistant";

/// The same for the add-ons in Home Assistant's own pages that no `[[addon]]` names.
pub const FRONT_ADDONS: &str = "home_assistant_addons";
