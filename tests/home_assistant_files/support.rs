//! A home that a test may break, and one that is being watched.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use vestibule::clock::Clock;
use vestibule::config;
use vestibule::home_assistant::{Condition, HomeAssistant};
use vestibule::identity::Directory;
use vestibule::permission::Registry;

use crate::stopwatch::Stopwatch;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long a change may stay unseen.
pub(crate) const SOON: Duration = Duration::from_secs(2);

pub(crate) const HOME: &str = "examples/home";
pub(crate) const HOME_2024: &str = "tests/fixtures/home-2024.3";

/// A copy of a home that a test may break.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn of(home: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&repository(home).join(".storage"), &folder.path().join(".storage"));
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(".storage").join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.file(name), bytes).unwrap();
    }

    /// Changes a file as Home Assistant does: a temporary file, renamed over the old one.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut file: Value = serde_json::from_slice(&fs::read(self.file(name)).unwrap()).unwrap();
        change(&mut file);
        let temporary = self.file("tmpx8a7kz");
        fs::write(&temporary, file.to_string()).unwrap();
        fs::rename(temporary, self.file(name)).unwrap();
    }

    pub(crate) fn open(&self) -> Arc<HomeAssistant> {
        let settings = config::HomeAssistant {
            source: config::HomeSource::Files(self.path().to_owned()),
            api: None,
            time_zone: None,
            max_stale: Duration::from_hours(24),
        };
        Arc::new(HomeAssistant::open(&settings, &config::Permissions::default(), Clock::System))
    }
}

/// A home that is being watched; it stops with the test.
pub(crate) struct Watched {
    pub(crate) home: Arc<HomeAssistant>,
    stop: CancellationToken,
}

impl Watched {
    pub(crate) fn start(home: Arc<HomeAssistant>) -> Self {
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&home).watch(stop.clone()));
        Self { home, stop }
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Directory) -> bool) {
        self.poll(what, || holds(&self.home.directory().load())).await;
    }

    pub(crate) async fn until_status(&self, what: &str, holds: impl Fn(&Condition) -> bool) {
        self.poll(what, || holds(&self.home.status().condition)).await;
    }

    /// The registries, when there are some.
    pub(crate) async fn until_registry(&self, what: &str, holds: impl Fn(&Registry) -> bool) {
        self.poll(what, || self.home.registry().is_some_and(|registry| holds(&registry))).await;
    }

    /// How it stands with the registries.
    pub(crate) async fn until_registries(&self, what: &str, holds: impl Fn(&Condition) -> bool) {
        self.poll(what, || holds(&self.home.status().registries)).await;
    }

    async fn poll(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Stopwatch::start();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "{what}: {:?}", self.home.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
