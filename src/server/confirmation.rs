//! Begins, confirms and takes back trials of a configuration, and says how it stands.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::Server;
use super::reload::{ReloadError, ReloadState};
use super::trial::{ConfigTrial, ConfirmError, KeptError, text_of};
use crate::operations::ConfigurationState;
use crate::telemetry::{AuditEvent, TrialStep, chain};
use crate::workers::spawn_blocking;

/// Why a trial was not begun or taken back.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrialError {
    #[error("the last confirmed configuration cannot be kept, so that there would be no way back")]
    Kept(#[from] KeptError),
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    #[error(transparent)]
    Reload(#[from] ReloadError),
}

impl Server {
    /// The start has succeeded: what it serves is kept, and said.
    pub(super) async fn trial_at_start(self: &Arc<Self>) {
        let state = self.state.lock().await;
        if let Err(error) = state.trial.keep() {
            tracing::warn!(why = %chain(&error), "no copy of the configuration is kept, so that none can be on trial");
        }
        self.tell(&state.trial);
        match state.trial.state() {
            (ConfigurationState::Confirmed, _) => {}
            (ConfigurationState::OnTrial, note) => tracing::warn!("on trial: {}", note.unwrap_or_default()),
            (_, note) => tracing::error!("taken back: {}", note.unwrap_or_default()),
        }
    }

    /// Puts the file on trial, and whatever becomes of it until then.
    pub(super) async fn begin_trial(self: &Arc<Self>, length: Duration) -> Result<Vec<String>, TrialError> {
        let mut state = self.state.lock().await;
        let (until, before) = state.trial.begin(self.gate.services().clock.now(), length);
        // On disk before anything is put in force: a crash must find the way back.
        let begun = match state.trial.keep() {
            Ok(()) => self.reload_with(&mut state).await.map_err(TrialError::Reload),
            Err(error) => Err(error.into()),
        };
        match begun {
            Ok(mut remarks) => {
                remarks.insert(0, format!("on trial until {until}; `vestibule reload --confirm` keeps it"));
                tracing::warn!("on trial until {until}");
                self.step(TrialStep::Begun);
                self.tell(&state.trial);
                Ok(remarks)
            }
            Err(error) => {
                // What was in force still is.
                state.trial.restore(before);
                if let Err(error) = state.trial.keep() {
                    tracing::error!(why = %chain(&error), "the record of the trial cannot be taken back");
                }
                self.tell(&state.trial);
                Err(error)
            }
        }
    }

    /// Confirms what is in force.
    pub(super) async fn confirm_trial(self: &Arc<Self>) -> Result<(), TrialError> {
        let mut state = self.state.lock().await;
        let text = self.text_of_file().await?;
        state.trial.confirm(text)?;
        tracing::info!("the configuration was confirmed");
        self.step(TrialStep::Confirmed);
        self.tell(&state.trial);
        Ok(())
    }

    /// Takes back what is on trial, before its time is over.
    pub(super) async fn take_back(self: &Arc<Self>) -> Result<Vec<String>, TrialError> {
        let state = self.state.lock().await;
        if !state.trial.is_running() {
            return Err(ConfirmError::NoTrial.into());
        }
        self.back(state).await
    }

    /// Takes back what is on trial when its time is over.
    pub(super) async fn end_trial_in_time(self: &Arc<Self>) {
        let state = self.state.lock().await;
        if state.trial.is_due(self.gate.services().clock.now()) {
            // It is in the log.
            let _ = self.back(state).await;
        }
    }

    async fn back(self: &Arc<Self>, mut state: MutexGuard<'_, ReloadState>) -> Result<Vec<String>, TrialError> {
        let found = self.text_of_file().await?;
        state.trial.end(found.as_ref());
        // Before it is put in force: whatever happens, no start serves the unconfirmed one from here on.
        if let Err(error) = state.trial.keep() {
            tracing::error!(why = %chain(&error), "that the trial is over cannot be recorded: a restart may forget it");
        }
        let result = self.reload_with(&mut state).await;
        if result.is_ok() {
            tracing::error!("the configuration on trial was not confirmed, and was taken back");
            self.step(TrialStep::TakenBack);
        } else {
            state.trial.has_failed();
            tracing::error!("the last confirmed configuration cannot be put in force: the unconfirmed one is served");
            self.step(TrialStep::Stuck);
        }
        self.tell(&state.trial);
        result.map_err(TrialError::Reload)
    }

    async fn text_of_file(&self) -> Result<Option<crate::secret::Secret<String>>, TrialError> {
        let file = self.file.clone();
        Ok(spawn_blocking(move || text_of(&file)).await.map_err(ReloadError::Broken)?)
    }

    fn step(&self, step: TrialStep) {
        self.gate.services().telemetry.audit.write(&AuditEvent::Trial { step });
    }

    /// Says how it stands where operators look.
    pub(super) fn tell(&self, trial: &ConfigTrial) {
        let (state, note) = trial.state();
        self.gate.services().telemetry.metrics.configuration_state.set(state.number());
        self.readiness.set_configuration(state, note);
    }
}

/// A configuration on trial could not be started with: the next start serves the last confirmed one.
pub(super) fn end_at_start(file: &Path, mut trial: ConfigTrial) {
    if !trial.is_running() {
        return;
    }
    trial.end(text_of(file).as_ref());
    match trial.keep() {
        Ok(()) => tracing::error!("the next start serves the last confirmed configuration"),
        Err(error) => tracing::error!(why = %chain(&error), "that the trial is over cannot be recorded"),
    }
}
