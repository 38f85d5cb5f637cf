//! What becomes of a reading: the new copy is taken, the last good one is kept, or everybody is refused.
//!
//! In come readings and the time, out come steps to take. No I/O and no clock of its own. It must never let a file
//! replace all known users at once, and never keep a copy for longer than it may.
//!
//! What it knows is in memory only: a restart accepts the files as they are. That is how an operator says that a file
//! without any of the former users is right.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::reader::{Contents, FILES, Fault, FileProblem};
use super::snapshot::Snapshot;
use super::status::{Condition, Status};
use crate::clock::Timestamp;
use crate::identity::UserId;

/// What is to be done with the copy in use.
pub(super) enum Step {
    /// Nothing.
    Stay,
    /// This one takes its place.
    Swap(Box<Snapshot>),
    /// It may no longer be relied on.
    Withdraw,
}

/// What is known about the files.
pub(super) struct Keeper {
    max_stale: Duration,
    /// The copy in use.
    good: Option<Good>,
    /// The users of the last good copy, and which files it had; kept when the copy itself has become too old.
    known: Option<Known>,
    /// Why the files cannot be used, and the same as text, so that each state is told once.
    trouble: Option<(Arc<[FileProblem]>, Vec<String>)>,
}

struct Good {
    digest: Option<[u8; 32]>,
    since: Timestamp,
    confirmed: Timestamp,
}

struct Known {
    users: BTreeSet<UserId>,
    files: [bool; 4],
}

impl Keeper {
    pub(super) fn new(max_stale: Duration) -> Self {
        Self { max_stale, good: None, known: None, trouble: None }
    }

    /// The files have been read.
    pub(super) fn read(&mut self, folder: &Path, contents: Contents, now: Timestamp) -> Step {
        let (digest, files) = (contents.digest(), contents.present());
        if let Some(good) = &mut self.good
            && digest.is_some()
            && good.digest == digest
        {
            good.confirmed = now;
            self.recover();
            return Step::Stay;
        }
        let problems = match self.disappeared(folder, &contents) {
            gone if !gone.is_empty() => gone,
            _ => match contents.parse() {
                Err(problems) => problems,
                Ok(snapshot) => match self.replaced(folder, &snapshot) {
                    Some(problem) => vec![problem],
                    None => return self.take(snapshot, digest, files, now),
                },
            },
        };
        self.fail(problems, now);
        self.wait(now)
    }

    /// Time has passed, and the files look as they did.
    pub(super) fn wait(&mut self, now: Timestamp) -> Step {
        match (&mut self.good, &self.trouble) {
            (Some(good), None) => good.confirmed = now,
            (Some(good), Some(_)) if now.saturating_since(good.confirmed) >= self.max_stale => {
                let age = now.saturating_since(good.confirmed);
                tracing::error!(?age, "the last good copy of Home Assistant's users is too old: everybody is refused");
                self.good = None;
                return Step::Withdraw;
            }
            _ => {}
        }
        Step::Stay
    }

    /// How it stands.
    pub(super) fn status(&self) -> Status {
        let why = || self.trouble.as_ref().map_or_else(|| Arc::from([]), |(why, _)| Arc::clone(why));
        let condition = match (&self.good, &self.trouble) {
            (None, _) => Condition::Absent { why: why() },
            (Some(good), None) => Condition::Good { since: good.since },
            (Some(good), Some(_)) => Condition::Stale { since: good.confirmed, why: why() },
        };
        let known = self.known.as_ref().map_or(0, |known| known.users.len());
        Status { condition, users: if self.good.is_some() { known } else { 0 } }
    }

    fn take(&mut self, snapshot: Snapshot, digest: Option<[u8; 32]>, files: [bool; 4], now: Timestamp) -> Step {
        let users: BTreeSet<UserId> = snapshot.auth().users().iter().map(|user| user.id.clone()).collect();
        self.recover();
        tracing::info!(users = users.len(), "Home Assistant's users have been read");
        self.good = Some(Good { digest, since: now, confirmed: now });
        self.known = Some(Known { users, files });
        Step::Swap(Box::new(snapshot))
    }

    /// The files that the last good copy had and that are gone: Home Assistant never deletes one.
    fn disappeared(&self, folder: &Path, contents: &Contents) -> Vec<FileProblem> {
        let Some(known) = &self.known else { return Vec::new() };
        let gone = FILES.iter().zip(known.files).zip(contents.absent());
        let gone = gone.filter(|((_, had), absent)| *had && *absent);
        gone.map(|((name, _), _)| FileProblem { path: folder.join(name), fault: Fault::Disappeared }).collect()
    }

    /// Whether none of the known users is left.
    fn replaced(&self, folder: &Path, snapshot: &Snapshot) -> Option<FileProblem> {
        let known = &self.known.as_ref()?.users;
        let any_left = snapshot.auth().users().iter().any(|user| known.contains(&user.id));
        let replaced = !known.is_empty() && !any_left;
        let fault = Fault::UsersReplaced { known: known.len() };
        replaced.then(|| FileProblem { path: folder.join(FILES[0]), fault })
    }

    /// Each state is told once, not at every look.
    fn fail(&mut self, problems: Vec<FileProblem>, now: Timestamp) {
        let text: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path.display(), p.reason())).collect();
        if self.trouble.as_ref().is_none_or(|(_, told)| *told != text) {
            let age = self.good.as_ref().map(|good| now.saturating_since(good.confirmed));
            for problem in &problems {
                tell(problem, age);
            }
        }
        self.trouble = Some((problems.into(), text));
    }

    fn recover(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!("Home Assistant's files can be read again");
        }
    }
}

/// `age` is that of the last good copy, when there is one.
fn tell(problem: &FileProblem, age: Option<Duration>) {
    let (file, reason) = (problem.path.display(), problem.reason());
    if let Some(age) = age {
        tracing::error!(%file, %reason, ?age, "Home Assistant's file is refused: the last good copy stays in use");
    } else {
        tracing::error!(%file, %reason, "Home Assistant's file is refused: everybody is, until it can be used");
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
    use crate::home_assistant::home::Look;

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
        let clock = Clock::manual(Timestamp::from_millis(0));
        let settings =
            config::HomeAssistant { config_dir: folder.path().to_owned(), max_stale: Duration::from_mins(1) };
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let home = HomeAssistant::open(&settings, clock.clone());
            fs::write(storage.join("auth"), "{").unwrap();
            for second in [10, 20, 30] {
                clock.set(Timestamp::from_millis(second * 1000));
                home.refresh(Look::Thorough);
            }
            assert_eq!(log.errors().len(), 1, "{:?}", log.errors());
            for told in ["/.storage/auth", "not complete and valid JSON: EOF", "age=10s"] {
                assert!(log.errors()[0].contains(told), "{told}: {:?}", log.errors());
            }
            fs::remove_file(storage.join("auth")).unwrap();
            for second in [40, 60, 70, 80] {
                clock.set(Timestamp::from_millis(second * 1000));
                home.refresh(Look::Thorough);
            }
        });
        let told = log.errors();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[1].contains("disappeared") && told[2].contains("everybody is refused"), "{told:?}");
    }
}
