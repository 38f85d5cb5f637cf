//! Follows the add-ons: the Supervisor has no events for them, so it is asked every few seconds, and the configuration
//! is written when what it says has changed.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::configuration::{self, Places};
use super::options::Options;
use super::supervisor::{InstalledAddon, Supervisor, SupervisorError};
use super::written_by_people::WrittenByPeople;
use crate::atomic_file;
use crate::config::{self, FilesAlone};
use crate::diagnostic::Styling;
use crate::telemetry::chain;

/// Keeps one configuration file as the add-ons are.
#[derive(Debug)]
pub struct Follower {
    options: Options,
    places: Places,
    supervisor: Supervisor,
    file: PathBuf,
    own: Option<String>,
    answered: Option<Answered>,
    more: Option<WrittenByPeople>,
    /// What people had written when the configuration could last be used: nothing, where there was no file.
    good: Option<String>,
    /// The texts that were judged last, and what is wrong with each: a look that finds nothing new writes nothing.
    judged: VecDeque<(String, Option<String>)>,
    /// What was said last, so that it is said once.
    complaint: Option<String>,
    /// The add-ons without a route, and those of which that was said.
    left_out: Vec<String>,
    told: Vec<String>,
}

/// What the Supervisor has said, and when it was asked.
#[derive(Debug)]
struct Answered {
    asked: Instant,
    addons: Vec<InstalledAddon>,
    /// The add-ons that it said nothing of, and why.
    unknown: Vec<String>,
}

