//! `[home_assistant]`: where Home Assistant's files are, and where it listens.

use crate::ids::{HomeUrl, TimeZone};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::secret_text::SecretText;
use super::trust::Trust;

/// `[home_assistant]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeAssistant {
    /// Where users, groups and registries come from.
    pub source: HomeSource,
    /// Where it listens: for people who sign in there, and always when there are no files.
    pub api: Option<HomeApi>,
    /// In which zone hours are meant, when the configuration says so; else Home Assistant does.
    pub time_zone: Option<TimeZone>,
    /// How old the last good copy may get, while it cannot be renewed, before everybody is refused.
    pub max_stale: Duration,
}

/// Where users, groups and registries come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HomeSource {
    /// The configuration folder: `.storage` is in it.
    Files(PathBuf),
    /// The API alone, with the long-lived token of an administrator. It knows no policies of groups.
    Api(SecretText),
}

impl HomeAssistant {
    /// The configuration folder, if it can be read.
    pub fn config_dir(&self) -> Option<&Path> {
        match &self.source {
            HomeSource::Files(config_dir) => Some(config_dir),
            HomeSource::Api(_) => None,
        }
    }
}

/// Home Assistant's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeApi {
    /// Where vestibule reaches it.
    pub url: HomeUrl,
    /// Whose certificate it must show, when the URL is `https`.
    pub trust: Trust,
    /// Where browsers reach it.
    pub browser_url: HomeUrl,
    /// Whether it is told the browser's address, in `X-Forwarded-For`.
    pub forward_address: bool,
}
