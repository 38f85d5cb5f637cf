//! What is asked of the world when a configuration is verified: it reads neither certificates nor Home Assistant's
//! files itself.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::client_auth::ClientTrust;
use super::config_test::{ConfigTest, Outcome};
use super::home::HomeApi;
use super::nearest::nearest;
use super::settings::Settings;
use crate::permission::Registry;

/// Answers what a configuration cannot know by itself. By default nothing is known, and nothing is objected to.
pub trait World {
    /// What the configuration is verified for.
    fn purpose(&self) -> Purpose {
        Purpose::Check
    }

    /// Why a chain and a key (paths, in this order) cannot be used together, or which hosts the certificate covers,
    /// where that is known.
    fn check_certificate(&self, _chain: &Path, _key: &Path) -> Result<Option<CoveredHosts>, CertificateTrouble> {
        Ok(None)
    }

    /// Whether clients refuse the certificate of this chain without an OCSP response in the handshake; and then whether
    /// one can be had, or why not.
    fn must_staple(&self, _chain: &Path) -> Option<Result<(), WorldError>> {
        None
    }

    /// Why a PEM text cannot be used as a list of authorities.
    fn check_authorities(&self, _pem: &[u8]) -> Result<(), WorldError> {
        Ok(())
    }

    /// Why client certificates cannot be judged by these, and whether that is about the revocation lists; or what is to
    /// be said of them all the same, in the same form.
    fn check_client_trust(&self, _trust: &ClientTrust) -> Result<Vec<(bool, String)>, (bool, WorldError)> {
        Ok(Vec::new())
    }

    /// Why nobody could serve at this address now. `control` is the socket at which a process that serves this
    /// configuration answers: an address that it has already is no trouble. For a process that serves, it is not asked.
    fn check_address(&self, _address: SocketAddr, _control: &Path) -> Result<(), AddressTrouble> {
        Ok(())
    }

    /// Why what is to be at this path could not be made or changed.
    fn check_writable(&self, _path: &Path) -> Result<(), WorldError> {
        Ok(())
    }

    /// What is wrong with a Home Assistant that is to answer. For a process that serves, it is not asked.
    fn ask_home_assistant(&self, _api: &HomeApi) -> Result<(), ApiTrouble> {
        Ok(())
    }

    /// Who and what is known in Home Assistant's configuration folder. Without an answer, neither `access` nor groups
    /// are compared with anything.
    fn known(&self, _config_dir: &Path) -> Option<Result<Known, WorldError>> {
        None
    }

    /// Decides the cases of `[[test]]` with these settings and Home Assistant's files as they are, in order; or says
    /// why nothing can be decided. Without an answer, they are read and not tried.
    fn decide(&self, _settings: &Settings, _tests: &[ConfigTest]) -> Option<Result<Vec<Outcome>, WorldError>> {
        None
    }
}

/// What a configuration is verified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody asks whether it holds.
    Check,
    /// A process will serve it: Home Assistant's files that cannot be read just now are no mistake of the
    /// configuration, and the process says so itself until they can.
    Serve,
}

/// Nothing but the files that the configuration names.
#[derive(Debug, Clone, Copy, Default)]
pub struct FilesAlone;

impl World for FilesAlone {}

/// Whether a certificate covers a host.
pub type CoveredHosts = Box<dyn Fn(&str) -> bool>;

/// Whatever the world says; shown with its causes, on one line.
pub type WorldError = Box<dyn Error + Send + Sync>;

/// What is wrong with an address that is to be listened on.
#[derive(Debug)]
pub struct AddressTrouble {
    /// What.
    pub what: String,
    /// Whether a start would fail of it, as far as that can be told.
    pub is_certain: bool,
    /// What to do about it.
    pub hint: &'static str,
}

/// What is wrong with a chain and a key.
#[derive(Debug)]
pub struct CertificateTrouble {
    /// What.
    pub why: WorldError,
    /// What to do about it.
    pub hint: String,
}

/// What is wrong with a Home Assistant that was asked.
#[derive(Debug)]
pub struct ApiTrouble {
    /// What.
    pub why: WorldError,
    /// What to do about it.
    pub hint: &'static str,
}

/// What Home Assistant's files say, for comparison with `access` and with the groups of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Ids of groups.
    pub groups: BTreeSet<String>,
    /// User names and user ids.
    pub users: BTreeSet<String>,
    /// What people see instead: a group's or a user's shown name, and the id or user name that is meant by it.
    pub shown_names: Vec<(String, String)>,
    /// Its entities, devices, areas and labels; none when they cannot be read.
    pub registry: Option<Arc<Registry>>,
    /// Whether it says in which time zone it is.
    pub has_time_zone: bool,
    /// What is wrong with its other files, each in one line; warned about, because who may sign in does not depend on
    /// them.
    pub problems: Vec<String>,
}

impl Known {
    /// Which of `ids` somebody means who writes this: the one that is shown so, or the nearest.
    pub(super) fn meant<'a>(&'a self, text: &str, ids: &'a BTreeSet<String>) -> Option<&'a str> {
        let is_shown_so =
            |(shown, id): &&(String, String)| ids.contains(id) && shown.to_lowercase() == text.trim().to_lowercase();
        let shown = self.shown_names.iter().find(is_shown_so).map(|(_, id)| id.as_str());
        shown.or_else(|| nearest(text, ids.iter().map(String::as_str)))
    }
}
