//! What makes the server read its configuration again, and what makes it stop: signals and changed files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior};

use super::Server;

/// Waits for SIGTERM or SIGINT; reloads meanwhile, on SIGHUP and when a file changed.
pub(super) async fn until_stopped(server: &Arc<Server>) {
    server.begin_accepting();
    server.watch_home(&mut *server.state.lock().await);
    let (mut terminate, mut interrupt, mut hang_up) = (
        Listening::new(SignalKind::terminate()),
        Listening::new(SignalKind::interrupt()),
        Listening::new(SignalKind::hangup()),
    );
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watched = Watched::default();
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = terminate.heard() => return,
            () = interrupt.heard() => return,
            () = hang_up.heard() => {
                // What was wrong is in the log, and what was right holds.
                let _ = server.reload().await;
            }
            _ = looks.tick() => {
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

/// How long a changed file stays unnoticed, at most: twice this, since a change is taken up when the file has come to rest.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// The development certificate is made anew some days before it ends.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(24 * 60 * 60);

/// A second signal, for those who cannot wait for the drain.
pub(super) async fn impatience() {
    let (mut terminate, mut interrupt) =
        (Listening::new(SignalKind::terminate()), Listening::new(SignalKind::interrupt()));
    tokio::select! {
        () = terminate.heard() => {}
        () = interrupt.heard() => {}
    }
}

struct Listening(Option<Signal>);

impl Listening {
    fn new(kind: SignalKind) -> Self {
        let listening = signal(kind);
        if let Err(error) = &listening {
            tracing::error!(%error, ?kind, "cannot listen for a signal");
        }
        Self(listening.ok())
    }

    async fn heard(&mut self) {
        match &mut self.0 {
            Some(signal) => match signal.recv().await {
                Some(()) => {}
                None => std::future::pending().await,
            },
            None => std::future::pending().await,
        }
    }
}

/// The files of the configuration, as they were when they were last looked at.
#[derive(Default)]
struct Watched {
    seen: Option<Look>,
    moving: bool,
}

type Look = BTreeMap<PathBuf, Option<(SystemTime, u64, u64)>>;

impl Watched {
    /// Whether they have changed and have come to rest since: a file that is being written is not read.
    async fn look(&mut self, files: Vec<PathBuf>) -> bool {
        let looking = tokio::task::spawn_blocking(move || files.into_iter().map(|file| (stamp(&file), file)).collect());
        let Ok(stamps): Result<Vec<_>, _> = looking.await else { return false };
        let look: Look = stamps.into_iter().map(|(stamp, file)| (file, stamp)).collect();
        let first = self.seen.is_none();
        let same_files = self.seen.as_ref().is_some_and(|seen| seen.keys().eq(look.keys()));
        let changed = self.seen.as_ref() != Some(&look);
        let rested = self.moving && !changed;
        // Another list of files is the work of a reload, not of an operator.
        self.moving = changed && !first && same_files;
        self.seen = Some(look);
        rested
    }
}

fn stamp(file: &PathBuf) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}
