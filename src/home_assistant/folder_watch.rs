//! Seeing that the files have changed.
//!
//! The kernel's events and a timer lead to readings on a thread of their own. The kernel makes it quick; the timer
//! makes it certain: folders that are renamed or made anew, links, network file systems. It must never read or parse on
//! an async thread, and nothing that happens in the folder may make it stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

use super::file_poller::FilePoll;
use super::file_set::FileSet as _;
use super::home::HomeAssistant;
use super::reader::FileStamp;
use super::registry_files::RegistryFiles;
use super::user_files::UserFiles;
use crate::workers::spawn_blocking;

impl HomeAssistant {
    /// Watches the folder, or follows the API when there is no folder, until it is told to stop.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let alone = self.api_alone().map(|(api, token)| (Arc::clone(api), token.clone()));
        match alone {
            Some((api, token)) => stop.run_until_cancelled(self.follow(api, token)).await,
            None => stop.run_until_cancelled(self.watch_for_ever()).await,
        };
    }

    async fn watch_for_ever(self: Arc<Self>) {
        let notifier = Arc::new(Notify::new());
        let mut watch = FolderWatch::new(Arc::clone(&notifier));
        let mut ticks = interval(GLANCE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut read = Instant::now();
        loop {
            tokio::select! {
                // Home Assistant writes several files at once, and a reading in between would join new users with old
                // passwords.
                () = notifier.notified() => settle(&notifier).await,
                _ = ticks.tick() => {}
            }
            let thorough = read.elapsed() >= THOROUGH;
            if thorough {
                read = Instant::now();
            }
            let home = Arc::clone(&self);
            let look = if thorough { FilePoll::Thorough } else { FilePoll::Glance };
            // The watch goes along and comes back: it is made and dropped on a thread that may block.
            let looked = spawn_blocking(move || {
                watch.listen(home.folder());
                home.refresh(look);
                watch
            });
            // Also when a reading panicked: one broken file must not stop the watch.
            watch = match looked.await {
                Ok(watch) => watch,
                Err(error) => {
                    tracing::error!(%error, "reading Home Assistant's files ended early");
                    FolderWatch::new(Arc::clone(&notifier))
                }
            };
        }
    }
}

/// Waits until there was no event for a moment, but not for ever.
async fn settle(notifier: &Notify) {
    let deadline = Instant::now() + LONGEST_SETTLE;
    while Instant::now() < deadline {
        let quiet = deadline.min(Instant::now() + QUIET);
        if timeout_at(quiet, notifier.notified()).await.is_err() {
            return;
        }
    }
}

/// The kernel's watch on the folder.
struct FolderWatch {
    notifier: Arc<Notify>,
    watched: Option<(FileStamp, Option<RecommendedWatcher>)>,
}

impl FolderWatch {
    fn new(notifier: Arc<Notify>) -> Self {
        Self { notifier, watched: None }
    }

    /// Makes sure that the watch is on the folder that has this name now. A watch that cannot be made is tried again
    /// only for another folder: the timer does its work meanwhile.
    fn listen(&mut self, folder: &Path) {
        // The kernel watches an inode, not a name. When the name leads to another folder, the old watch hears nothing
        // of it.
        let Some(found) = FileStamp::of(folder) else {
            self.watched = None;
            return;
        };
        if self.watched.as_ref().is_some_and(|(watched, _)| watched.is_same_file(&found)) {
            return;
        }
        let notifier = Arc::clone(&self.notifier);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error says nothing about a file, and the timer looks anyway.
            if event.as_ref().is_ok_and(is_news) {
                notifier.notify_one();
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            // The folder and not its files: a file that is replaced is another inode, which a watch on the old one does
            // not see.
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            tracing::warn!(folder = %folder.display(), %error, "the folder cannot be watched and is polled");
        }
        self.watched = Some((found, watcher.ok()));
    }
}

/// Whether an event may mean that one of our files has changed. Our own reading of them does not.
fn is_news(event: &notify::Event) -> bool {
    let is_change = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    };
    let is_ours = |path: &PathBuf| {
        let mut names = UserFiles::NAMES.iter().chain(&RegistryFiles::NAMES);
        names.any(|name| path.file_name() == Some(name.as_ref()))
    };
    // After an overflow of its queue the kernel names no file: any of them may have changed.
    is_change && (event.need_rescan() || event.paths.iter().any(is_ours))
}

/// How often the file system is asked whether anything has changed. Eight cheap questions.
const GLANCE: Duration = Duration::from_secs(1);

/// How often the files are read although nothing seems to have changed.
const THOROUGH: Duration = Duration::from_secs(10);

/// How long nothing must have happened before the files are read.
const QUIET: Duration = Duration::from_millis(200);

/// How long a file that is written again and again can put the reading off: a change holds within two seconds.
const LONGEST_SETTLE: Duration = Duration::from_millis(800);
