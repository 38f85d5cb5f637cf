//! What `/readyz` and `vestibule status` say: the state of each part.
//!
//! Each part reports its own state. The process starts not ready.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

/// The state of the process; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    state: Mutex<ReadinessState>,
    certificate_errors: Mutex<BTreeMap<String, String>>,
    configuration_note: Mutex<Option<String>>,
}

/// The state of each part at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadinessState {
    /// The users of Home Assistant.
    pub directory: DirectoryState,
    /// The registries of Home Assistant. Nobody needs them to sign in: the process is ready without them.
    pub registries: DirectoryState,
    /// Home Assistant's API. The process is ready without it: who has a session keeps it.
    #[serde(default)]
    pub home_assistant: ApiState,
    /// Where sessions are kept.
    pub session_store: SessionStoreState,
    /// The addresses that browsers reach.
    pub listeners: ListenersState,
    /// The certificates that browsers are shown.
    #[serde(default)]
    pub certificates: CertificatesState,
    /// Whether what is in force was confirmed.
    #[serde(default)]
    pub configuration: ConfigurationState,
    /// Whether the process is about to end.
    pub draining: bool,
}

/// The users of Home Assistant, or its registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryState {
    /// Never read, or too old to be relied on: without users everybody is refused, without registries what depends on
    /// an entity.
    #[default]
    Absent,
    /// The files cannot be read; the last good copy serves.
    Stale,
    /// The files were read fully, a moment ago.
    Good,
}

/// The state of Home Assistant's API, where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiState {
    /// The configuration names none.
    #[default]
    Unused,
    /// Nothing has been asked yet.
    Unasked,
    /// It answers, and takes our token.
    Good,
    /// It does not answer, or not as Home Assistant does.
    Unreachable,
    /// It answers 400 to everything, because it does not trust us with `X-Forwarded-For`.
    Untrusted,
    /// It does not take the long-lived token.
    TokenRefused,
}

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStoreState {
    /// The store is not opened yet.
    #[default]
    Closed,
    /// The store fails: sessions are served from memory. With a file they will not survive a restart, with a store that
    /// several proxies share nobody new is let in.
    Degraded,
    /// The store that several proxies share has been away for too long, or was never there: everybody is refused.
    Away,
    /// Sessions are stored as the configuration says.
    Good,
}

/// The addresses that browsers reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenersState {
    /// Not all bound yet.
    #[default]
    Closed,
    /// All addresses are bound.
    Open,
}

/// The certificates that browsers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificatesState {
    /// There is one for every name.
    #[default]
    Good,
    /// There is one for every name, and one that is ordered cannot be renewed: the last one serves.
    Failing,
    /// A name for which one is ordered has none yet: who asks for it is refused.
    Incomplete,
    /// There is none at all: everybody is refused.
    Absent,
}

/// Whether the configuration in force was confirmed. The process is ready in each of these states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationState {
    /// The file is served, for good.
    #[default]
    Confirmed,
    /// The file is served until it is confirmed or taken back.
    OnTrial,
    /// The file was not confirmed in time: the last confirmed configuration is served.
    TakenBack,
    /// The file was not confirmed in time and is still served, because the last confirmed configuration cannot be put
    /// in force.
    Stuck,
}

impl ConfigurationState {
    /// Its value as a metric.
    pub fn number(self) -> i64 {
        match self {
            Self::Confirmed => 0,
            Self::OnTrial => 1,
            Self::TakenBack => 2,
            Self::Stuck => 3,
        }
    }
}

impl ReadinessState {
    /// Whether requests are to be sent here. A store that has fallen back to memory and a copy that is a little old
    /// still serve.
    pub fn is_ready(&self) -> bool {
        self.directory != DirectoryState::Absent
            && !matches!(self.session_store, SessionStoreState::Closed | SessionStoreState::Away)
            && self.listeners == ListenersState::Open
            && self.certificates != CertificatesState::Absent
            && !self.draining
    }
}

impl Readiness {
    /// The state of all parts at this moment.
    pub fn state(&self) -> ReadinessState {
        *self.lock()
    }

    /// The users of Home Assistant have been read, or cannot be.
    pub fn set_directory(&self, to: DirectoryState) {
        self.lock().directory = to;
    }

    /// The registries of Home Assistant have been read, or cannot be.
    pub fn set_registries(&self, to: DirectoryState) {
        self.lock().registries = to;
    }

    /// Home Assistant's API has answered, or has not.
    pub fn set_home_assistant(&self, to: ApiState) {
        self.lock().home_assistant = to;
    }

    /// The session store has been opened, or has failed.
    pub fn set_session_store(&self, to: SessionStoreState) {
        self.lock().session_store = to;
    }

    /// The addresses are bound, or closed.
    pub fn set_listeners(&self, to: ListenersState) {
        self.lock().listeners = to;
    }

    /// Certificates are there, or not; and why not, by name.
    pub fn set_certificates(&self, to: CertificatesState, errors: BTreeMap<String, String>) {
        self.lock().certificates = to;
        *self.0.certificate_errors.lock() = errors;
    }

    /// Why certificates are not there or are not renewed, by name.
    pub fn certificate_errors(&self) -> BTreeMap<String, String> {
        self.0.certificate_errors.lock().clone()
    }

    /// Whether the configuration in force was confirmed; and what to do about it, if anything.
    pub fn set_configuration(&self, to: ConfigurationState, note: Option<String>) {
        self.lock().configuration = to;
        *self.0.configuration_note.lock() = note;
    }

    /// What to do about the configuration in force, if anything.
    pub fn configuration_note(&self) -> Option<String> {
        self.0.configuration_note.lock().clone()
    }

    /// The process is about to end; there is no way back.
    pub fn set_draining(&self) {
        self.lock().draining = true;
    }

    fn lock(&self) -> MutexGuard<'_, ReadinessState> {
        self.0.state.lock()
    }
}