/// Why the configuration is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The Supervisor.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// What people have written.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What people have written makes a configuration that cannot be used, with the add-ons of this moment.
    #[error("the configuration cannot be used: {0}")]
    Mistaken(String),
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
            answered: None,
            more: None,
            good: None,
            judged: VecDeque::new(),
            complaint: None,
            left_out: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Looks once, and writes the configuration if it has changed.
    ///
    /// A route is the address of a container, which belongs to another one as soon as its own has ended. So routes
    /// outlive the Supervisor's last answer for half a minute alone, and before the first answer there are none,
    /// whatever an earlier run has left in the file. What cannot be read of what people write counts as it was before,
    /// and so does what makes no configuration; at the first look nothing is written then.
    pub async fn look(&mut self) -> Result<(), StartError> {
        let asked = self.ask().await;
        let read = self.read();
        self.write()?;
        // First: it keeps a start from serving what an earlier run has written.
        read?;
        Ok(asked?)
    }

    /// Looks again and again.
    pub async fn follow(mut self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            let failed = self.look().await.err();
            let complaint = failed.as_ref().map(|error| format!("{}{}", chain(error), self.consequence(error)));
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

    fn consequence(&self, error: &StartError) -> &'static str {
        match error {
            StartError::Supervisor(_) if self.answered.as_ref().is_some_and(Answered::counts) => "",
            StartError::Supervisor(_) => "; no add-on has a route until it does",
            StartError::Unreadable { .. } | StartError::Mistaken(_) => "; what stood there before counts",
            StartError::Unwritable { .. } => "",
        }
    }

    async fn ask(&mut self) -> Result<(), SupervisorError> {
        // Before the questions: an answer may be as old as its question.
        let asked = Instant::now();
        if self.own.is_none() {
            self.own = Some(self.supervisor.own_slug().await?);
        }
        let overview = self.supervisor.overview().await?;
        // Listed by people where the overview has none: newer Supervisors may leave it out.
        let running = overview.iter().filter(|listed| listed.may_run()).map(|listed| listed.slug.clone());
        let chosen = self.options.addons.iter().map(|addon| addon.slug.clone());
        let mut slugs: Vec<String> = running.chain(chosen.filter(|_| overview.is_empty())).collect();
        slugs.sort();
        slugs.dedup();
        // Each at every look: a container that has started anew looks the same in the overview, at another address.
        // Side by side: one that is not answered does not make the others wait.
        let answers = stream::iter(&slugs).map(|slug| self.supervisor.addon(slug)).buffered(AT_ONCE);
        let answers: Vec<_> = answers.collect().await;
        let (mut addons, mut unknown) = (Vec::new(), Vec::new());
        for (slug, answer) in slugs.iter().zip(answers) {
            match answer {
                Ok(Some(mut addon)) => {
                    // No route leads back here. Its address is known all the same: nobody else may have it.
                    addon.has_ui &= Some(slug) != self.own.as_ref();
                    addons.push(addon);
                }
                Ok(None) => {}
                Err(error) => unknown.push(format!("{slug}: {}", chain(&error))),
            }
        }
        self.answered = Some(Answered { asked, addons, unknown });
        Ok(())
    }

    fn read(&mut self) -> Result<(), StartError> {
        let path = &self.places.more;
        let read = match &mut self.more {
            Some(more) => more.look(path),
            None => WrittenByPeople::read(path).map(|more| self.more = Some(more)),
        };
        read.map_err(|source| StartError::Unreadable { path: path.clone(), source })
    }

    fn write(&mut self) -> Result<(), StartError> {
        // Without what people have written, its restrictions would fall away.
        let Some(more) = &self.more else { return Ok(()) };
        let answered = self.answered.as_ref().filter(|answered| answered.counts());
        let addons = answered.map_or(&[][..], |answered| &answered.addons);
        let written = configuration::write(&self.options, addons, more.text(), &self.places);
        self.left_out = written.left_out;
        self.left_out.extend(answered.into_iter().flat_map(|answered| answered.unknown.iter().cloned()));
        let more = more.text().unwrap_or_default().to_owned();
        // The start says itself, and better, what is wrong; and what stands there already is in use.
        let Some(good) = self.good.as_deref().filter(|_| !self.stands(&written.text)) else {
            self.good = Some(more);
            return self.put(&written.text);
        };
        let with_them = configuration::write(&self.options, addons, Some(good), &self.places).text;
        let without = configuration::write(&self.options, &[], Some(good), &self.places).text;
        let Some(found) = self.judge(&written.text)? else {
            self.good = Some(more);
            return self.put(&written.text);
        };
        // The serving process would refuse it and go on with the routes of before, to addresses that may be others' by
        // now. So what was good is written with the add-ons of this moment, or with none where they do not go together.
        let is_good = self.judge(&with_them)?.is_none();
        self.put(if is_good { &with_them } else { &without })?;
        Err(StartError::Mistaken(found))
    }

    fn stands(&self, text: &str) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|before| before == text)
    }

    /// What is wrong with this configuration in the place of the file, if anything.
    fn judge(&mut self, text: &str) -> Result<Option<String>, StartError> {
        if let Some((_, found)) = self.judged.iter().find(|(judged, _)| judged == text) {
            return Ok(found.clone());
        }
        // Beside it, since paths are relative to its folder.
        let candidate = self.file.with_extension("toml.new");
        let mut opened = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&candidate);
        let written = opened.as_mut().map_err(|error| io::Error::from(error.kind()));
        written.and_then(|opened| opened.write_all(text.as_bytes())).map_err(|source| self.unwritable(source))?;
        let found = config::load(&candidate, &FilesAlone).err().map(|found| found.render(Styling::Plain));
        self.judged.truncate(JUDGED - 1);
        self.judged.push_front((text.to_owned(), found.clone()));
        Ok(found)
    }

    fn put(&self, text: &str) -> Result<(), StartError> {
        if self.stands(text) {
            return Ok(());
        }
        let name = self.file.file_name().and_then(|name| name.to_str());
        let (Some(folder), Some(name)) = (self.file.parent(), name) else {
            return Err(self.unwritable(io::ErrorKind::InvalidFilename.into()));
        };
        // Whole or not at all: the serving process may read it at any moment.
        atomic_file::write(folder, name, text.as_bytes(), 0o600).map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: io::Error) -> StartError {
        StartError::Unwritable { path: self.file.clone(), source }
    }
}

impl Answered {
    /// Whether routes may still be made of it.
    fn counts(&self) -> bool {
        self.asked.elapsed() <= KEPT
    }
}

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(3);

/// How long the routes stay when the Supervisor does not answer: about as long as its own restart takes.
const KEPT: Duration = Duration::from_secs(30);

/// What is written, and what would be.
const JUDGED: usize = 2;

/// Add-ons that are asked about at once.
const AT_ONCE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_for_half_a_minute() {
        let answered = Answered { asked: Instant::now(), addons: Vec::new(), unknown: Vec::new() };
        tokio::time::advance(KEPT).await;
        assert!(answered.counts());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!answered.counts());
    }
}
