//! What becomes of a reading: the new copy is taken, the last good one is kept, or there is none any more.
//!
//! Says of each reading of a [`FileSet`] what is to be done. No I/O and no clock of its own. It must never take a copy
//! that the set forbids to follow the last one, and never keep one for longer than it may.
//!
//! What it knows is in memory only: a restart accepts the files as they are. That is how an operator says that a file
//! without any of the former users is right.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::file_fault::{Fault, FileProblem};
use super::file_set::FileSet;
use super::reader::Contents;
use super::status::Condition;
use crate::clock::Timestamp;

/// What is to be done with the copy in use.
pub(super) enum Step<T> {
    Stay,
    /// This one takes its place.
    Swap(T),
    /// It may no longer be relied on.
    Withdraw,
}

/// What is known about the files.
pub(super) struct SnapshotState<S: FileSet> {
    max_stale: Duration,
    /// The copy in use.
    good: Option<Good>,
    /// What is remembered of the last good copy, and which files it had; kept when the copy itself has become too old.
    known: Option<Known<S::Memory>>,
    /// Why the files cannot be used, and the same as text, so that each state is told once.
    trouble: Option<(Arc<[FileProblem]>, Vec<String>)>,
}

struct Good {
    digest: Option<[u8; 32]>,
    since: Timestamp,
    confirmed: Timestamp,
}

struct Known<M> {
    memory: M,
    files: [bool; 4],
}

impl<S: FileSet> SnapshotState<S> {
    pub(super) fn new(max_stale: Duration) -> Self {
        Self { max_stale, good: None, known: None, trouble: None }
    }

    /// The files have been read.
    pub(super) fn read(&mut self, folder: &Path, contents: Contents<S>, now: Timestamp) -> Step<S::Copy> {
        let (digest, files) = (contents.digest(), contents.present());
        if let Some(good) = &mut self.good
            && digest.is_some()
            // The same bytes are not parsed again, which is most readings.
            && good.digest == digest
        {
            good.confirmed = now;
            self.recover();
            return Step::Stay;
        }
        // Before parsing: without its password file, say, a set may well parse, and every password would be gone.
        let problems = match self.disappeared(folder, &contents) {
            gone if !gone.is_empty() => gone,
            _ => match contents.parse() {
                Err(problems) => problems,
                Ok(copy) => match self.alarm(folder, &copy) {
                    Some(problem) => vec![problem],
                    None => return self.take(copy, digest, files, now),
                },
            },
        };
        self.fail(problems, now);
        // A failure is time that passes as well: the last good copy may have become too old with it.
        self.wait(now)
    }

    /// Time has passed, and the files look as they did.
    pub(super) fn wait(&mut self, now: Timestamp) -> Step<S::Copy> {
        match (&mut self.good, &self.trouble) {
            (Some(good), None) => good.confirmed = now,
            // From the last reading that was good: users who were removed since must not come in for longer than the
            // operator allows.
            (Some(good), Some(_)) if now.saturating_since(good.confirmed) >= self.max_stale => {
                let age = now.saturating_since(good.confirmed);
                let words = S::WORDS;
                tracing::error!(?age, "the last good copy of {} is too old: {}", words.content, words.without);
                // What is known of it stays: the next copy is still compared with it, or a broken file could be
                // followed by an empty one.
                self.good = None;
                return Step::Withdraw;
            }
            _ => {}
        }
        Step::Stay
    }

    pub(super) fn condition(&self) -> Condition {
        let why = || self.trouble.as_ref().map_or_else(|| Arc::from([]), |(why, _)| Arc::clone(why));
        match (&self.good, &self.trouble) {
            (None, _) => Condition::Absent { why: why() },
            (Some(good), None) => Condition::Good { since: good.since },
            (Some(good), Some(_)) => Condition::Stale { since: good.confirmed, why: why() },
        }
    }

    fn take(&mut self, copy: S::Copy, digest: Option<[u8; 32]>, files: [bool; 4], now: Timestamp) -> Step<S::Copy> {
        self.recover();
        tracing::info!(found = S::size(&copy), "{} have been read", S::WORDS.content);
        self.good = Some(Good { digest, since: now, confirmed: now });
        self.known = Some(Known { memory: S::remember(&copy), files });
        Step::Swap(copy)
    }

