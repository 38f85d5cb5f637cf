//! What people choose on the add-on's page in Home Assistant: the Supervisor writes it to `/data/options.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The options, as packaging/addon/vestibule/config.yaml declares them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What browsers call vestibule, as in `https://home.example:8443`.
    pub public_url: Option<String>,
    /// The certificate's chain, below `/ssl`; without it, one of our own.
    pub certfile: Option<String>,
    /// Its key, below `/ssl`.
    pub keyfile: Option<String>,
    /// Home Assistant's own address for browsers: with it, people may sign in on its page too.
    pub home_assistant_url: Option<String>,
    /// The host by which Home Assistant itself is reached through vestibule, held to what its users may do.
    pub front_host: Option<String>,
    /// Only the add-ons that are listed get a route.
    pub only_listed: bool,
    /// What is said of single add-ons.
    pub addons: Vec<AddonOptions>,
    /// `info`, or more of it.
    pub log_level: Option<String>,
}

/// What is said of one add-on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddonOptions {
    /// Its slug, as the Supervisor has it.
    pub slug: String,
    /// It gets no route.
    pub hide: bool,
    /// The path that browsers find it under.
    pub path: Option<String>,
    /// A host of its own.
    pub host: Option<String>,
    /// Whether it is for administrators alone; yes, unless it is said.
    pub admin_only: Option<bool>,
    /// Who else must be named to open it: user names.
    pub users: Vec<String>,
    /// The same: ids of groups.
    pub groups: Vec<String>,
}

/// Why there are no options.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not what the Supervisor writes.
    #[error("`{}` has no options of this add-on", path.display())]
    NotOptions {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Options {
    /// Reads them.
    pub fn read(path: &Path) -> Result<Self, OptionsError> {
        let text = fs::read(path).map_err(|source| OptionsError::Unreadable { path: path.to_owned(), source })?;
        serde_json::from_slice(&text).map_err(|source| OptionsError::NotOptions { path: path.to_owned(), source })
    }

    /// What is said of this add-on.
    pub(super) fn of(&self, slug: &str) -> Option<&AddonOptions> {
        self.addons.iter().find(|addon| addon.slug == slug)
    }
}
