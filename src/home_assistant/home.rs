//! One configured Home Assistant: its folder, the copy in use, and who may look at it.
//!
//! In come the settings and the clock, out come the directory of users, the verifier of passwords and the status. A new
//! snapshot is swapped in whole. It must never fail to start because of a file: without one, everybody is refused.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::keeper::{Keeper, Step};
use super::reader::{self, Contents, Stamp};
use super::snapshot::Snapshot;
use super::status::Status;
use super::verifier::Verifier;
use crate::clock::Clock;
use crate::config;
use crate::identity::{Directory, DirectoryCell};

/// The users of one configuration folder. A configuration with another folder makes a new one.
pub struct HomeAssistant {
    folder: PathBuf,
    clock: Clock,
    directory: Arc<DirectoryCell>,
    current: Arc<ArcSwapOption<Snapshot>>,
    verifier: Verifier,
    status: ArcSwap<Status>,
    state: Mutex<State>,
}

/// What the one who reads remembers.
struct State {
    keeper: Keeper,
    stamps: Option<[Option<Stamp>; 4]>,
}

/// How closely to look at the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Read them only when the file system says that they have changed.
    Glance,
    /// Read them.
    Thorough,
}

impl HomeAssistant {
    /// Reads the folder once. When that fails, everybody is refused until [`HomeAssistant::watch`] sees it mended.
    pub fn open(settings: &config::HomeAssistant, clock: Clock) -> Self {
        let keeper = Keeper::new(settings.max_stale);
        let current = Arc::new(ArcSwapOption::empty());
        let home = Self {
            folder: settings.config_dir.join(reader::STORAGE),
            clock,
            directory: Arc::default(),
            verifier: Verifier::new(Arc::clone(&current)),
            current,
            status: ArcSwap::from_pointee(keeper.status()),
            state: Mutex::new(State { keeper, stamps: None }),
        };
        home.refresh(Look::Thorough);
        home
    }

    /// The users, always the current ones.
    pub fn directory(&self) -> &Arc<DirectoryCell> {
        &self.directory
    }

    /// Checks passwords.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The whole copy in use, for the permission engine and for access tokens.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// How it stands with the files.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// The `.storage` folder.
    pub(super) fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Looks at the files and does what is to be done. Reads and parses: not for async threads.
    pub(super) fn refresh(&self, look: Look) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        // Taken before the files are read, so that what changes in between is seen at the next look.
        let stamps = Some(reader::stamps(&self.folder));
        let step = if look == Look::Thorough || state.stamps != stamps {
            state.stamps = stamps;
            state.keeper.read(&self.folder, Contents::read(&self.folder), now)
        } else {
            state.keeper.wait(now)
        };
        match step {
            Step::Stay => {}
            Step::Swap(snapshot) => self.swap(*snapshot),
            Step::Withdraw => {
                self.current.store(None);
                self.directory.replace(Directory::default());
            }
        }
        self.status.store(Arc::new(state.keeper.status()));
    }

    /// The passwords change before the users do. So a session that is made meanwhile carries the digest of the old
    /// password and ends with it; the other way round, an old password could make a session with the new digest.
    fn swap(&self, snapshot: Snapshot) {
        let directory = snapshot.directory();
        self.current.store(Some(Arc::new(snapshot)));
        self.directory.replace(directory);
    }
}

impl std::fmt::Debug for HomeAssistant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HomeAssistant")
            .field("folder", &self.folder)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
