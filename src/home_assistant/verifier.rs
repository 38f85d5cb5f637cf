//! Checking a password.
//!
//! Gives the user whose name and password they are. bcrypt takes a quarter of a second of CPU time on purpose, so it
//! runs off the async threads, two checks at a time, and only so many wait. It must never tell an unknown user from a
//! wrong password: both take one check of the same cost and get the same answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::snapshot::Snapshot;
use crate::ids::UserId;
use crate::workers::spawn_blocking;

/// What a password was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The right one, of this user. Whether the user may sign in is for others to say.
    Right(UserId),
    /// Not the right one, or there is no such user.
    Wrong,
    /// The right one, and Home Assistant asks for a second factor; the file alone cannot tell.
    SecondFactor,
    /// Too many are waiting: try again in a moment.
    Busy,
    /// There is no copy of the password file to check against.
    Unavailable,
}

/// Checks passwords against the copy in use. Clones share the same limits.
#[derive(Debug, Clone)]
pub struct Verifier {
    current: Arc<ArcSwapOption<Snapshot>>,
    /// One permit for each check that runs or waits.
    admitted: Arc<Semaphore>,
    /// One permit for each check that runs.
    running: Arc<Semaphore>,
    checks: Arc<AtomicU64>,
}

impl Verifier {
    pub(super) fn new(current: Arc<ArcSwapOption<Snapshot>>) -> Self {
        Self {
            current,
            admitted: Arc::new(Semaphore::new(RUNNING.saturating_add(WAITING))),
            running: Arc::new(Semaphore::new(RUNNING)),
            checks: Arc::default(),
        }
    }

    /// Checks a password. When the caller gives up, a check that waits is forgotten; one that runs keeps its place
    /// until it ends, so that there are never more than two.
    pub async fn verify(&self, username: String, password: Zeroizing<String>) -> Outcome {
        // Not waited for: past this many, waiting would only let the queue grow.
        let Ok(admitted) = Arc::clone(&self.admitted).try_acquire_owned() else { return Outcome::Busy };
        let Ok(running) = Arc::clone(&self.running).acquire_owned().await else { return Outcome::Unavailable };
        let this = self.clone();
        let check = spawn_blocking(move || {
            let outcome = this.check(&username, &password);
            // Given back when bcrypt has ended, not when the caller has gone: the CPU is busy until then.
            drop((running, admitted));
            outcome
        });
        check.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a password check ended early");
            Outcome::Unavailable
        })
    }

    /// How many times bcrypt has run.
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    fn check(&self, username: &str, password: &str) -> Outcome {
        // Owned, since bcrypt takes long and the guards of arc-swap are made for short reads.
        let Some(snapshot) = self.current.load_full() else { return Outcome::Unavailable };
        let account = snapshot.account(username);
        // An unknown name costs the same bcrypt as a known one: otherwise the time would tell which names exist.
        let hash = account.map_or(snapshot.dummy(), |account| account.hash);
        let is_right = hash.matches(password);
        self.checks.fetch_add(1, Ordering::Relaxed);
        match account.and_then(|account| account.owner) {
            // bcrypt takes long enough for a password to be changed meanwhile, and the old one must not make a session
            // then.
            Some(owner) if is_right && self.still_holds(&snapshot, username) => Outcome::Right(owner.clone()),
            _ => Outcome::Wrong,
        }
    }

    /// Whether the password has not been changed, or the user name given to another user, while bcrypt ran.
    fn still_holds(&self, checked: &Snapshot, username: &str) -> bool {
        let Some(current) = self.current.load_full() else { return false };
        match (checked.account(username), current.account(username)) {
            (Some(then), Some(now)) => then.owner == now.owner && then.hash == now.hash,
            _ => false,
        }
    }
}

/// Checks that run at one time: the machine has other things to do.
const RUNNING: usize = 2;

/// Checks that wait: at a quarter of a second each, two at a time, the last one waits four seconds.
const WAITING: usize = 32;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::home_assistant::read_folder;

    fn verifier() -> Verifier {
        let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/home");
        Verifier::new(Arc::new(ArcSwapOption::from_pointee(read_folder(&home).unwrap())))
    }

    fn begin(verifier: &Verifier) -> tokio::task::JoinHandle<Outcome> {
        let verifier = verifier.clone();
        tokio::spawn(async move { verifier.verify("alice".to_owned(), Zeroizing::new("wrong".to_owned())).await })
    }

    async fn until(what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < deadline, "{what}");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn only_so_many_checks_wait_and_those_who_give_up_make_room() {
        let verifier = verifier();
        let hold = Arc::clone(&verifier.running).acquire_many_owned(2).await.unwrap();
        let waiting: Vec<_> = (0..RUNNING + WAITING).map(|_| begin(&verifier)).collect();
        until("all wait", || verifier.admitted.available_permits() == 0).await;
        assert_eq!(begin(&verifier).await.unwrap(), Outcome::Busy);
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        until("all have gone", || verifier.admitted.available_permits() == RUNNING + WAITING).await;
        drop(hold);
        assert_eq!(begin(&verifier).await.unwrap(), Outcome::Wrong);
        assert_eq!(verifier.checks(), 1, "those who gave up cost nothing");
    }

    #[tokio::test]
    async fn a_check_whose_caller_has_gone_keeps_its_place_until_it_ends() {
        let verifier = verifier();
        let check = begin(&verifier);
        until("it runs", || verifier.running.available_permits() == RUNNING - 1).await;
        check.abort();
        assert!(check.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!((verifier.running.available_permits(), verifier.checks()), (RUNNING - 1, 0));
        until("it ends", || verifier.running.available_permits() == RUNNING).await;
        assert_eq!(verifier.checks(), 1);
    }

    #[tokio::test]
    async fn an_old_password_is_wrong_when_it_was_changed_during_the_check() {
        let verifier = verifier();
        let snapshot = verifier.current.load_full().unwrap();
        assert!(verifier.still_holds(&snapshot, "alice"));
        let other = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/home-2024.3");
        verifier.current.store(Some(Arc::new(read_folder(&other).unwrap())));
        assert!(!verifier.still_holds(&snapshot, "alice"));
        verifier.current.store(None);
        assert!(!verifier.still_holds(&snapshot, "alice"));
    }
}
