//! Sessions as their users and operators meet them: they live, end, survive restarts and crashes, and outlast a disk
//! that fails, and hold on all proxies that share a store. In go calls on `Sessions` and damage to its file, out come
//! live sessions or none. Processes that must die or run out of disk are this test binary once more (see `child`).

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unchecked_time_subtraction,
    reason = "what helps a test is a test too, and clippy exempts only the functions marked so"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vestibule::clock::{Clock, Timestamp};
use vestibule::config::{RememberedLimits, Session as Settings, SessionStore};
use vestibule::refusal::Reason;
use vestibule::session::{
    Carrier, Health, IngressToken, MadeBy, NewSession, Notice, OpenError, RevokeError, SKEW, Session, SessionToken,
    Sessions,
};

use patience::PATIENCE;
use stopwatch::Stopwatch;

#[path = "session_store/api_keys.rs"]
mod api_keys;
#[path = "session_store/child.rs"]
mod child;
#[path = "session_store/conformance.rs"]
mod conformance;
#[path = "session_store/damage.rs"]
mod damage;
#[path = "support/patience.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of the harness")]
mod patience;
#[path = "support/redis.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of the harness")]
#[cfg(feature = "redis-store")]
mod redis;
#[path = "session_store/shared.rs"]
#[cfg(feature = "redis-store")]
mod shared;
#[path = "support/stopwatch.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of the harness")]
mod stopwatch;

const MINUTE: Duration = Duration::from_mins(1);
const START: Timestamp = Timestamp::from_millis(1_795_323_000_000);

fn settings(store: SessionStore) -> Settings {
    Settings {
        store,
        idle_timeout: 30 * MINUTE,
        absolute_timeout: 720 * MINUTE,
        password_timeout: None,
        per_user: 20,
        cross_site_framing: false,
        remembered: Some(RememberedLimits { idle: 30 * conformance::DAY, absolute: 180 * conformance::DAY }),
        max_age: Vec::new(),
        store_timeout: Duration::from_secs(1),
        max_outage: Duration::from_mins(5),
    }
}

fn of(user: &str) -> NewSession {
    NewSession::new(user.parse().expect("a user id"), MadeBy::Password)
}

struct Home {
    folder: TempDir,
    clock: Clock,
}

impl Home {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder"), clock: Clock::manual(START) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("state/sessions.redb")
    }

    /// Opens the file, waiting for the writer of the last `Sessions` to let go of it.
    fn open(&self) -> (Arc<Sessions>, Vec<Notice>) {
        open_file(&self.file(), &self.clock)
    }

    fn set_aside(&self) -> Vec<PathBuf> {
        let all = fs::read_dir(self.folder.path().join("state")).expect("the folder").map(|e| e.expect("entry").path());
        all.filter(|path| path.to_string_lossy().contains(".corrupt-")).collect()
    }

    fn later(&self, by: Duration) {
        self.clock.set(self.clock.now().saturating_add(by));
    }
}

fn open_file(path: &Path, clock: &Clock) -> (Arc<Sessions>, Vec<Notice>) {
    let begun = Stopwatch::start();
    loop {
        match Sessions::open(&settings(SessionStore::File(path.to_owned())), clock.clone()) {
            Ok(opened) => return opened,
            Err(OpenError::File { why, .. }) => begun.assert_within(PATIENCE, &format!("still not free: {why}")),
            Err(error @ OpenError::NoRedis) => panic!("{error}"),
        }
        std::thread::yield_now();
    }
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Stopwatch::start();
    while !done() {
        begun.assert_within(PATIENCE, what);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn memory_does_what_every_store_does() {
    let clock = Clock::manual(START);
    let (sessions, notices) = Sessions::open(&settings(SessionStore::Memory), clock.clone()).expect("opened");
    assert!(notices.is_empty());
    conformance::conforms(Arc::clone(&sessions), clock).await;
    assert!(matches!(sessions.health(), Health::MemoryByChoice));
}

#[tokio::test]
async fn a_file_does_what_every_store_does() {
    let home = Home::new();
    let (sessions, notices) = home.open();
    assert!(notices.is_empty(), "{notices:?}");
    conformance::conforms(Arc::clone(&sessions), home.clock.clone()).await;
    assert!(matches!(sessions.health(), Health::Durable));
    drop(sessions);
    assert!(home.open().0.is_empty(), "nothing that was revoked comes back");
}

#[tokio::test]
async fn a_file_keeps_what_became_of_the_secrets_of_a_remembered_session() {
    use conformance::{DAY, finds, remembered};
    let home = Home::new();
    let (sessions, _) = home.open();
    let (old, session) = sessions.create(remembered("alice")).await.expect("made");
    home.later(DAY);
    let (new, _) = sessions.renew(&session, &old, Carrier::Navigation).await.expect("due");
    drop((sessions, session));
    let (sessions, notices) = home.open();
    assert!(notices.is_empty(), "{notices:?}");
    home.later(MINUTE);
    assert!(finds(&sessions, &old).await && finds(&sessions, &new).await, "what was offered is on the disk");
    drop(sessions);
    home.later(MINUTE);
    let (sessions, _) = home.open();
    assert!(finds(&sessions, &new).await);
    assert_eq!(sessions.find(&old).await.expect_err("refused"), Reason::TokenReused, "so is what was replaced");
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.is_empty(), "the end is, too");
}

#[tokio::test]
async fn a_session_survives_a_restart_with_everything_that_is_known_of_it() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let (_, parent) = sessions.create(of("alice")).await.expect("made");
    let about = NewSession {
        address: Some("192.0.2.7".parse().expect("an address")),
        user_agent: vestibule::session::UserAgent::from_header(b"Mozilla/5.0"),
        addon: Some("node-red".parse().expect("a slug")),
        parent: Some(parent.digest()),
        refresh_token: Some("0a1b".to_owned()),
        password_digest: Some([7; 32]),
        certificate: Some([9; 32]),
        ..of("alice")
    };
    let (token, before) = sessions.create(about).await.expect("made");
    let listed = sessions.list();
    drop(sessions);
    let (sessions, notices) = home.open();
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!(sessions.list(), listed);
    let after = sessions.look_up(&token).expect("live");
    assert_eq!(after.addon(), before.addon());
    assert_eq!((after.certificate(), before.certificate()), (Some(&[9; 32]), Some(&[9; 32])));
    assert_eq!(after.parent(), before.parent());
    assert_eq!(after.refresh_token(), before.refresh_token());
    assert_eq!(after.password_digest(), before.password_digest());
    assert_eq!(after.made_by(), MadeBy::Password);
}

