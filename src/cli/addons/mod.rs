//! `vestibule addons`: what add-ons ask for and are granted, and what an operator decides about them.
//!
//! What is to be shown is read from the configuration and from what is kept, so that it needs no running vestibule;
//! what is to be changed is asked of the running one, which alone writes. A token is printed when it is made and never
//! again.

mod change;
mod compose;
mod show;

use std::path::Path;

pub(super) use change::{protect, token};
pub(super) use compose::{compose, options};
pub(super) use show::{list, show};

use super::output::{Exit, Output};
use crate::addon_rights::protection::Granted;
use crate::addon_rights::state::AddonStates;
use crate::config::{self, Addon, FilesAlone, Settings};
use crate::telemetry::chain;

/// The configuration and what is kept, as they are on disk.
struct Installed {
    settings: Settings,
    addon_states: AddonStates,
}

impl Installed {
    /// Reads both, and says what is wrong with them.
    fn read(file: &Path, output: &mut Output<'_>) -> Result<Self, Exit> {
        let settings = match config::load(file, &FilesAlone) {
            Ok(loaded) => loaded.settings,
            Err(found) => {
                output.notice(&found.render(output.styling()));
                return Err(Exit::Mistaken);
            }
        };
        let addon_states = AddonStates::open(&settings.supervisor.state);
        // Shown as it counts, protected and without a token, it would look like what an operator has decided.
        if let Some(error) = addon_states.broken() {
            output.notice(&format!("error: {}\n", chain(&*error)));
            return Err(Exit::Failed);
        }
        Ok(Self { settings, addon_states })
    }

    /// The add-on of this name.
    fn addon(&self, slug: &str, output: &mut Output<'_>) -> Result<&Addon, Exit> {
        let found = self.settings.addons.iter().find(|addon| addon.slug.as_str() == slug);
        found.map(AsRef::as_ref).ok_or_else(|| {
            output.notice(&format!("error: there is no add-on `{}`\n", slug.escape_debug()));
            Exit::Mistaken
        })
    }

    fn granted(&self, addon: &Addon) -> Granted {
        Granted::new(&addon.package.rights, self.addon_states.protection(&addon.slug))
    }
}
