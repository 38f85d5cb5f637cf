//! Which configuration a start serves: the file, or the last confirmed one.
//!
//! A trial that was begun by an earlier process goes on, or is over. Nothing is written here: another process may be
//! serving this very configuration.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::kept::{Fingerprint, KeptError, KeptFiles, Record, TrialRecord};
use super::{ConfigTrial, TrialPhase};
use crate::clock::Timestamp;
use crate::config::{self, Diagnostics, Loaded, World};

/// A configuration to start with, and how it stands with its trial.
#[derive(Debug)]
pub struct Start {
    /// The configuration.
    pub loaded: Loaded,
    pub(crate) trial: ConfigTrial,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum StartChoiceError {
    /// What is to be served has mistakes.
    #[error("{0}")]
    Mistakes(Box<Diagnostics>),
    /// There is no configuration to go back to.
    #[error(
        "there is nothing to go back to: no configuration was served and kept in `{folder}` yet\nhint: start the last \
         good configuration once without `--trial`; if the file has another `state_dir` than before, take that change out: \
         a trial cannot move it"
    )]
    NothingKept {
        /// Where it would be.
        folder: String,
    },
    /// What is kept cannot be used.
    #[error("the last confirmed configuration cannot be used")]
    Kept(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<KeptError> for StartChoiceError {
    fn from(error: KeptError) -> Self {
        Self::Kept(Box::new(error))
    }
}

impl From<Diagnostics> for StartChoiceError {
    fn from(found: Diagnostics) -> Self {
        Self::Mistakes(Box::new(found))
    }
}

/// Chooses what to serve. `asked` is for how long the file is to be on trial.
pub fn choose(
    file: &Path,
    asked: Option<Duration>,
    world: &dyn World,
    now: Timestamp,
) -> Result<Start, StartChoiceError> {
    let Some(glance) = config::glance(file) else { return plain(file, world) };
    let (files, found) = (KeptFiles::new(glance.state_dir), Fingerprint::of(&glance.text));
    // The file was on trial and moved `state_dir`, which was refused: it is not served by a restart either.
    if let Some((files, record)) = files.noted() {
        let is_on_trial = match &record.trial {
            Some(TrialRecord::Running { .. }) => true,
            Some(TrialRecord::TakenBack { refused }) => *refused == found,
            None => false,
        };
        if is_on_trial {
            return taken_back(file, files, &record, found, world);
        }
    }
    let record = match files.record() {
        Ok(record) => record,
        // Without a trial the file is what the operator wants; with one there would be no way back.
        Err(_) if asked.is_none() => return plain(file, world),
        Err(error) => return Err(error.into()),
    };
    let Some(record) = record else {
        return if asked.is_none() { plain(file, world) } else { Err(nothing_kept(&files)) };
    };
    match &record.trial {
        // Confirmed, and the end of the process came between the two files.
        Some(TrialRecord::Running { .. }) if files.was_keeping(&found, &record) => plain(file, world),
        Some(TrialRecord::TakenBack { refused }) if *refused == found => taken_back(file, files, &record, found, world),
        Some(TrialRecord::Running { until, length }) => {
            let left = remaining(*until, *length, now);
            if left.is_zero() {
                return taken_back(file, files, &record, found, world);
            }
            // The file may have any mistake since: then there is nothing that could still be confirmed.
            match on_trial(file, files.clone(), &record, left, world, now) {
                Err(StartChoiceError::Mistakes(_)) => taken_back(file, files, &record, found, world),
                chosen => chosen,
            }
        }
        _ => match asked {
            Some(length) => on_trial(file, files, &record, length, world, now),
            None => plain(file, world),
        },
    }
}

/// What is left of a trial. A clock that was set back makes none longer than it was to be.
fn remaining(until: u64, length: u64, now: Timestamp) -> Duration {
    Timestamp::from_millis(until).saturating_since(now).min(Duration::from_millis(length))
}

fn plain(file: &Path, world: &dyn World) -> Result<Start, StartChoiceError> {
    let loaded = config::load(file, world)?;
    Ok(Start { trial: ConfigTrial::confirmed(&loaded.text, &loaded.settings.state_dir), loaded })
}

fn on_trial(
    file: &Path,
    files: KeptFiles,
    record: &Record,
    length: Duration,
    world: &dyn World,
    now: Timestamp,
) -> Result<Start, StartChoiceError> {
    let confirmed = files.text(record)?.ok_or_else(|| nothing_kept(&files))?;
    // A way back that does not hold is none. Its warnings were shown when it was confirmed.
    let _holds = config::load_kept(file, &files.text_path(), &confirmed, world)?;
    let loaded = config::load(file, world)?;
    let until = now.saturating_add(length);
    let standing = TrialPhase::OnTrial { until, deadline: Instant::now() + length, length };
    let in_force = Fingerprint::of(&loaded.text);
    Ok(Start { loaded, trial: ConfigTrial { files, standing, confirmed, in_force } })
}

fn taken_back(
    file: &Path,
    files: KeptFiles,
    record: &Record,
    found: Fingerprint,
    world: &dyn World,
) -> Result<Start, StartChoiceError> {
    let confirmed = files.text(record)?.ok_or_else(|| nothing_kept(&files))?;
    let loaded = config::load_kept(file, &files.text_path(), &confirmed, world)?;
    let standing = TrialPhase::after(found, &confirmed);
    let in_force = Fingerprint::of(&loaded.text);
    Ok(Start { loaded, trial: ConfigTrial { files, standing, confirmed, in_force } })
}

fn nothing_kept(files: &KeptFiles) -> StartChoiceError {
    StartChoiceError::NothingKept { folder: files.folder().display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_trial_is_never_more_than_it_was_to_be() {
        let at = Timestamp::from_millis;
        assert_eq!(remaining(1_000, 600, at(900)), Duration::from_millis(100));
        assert_eq!(remaining(1_000, 600, at(1_000)), Duration::ZERO);
        assert_eq!(remaining(1_000, 600, at(5_000)), Duration::ZERO);
        assert_eq!(remaining(1_000, 600, at(0)), Duration::from_millis(600), "the clock was set back");
    }
}
