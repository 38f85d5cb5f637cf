//! A configuration on trial: it is taken back unless the operator confirms it in time.
//!
//! While a trial goes on, whatever the file becomes is on trial, and the last confirmed configuration is the way back.
//! After it was taken back, the file is not read again before its text changes. Both hold over a restart.

mod kept;
mod start;

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

pub(super) use kept::KeptError;
use kept::{Fingerprint, KeptFiles, TrialRecord};
pub use start::{Start, StartChoiceError, choose};

use super::this_world::ThisWorld;
use crate::clock::Timestamp;
use crate::config::{self, Loaded, Purpose};
use crate::operations::ConfigurationState;
use crate::secret::Secret;

/// How it stands with the configuration that is in force.
#[derive(Debug, Clone)]
pub(crate) struct ConfigTrial {
    files: KeptFiles,
    standing: TrialPhase,
    /// The text that was confirmed last: the way back.
    confirmed: Secret<String>,
    /// The text that is in force.
    in_force: Fingerprint,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TrialPhase {
    /// What is in force is what was confirmed.
    Confirmed,
    /// The file is served, and nobody has confirmed it.
    OnTrial { until: Timestamp, deadline: Instant, length: Duration },
    /// The file has a text that nobody has confirmed in time, and is not read before it changes. `failed` says since
    /// when the last confirmed configuration cannot be put in force, so that the other one still is.
    TakenBack { refused: Fingerprint, failed: Option<Instant> },
}

/// How it stood before a trial was begun.
pub(super) struct Before(TrialPhase);

/// Why what is in force was not confirmed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfirmError {
    /// There is no trial.
    #[error("nothing is on trial")]
    NoTrial,
    /// The file has changed, and was not put in force.
    #[error(
        "the file is not what is served: correct it, or wait until it was read (`vestibule reload` says what is wrong)"
    )]
    NotInForce,
    /// The record cannot be written.
    #[error("what is confirmed cannot be kept")]
    Kept(#[from] KeptError),
}

impl TrialPhase {
    /// After a trial that was not confirmed, when the file has this text.
    fn after(found: Fingerprint, confirmed: &Secret<String>) -> Self {
        if found == Fingerprint::of(confirmed) {
            // The operator has put the old file back already.
            Self::Confirmed
        } else {
            Self::TakenBack { refused: found, failed: None }
        }
    }

    fn recorded(&self) -> Option<TrialRecord> {
        match self {
            Self::Confirmed => None,
            Self::OnTrial { until, length, .. } => Some(TrialRecord::Running {
                until: until.as_millis(),
                length: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
            }),
            Self::TakenBack { refused, .. } => Some(TrialRecord::TakenBack { refused: refused.clone() }),
        }
    }
}

impl ConfigTrial {
    /// A configuration that is served for good.
    fn confirmed(text: &Secret<String>, state_dir: &Path) -> Self {
        Self {
            files: KeptFiles::new(state_dir.to_owned()),
            standing: TrialPhase::Confirmed,
            confirmed: text.clone(),
            in_force: Fingerprint::of(text),
        }
    }

    /// Reads what a reload is to put in force: the file, unless it still has the text that was taken back.
    pub(super) fn source(&self) -> Source {
        let refused = match &self.standing {
            TrialPhase::TakenBack { refused, .. } => Some(refused.clone()),
            TrialPhase::Confirmed | TrialPhase::OnTrial { .. } => None,
        };
        Source { refused, kept: self.files.clone(), confirmed: self.confirmed.clone() }
    }

