//! Follows the add-ons: the Supervisor has no events for them, so it is asked every few seconds, and the configuration
//! is written when what it says has changed.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::configuration::{self, Places};
use super::options::Options;
use super::supervisor::{InstalledAddon, Overview, Supervisor, SupervisorError};
use crate::telemetry::chain;

/// Keeps one configuration file as the add-ons are.
#[derive(Debug)]
pub struct Follower {
    options: Options,
    places: Places,
    supervisor: Supervisor,
    file: PathBuf,
    own: Option<String>,
    overview: Option<Overview>,
    addons: Vec<InstalledAddon>,
    /// Questions since each add-on was asked about by itself.
    rounds: u32,
    /// What was said last, so that it is said once.
    complaint: Option<String>,
    /// The add-ons without a route, and those of which that was said.
    left_out: Vec<String>,
    told: Vec<String>,
}

/// Why the configuration is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Supervisor.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// The file.
    #[error("`{}` cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Follower {
    /// Asks and writes nothing yet.
    pub fn new(options: Options, places: Places, supervisor: Supervisor, file: PathBuf) -> Self {
        Self {
            options,
            places,
            supervisor,
            file,
            own: None,
            overview: None,
            addons: Vec::new(),
            rounds: 0,
            complaint: None,
            left_out: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Looks once, and writes the configuration if it has changed. When the Supervisor does not answer, the routes of
    /// before stay: an add-on is not gone because nobody says that it is there.
    pub async fn look(&mut self) -> Result<(), StartError> {
        let asked = self.ask().await;
        self.write()?;
        asked.map_err(StartError::Supervisor)
    }

    /// Looks again and again.
    pub async fn follow(mut self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            let complaint = self.look().await.err().map(|error| chain(&error).to_string());
            if complaint != self.complaint {
                if let Some(error) = &complaint {
                    tracing::warn!(%error, "the add-ons are not followed");
                } else {
                    tracing::info!("the add-ons are followed again");
                }
                self.complaint = complaint;
            }
            // Here and not where it is found out: the first look comes before there is a log.
            for why in self.left_out.iter().filter(|why| !self.told.contains(why)) {
                tracing::warn!(addon = %why, "an add-on gets no route");
            }
            self.told.clone_from(&self.left_out);
        }
    }

    async fn ask(&mut self) -> Result<(), SupervisorError> {
        if self.own.is_none() {
            self.own = Some(self.supervisor.own_slug().await?);
        }
        let overview = self.supervisor.overview().await?;
        self.rounds = self.rounds.saturating_add(1);
        // A container that has started anew between two questions looks the same in the overview, and has another
        // address.
        if self.overview.as_ref() == Some(&overview) && self.rounds < EACH {
            return Ok(());
        }
        // Listed by people where the overview has none: newer Supervisors may leave it out.
        let listed = overview.iter().map(|listed| listed.slug.clone());
        let chosen = self.options.addons.iter().map(|addon| addon.slug.clone());
        let mut slugs: Vec<String> = listed.chain(chosen.filter(|_| overview.is_empty())).collect();
        slugs.retain(|slug| Some(slug) != self.own.as_ref());
        slugs.sort();
        slugs.dedup();
        let mut addons = Vec::new();
        for slug in slugs {
            // All or nothing: half of the answers would take routes away.
            addons.extend(self.supervisor.addon(&slug).await?);
        }
        (self.addons, self.overview, self.rounds) = (addons, Some(overview), 0);
        Ok(())
    }

    fn write(&mut self) -> Result<(), StartError> {
        // Before the first answer the file of the last run is better than one without add-ons.
        if self.overview.is_none() && self.file.exists() {
            return Ok(());
        }
        let more = fs::read_to_string(&self.places.more).ok();
        let written = configuration::write(&self.options, &self.addons, more.as_deref(), &self.places);
        self.left_out = written.left_out;
        if fs::read_to_string(&self.file).is_ok_and(|text| text == written.text) {
            return Ok(());
        }
        replace(&self.file, &written.text).map_err(|source| StartError::Unwritable { path: self.file.clone(), source })
    }
}

/// Whole or not at all: the serving process may read it at any moment.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("toml.new");
    let mut opened = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    fs::rename(beside, file)
}

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(3);

/// Questions after which each add-on is asked about, whether anything seems to have changed or not: half a minute.
const EACH: u32 = 10;
