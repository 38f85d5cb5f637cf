//! The add-on that asks, together with what it is granted: made from the configuration and what an operator decided, it
//! is the one thing that answers are judged by. What its manifest asks for never counts.

use std::sync::Arc;

use crate::addon_rights::protection::Granted;
use crate::addon_rights::state::AddonStates;
use crate::config::Addon;
use crate::manifest::Role;

/// An add-on that asks, judged once for each call.
#[derive(Debug, Clone)]
pub(super) struct AddonCaller {
    addon: Arc<Addon>,
    granted: Granted,
}

impl AddonCaller {
    /// What the add-on is granted at this moment.
    pub(super) fn new(addon: Arc<Addon>, addon_states: &AddonStates) -> Self {
        let granted = Granted::new(&addon.package.rights, addon_states.protection(&addon.slug));
        Self { addon, granted }
    }

    pub(super) fn addon(&self) -> &Arc<Addon> {
        &self.addon
    }

    pub(super) fn slug(&self) -> &str {
        self.addon.slug.as_str()
    }

    pub(super) fn granted(&self) -> &Granted {
        &self.granted
    }

    /// Whether it sees the options of `slug`: its own, and with one of two roles those of all (case 76).
    pub(super) fn sees_options_of(&self, slug: &str) -> bool {
        let manages = matches!(self.granted.role(), Some(Role::Manager | Role::Admin));
        manages || slug == "self" || slug == self.slug()
    }
}