    /// Why a configuration cannot be put in force at this moment, if so.
    pub(super) fn objection(&self, loaded: &Loaded, control: &Path) -> Option<&'static str> {
        let on_trial = matches!(self.standing, TrialPhase::OnTrial { .. });
        // With these the record of the trial, and whoever wants to confirm it, would look elsewhere.
        if on_trial && loaded.settings.state_dir != self.files.folder() {
            // A start looks where the file says: without a word there it would serve what nobody has confirmed.
            if let Err(error) = self.files.note_in(&loaded.settings.state_dir) {
                tracing::error!(why = %crate::telemetry::chain(&error), "a restart may forget that the file is on trial");
            }
            return Some("state_dir");
        }
        (on_trial && loaded.settings.listen.control != control).then_some("listen.control")
    }

    /// A configuration was put in force. One that was read from the file is confirmed, unless it is on trial.
    pub(super) fn put_in_force(
        &mut self,
        text: &Secret<String>,
        state_dir: &Path,
        from: Origin,
    ) -> Result<(), KeptError> {
        self.in_force = Fingerprint::of(text);
        match (&mut self.standing, from) {
            (TrialPhase::OnTrial { .. }, _) | (TrialPhase::Confirmed, Origin::Kept) => return Ok(()),
            (TrialPhase::TakenBack { failed, .. }, Origin::Kept) => {
                *failed = None;
                return Ok(());
            }
            (TrialPhase::Confirmed | TrialPhase::TakenBack { .. }, Origin::File) => {}
        }
        *self = Self::confirmed(text, state_dir);
        self.keep()
    }

    /// Writes it down for a restart.
    pub(super) fn keep(&self) -> Result<(), KeptError> {
        self.files.keep(&self.confirmed, self.standing.recorded())
    }

    /// Whether the file is on trial.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.standing, TrialPhase::OnTrial { .. })
    }

    /// Begins a trial, or another one with the same way back. What it hands out is for [`Self::restore`].
    pub(super) fn begin(&mut self, now: Timestamp, length: Duration) -> (Timestamp, Before) {
        let until = now.saturating_add(length);
        let standing = TrialPhase::OnTrial { until, deadline: Instant::now() + length, length };
        (until, Before(std::mem::replace(&mut self.standing, standing)))
    }

    /// A trial could not be begun: it stands as before.
    pub(super) fn restore(&mut self, before: Before) {
        self.standing = before.0;
    }

    /// Confirms what is in force, if the file has it: `text` is what it has.
    pub(super) fn confirm(&mut self, text: Option<Secret<String>>) -> Result<(), ConfirmError> {
        if !self.is_running() {
            return Err(ConfirmError::NoTrial);
        }
        let text = text.filter(|text| Fingerprint::of(text) == self.in_force).ok_or(ConfirmError::NotInForce)?;
        // Kept first: were the trial over only in memory, a restart would take back what was confirmed.
        self.files.keep(&text, None)?;
        (self.standing, self.confirmed) = (TrialPhase::Confirmed, text);
        Ok(())
    }

    /// The trial is over, or a try to put the last confirmed configuration in force is repeated. `found` is what the
    /// file has.
    pub(super) fn end(&mut self, found: Option<&Secret<String>>) {
        // After a try that failed, a file that has changed since is taken up by the next reload.
        if self.is_running() {
            // One that cannot be read at this moment must not come back as if it were another one.
            let refused = found.map_or_else(|| self.in_force.clone(), Fingerprint::of);
            self.standing = TrialPhase::after(refused, &self.confirmed);
        }
    }

    /// The last confirmed configuration could not be put in force.
    pub(super) fn has_failed(&mut self) {
        let refused = match &self.standing {
            TrialPhase::TakenBack { refused, .. } => refused.clone(),
            TrialPhase::Confirmed | TrialPhase::OnTrial { .. } => Fingerprint::of(&self.confirmed),
        };
        self.standing = TrialPhase::TakenBack { refused, failed: Some(Instant::now()) };
    }

    /// Whether it has to be taken back now: its time is over, or the last try has failed a while ago.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        match &self.standing {
            TrialPhase::Confirmed => false,
            // By either clock: a time of day that is set forward ends a trial early, and no setting makes it longer.
            TrialPhase::OnTrial { until, deadline, .. } => Instant::now() >= *deadline || now >= *until,
            TrialPhase::TakenBack { failed, .. } => failed.is_some_and(|since| since.elapsed() >= BETWEEN_TRIES),
        }
    }

    /// The state for `/readyz`, `vestibule status` and the metric, and what to say of it.
    pub(super) fn state(&self) -> (ConfigurationState, Option<String>) {
        match &self.standing {
            TrialPhase::Confirmed => (ConfigurationState::Confirmed, None),
            TrialPhase::OnTrial { until, .. } => (
                ConfigurationState::OnTrial,
                Some(format!("taken back at {until} unless it is confirmed: `vestibule reload --confirm`")),
            ),
            TrialPhase::TakenBack { failed: None, .. } => (
                ConfigurationState::TakenBack,
                Some(format!(
                    "the file was not confirmed in time: `{}` is served until the file changes",
                    self.files.text_path().display()
                )),
            ),
            TrialPhase::TakenBack { failed: Some(_), .. } => (
                ConfigurationState::Stuck,
                Some(format!(
                    "the file was not confirmed in time and is still served: `{}` cannot be put in force, the log says \
                     why",
                    self.files.text_path().display()
                )),
            ),
        }
    }
}

/// Where a configuration was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Kept,
}

/// What a reload reads.
pub(super) struct Source {
    refused: Option<Fingerprint>,
    kept: KeptFiles,
    confirmed: Secret<String>,
}

impl Source {
    /// Reads the file, or the last confirmed configuration while the file is what was taken back.
    pub(super) fn load(&self, file: &Path) -> Result<(Loaded, Origin), config::Diagnostics> {
        // One that cannot be read is no other text either: what is in force stays.
        let is_refused = self
            .refused
            .as_ref()
            .is_some_and(|refused| text_of(file).is_none_or(|found| Fingerprint::of(&found) == *refused));
        if is_refused { self.load_kept(file) } else { Ok((config::load(file, &WORLD)?, Origin::File)) }
    }

    fn load_kept(&self, file: &Path) -> Result<(Loaded, Origin), config::Diagnostics> {
        Ok((config::load_kept(file, &self.kept.text_path(), &self.confirmed, &WORLD)?, Origin::Kept))
    }
}

/// The file's text, where it can be read.
pub(super) fn text_of(file: &Path) -> Option<Secret<String>> {
    config::glance(file).map(|glance| glance.text)
}

const WORLD: ThisWorld = ThisWorld(Purpose::Serve);

/// How long until a last confirmed configuration that could not be put in force is tried again.
const BETWEEN_TRIES: Duration = Duration::from_secs(15);