    /// The files that the last good copy had and that are gone: Home Assistant never deletes one.
    fn disappeared(&self, folder: &Path, contents: &Contents<S>) -> Vec<FileProblem> {
        let Some(known) = &self.known else { return Vec::new() };
        let gone = S::NAMES.into_iter().zip(known.files).zip(contents.absent());
        let gone = gone.filter(|((_, had), absent)| *had && *absent);
        gone.map(|((name, _), _)| FileProblem { path: folder.join(name), fault: Fault::Disappeared }).collect()
    }

    /// Whether the set says that this copy must not follow the last one.
    fn alarm(&self, folder: &Path, copy: &S::Copy) -> Option<FileProblem> {
        let fault = S::alarm(&self.known.as_ref()?.memory, copy)?;
        let [first, ..] = S::NAMES;
        Some(FileProblem { path: folder.join(first), fault })
    }

    /// Each state is told once, not at every look.
    fn fail(&mut self, problems: Vec<FileProblem>, now: Timestamp) {
        let text: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path.display(), p.reason())).collect();
        if self.trouble.as_ref().is_none_or(|(_, told)| *told != text) {
            let age = self.good.as_ref().map(|good| now.saturating_since(good.confirmed));
            for problem in &problems {
                tell(problem, age, S::WORDS.without);
            }
        }
        self.trouble = Some((problems.into(), text));
    }

    fn recover(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!("the files of {} can be read again", S::WORDS.content);
        }
    }
}

/// `age` is that of the last good copy, when there is one.
fn tell(problem: &FileProblem, age: Option<Duration>, without: &str) {
    let (file, reason) = (problem.path.display(), problem.reason());
    if let Some(age) = age {
        tracing::error!(%file, %reason, ?age, "Home Assistant's file is refused: the last good copy stays in use");
    } else {
        tracing::error!(%file, %reason, "Home Assistant's file is refused: {without} until it can be used");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::sync::Mutex;

    use crate::clock::Clock;
    use crate::config;
    use crate::home_assistant::HomeAssistant;
    use crate::home_assistant::file_poller::FilePoll;
    use crate::home_assistant::registries::RegistryFile;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn errors(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect()
        }
    }

    #[test]
    fn each_state_is_told_once_with_the_file_the_reason_and_the_age() {
        let folder = tempfile::tempdir().unwrap();
        let storage = folder.path().join(".storage");
        fs::create_dir(&storage).unwrap();
        fs::write(storage.join("auth"), "{}").unwrap();
        fs::write(storage.join("auth_provider.homeassistant"), "{}").unwrap();
        for file in RegistryFile::ALL {
            fs::write(storage.join(file.name()), RegistryFile::EMPTY).unwrap();
        }
        let clock = Clock::manual(Timestamp::from_millis(0));
        let settings = config::HomeAssistant {
            source: config::HomeSource::Files(folder.path().to_owned()),
            api: None,
            time_zone: None,
            max_stale: Duration::from_mins(1),
        };
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let home = HomeAssistant::open(&settings, &config::Permissions::default(), clock.clone());
            fs::write(storage.join("auth"), "{").unwrap();
            for second in [10, 20, 30] {
                clock.set(Timestamp::from_millis(second * 1000));
                home.refresh(FilePoll::Thorough);
            }
            assert_eq!(log.errors().len(), 1, "{:?}", log.errors());
            for told in ["/.storage/auth", "not complete and valid JSON: EOF", "age=10s"] {
                assert!(log.errors()[0].contains(told), "{told}: {:?}", log.errors());
            }
            fs::remove_file(storage.join("auth")).unwrap();
            for second in [40, 60, 70, 80] {
                clock.set(Timestamp::from_millis(second * 1000));
                home.refresh(FilePoll::Thorough);
            }
            fs::write(storage.join("core.area_registry"), "[").unwrap();
            for second in [90, 100, 140, 150] {
                clock.set(Timestamp::from_millis(second * 1000));
                home.refresh(FilePoll::Thorough);
            }
        });
        let told = log.errors();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told[1].contains("disappeared") && told[2].contains("everybody is refused"), "{told:?}");
        for words in ["/.storage/core.area_registry", "EOF while parsing", "age=10s", "the last good copy stays"] {
            assert!(told[3].contains(words), "{words}: {told:?}");
        }
        assert!(told[4].contains("registries is too old: what depends on an entity is refused"), "{told:?}");
    }
}