#[tokio::test]
async fn a_session_made_from_another_is_out_of_the_file_when_that_one_ends() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let (_, parent) = sessions.create(of("alice")).await.expect("made");
    let child = NewSession { parent: Some(parent.digest()), ..of("alice") };
    let (token, _) = sessions.create(child).await.expect("made");
    let parent = parent.id();
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.look_up(&token).is_some(), "both survive a restart");
    assert_eq!(sessions.revoke(parent).await.expect("revoked").len(), 2);
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(sessions.is_empty() && sessions.look_up(&token).is_none());
}

#[tokio::test]
async fn stopping_stores_when_sessions_were_last_seen_and_drops_what_is_over() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let (busy, _) = sessions.create(of("alice")).await.expect("made");
    let (idle, _) = sessions.create(of("frank")).await.expect("made");
    home.later(20 * MINUTE);
    assert!(sessions.look_up(&busy).is_some());
    let seen = home.clock.now();
    home.later(15 * MINUTE);
    let stop = CancellationToken::new();
    stop.cancel();
    Arc::clone(&sessions).run(stop).await;
    assert_eq!(sessions.len(), 1, "the idle one is swept");
    drop(sessions);
    let (sessions, _) = home.open();
    assert_eq!(sessions.list()[0].last_seen, seen);
    assert!(sessions.look_up(&busy).is_some() && sessions.look_up(&idle).is_none());
    assert_eq!(sessions.len(), 1);
}

#[tokio::test]
async fn expired_sessions_are_swept_and_streams_are_told() {
    let clock = Clock::manual(START);
    let (sessions, _) = Sessions::open(&settings(SessionStore::Memory), clock.clone()).expect("opened");
    let (_, session) = sessions.create(of("alice")).await.expect("made");
    let mut notifier = sessions.subscribe();
    clock.set(START.saturating_add(30 * MINUTE));
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&sessions).run(stop.clone()));
    notifier.changed().await.expect("it rings");
    assert!(sessions.is_empty() && session.ended());
    stop.cancel();
    running.await.expect("it stops");
}

#[tokio::test]
async fn many_sign_ins_at_once_are_all_on_disk() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let makers = (0..200).map(|number| {
        let sessions = Arc::clone(&sessions);
        tokio::spawn(async move { sessions.create(of(&format!("user{number}"))).await.expect("made").0 })
    });
    let mut tokens = Vec::new();
    for maker in makers.collect::<Vec<_>>() {
        tokens.push(maker.await.expect("made"));
    }
    drop(sessions);
    let (sessions, _) = home.open();
    assert!(tokens.iter().all(|token| sessions.look_up(token).is_some()));
}

#[test]
fn two_sign_ins_at_once_respect_the_cap() {
    let few = Settings { per_user: 3, ..settings(SessionStore::Memory) };
    let (sessions, _) = Sessions::open(&few, Clock::manual(START)).expect("opened");
    let together = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                for _ in 0..2000 {
                    together.wait();
                    runtime.block_on(sessions.create(of("alice"))).expect("made");
                    together.wait();
                    // Asked before the next round, which would put right what this one got wrong.
                    assert!(sessions.len() <= 3);
                }
            });
        }
    });
}

#[tokio::test]
async fn nobody_else_may_read_the_file() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&home.file()), 0o600);
    assert_eq!(mode(home.file().parent().expect("a folder")), 0o700);
    drop(sessions);
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o644)).expect("widened");
    let (_sessions, _) = home.open();
    assert_eq!(mode(&home.file()), 0o600, "one that was wider is narrowed");
}

#[tokio::test]
async fn no_token_stands_in_the_file() {
    let home = Home::new();
    let (sessions, _) = home.open();
    let (token, _) = sessions.create(of("alice")).await.expect("made");
    let bytes = fs::read(home.file()).expect("the file");
    assert!(find(&bytes, b"\"user\":\"alice\""), "the session is there");
    assert!(!find(&bytes, token.encode().as_bytes()), "its token is not");
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
