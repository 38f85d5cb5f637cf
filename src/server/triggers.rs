//! What makes the server read its configuration again, and what makes it stop: signals and changed files.
//!
//! Signals and changed files lead to reloads, and a signal to the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, MissedTickBehavior};

use super::Server;
use super::signals::{SignalAction, Signals};
use crate::workers::spawn_blocking;

/// Waits for SIGTERM or SIGINT; reloads meanwhile, on SIGHUP and when a file changed.
pub(super) async fn until_stopped(server: &Arc<Server>, signals: &mut Signals) {
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watched = ConfigFiles::default();
    let mut renewed = Instant::now();
    loop {
        // A reload is finished before the next signal is looked at: stopped in its middle, the process would drain with
        // half of two configurations.
        tokio::select! {
            asked = signals.heard() => match asked {
                SignalAction::Stop => return,
                // What was wrong is in the log, and what was right holds.
                SignalAction::Reload => drop(server.reload().await),
            },
            _ = looks.tick() => {
                server.end_trial_in_time().await;
                // Cloned, so that the lock is free while the disk is asked: a reload by signal takes it, too.
                let files = server.state.lock().await.files.clone();
                if watched.look(files).await {
                    let _ = server.reload().await;
                } else if renewed.elapsed() > BETWEEN_RENEWALS {
                    renewed = Instant::now();
                    let settings = Arc::clone(&server.gate.stages().settings);
                    if let Err(error) = server.reload_certificates(&settings).await {
                        tracing::error!(error = %crate::telemetry::chain(&error), "certificates could not be renewed");
                    }
                }
            }
        }
    }
}

/// How long a changed file stays unnoticed, at most: twice this, since a change is taken up when the file has come to
/// rest.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// The development certificate is made anew some days before it ends.
const BETWEEN_RENEWALS: Duration = Duration::from_hours(24);

/// The files of the configuration, as they were when they were last looked at.
#[derive(Default)]
struct ConfigFiles {
    seen: FileState,
    moving: bool,
}

type FileState = BTreeMap<PathBuf, Option<(SystemTime, u64, u64)>>;

impl ConfigFiles {
    /// Whether they have changed and have come to rest since: a file that is being written is not read. A file that is
    /// on the list for the first time has been read just now, and counts from here on.
    async fn look(&mut self, files: Vec<PathBuf>) -> bool {
        let looking = spawn_blocking(move || files.into_iter().map(|file| (stamp(&file), file)).collect());
        let Ok(stamps): Result<Vec<_>, _> = looking.await else { return false };
        let look: FileState = stamps.into_iter().map(|(stamp, file)| (file, stamp)).collect();
        let changed = look.iter().any(|(file, stamp)| self.seen.get(file).is_some_and(|before| before != stamp));
        // Editors write in several steps. A file is taken when two looks in a row find it the same.
        let rested = self.moving && !changed;
        self.moving = changed;
        self.seen = look;
        rested
    }
}

fn stamp(file: &PathBuf) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(file).ok()?;
    // The inode too: a file that is replaced by renaming may have the same length and, with coarse clocks, the same
    // time.
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}
