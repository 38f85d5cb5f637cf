//! A session that stays signed in, on two proxies: one secret for both, and a copy of an older one ends it on both. The
//! clocks of the proxies are the system's: what has to be days old is made by a third node, whose clock is behind.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vestibule::clock::{Clock, Timestamp};
use vestibule::config::{RedisPlace, RedisStore, RememberedLimits, Session as Settings, SessionStore};
use vestibule::session::{Carrier, Health, MadeBy, NewSession, SessionToken, Sessions};

use crate::support::expectation::BOB;
use crate::support::form::new_session;
use crate::support::home::password_of;
use crate::support::process::COOKIE;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};
use crate::two_proxies;

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

/// A node in this process that has reached Redis.
struct Third {
    runtime: tokio::runtime::Runtime,
    sessions: Arc<Sessions>,
    clock: Clock,
    stop: CancellationToken,
}

impl Third {
    fn start(redis: &Redis, ago: Duration) -> Self {
        let store = RedisStore {
            place: RedisPlace::Unix(redis.socket()),
            database: 0,
            user: None,
            password: None,
            ca: None,
            key: None,
            prefix: "vestibule:".to_owned(),
        };
        let settings = Settings {
            store: SessionStore::Redis(Box::new(store)),
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            remembered: Some(RememberedLimits { idle: 30 * DAY, absolute: 180 * DAY }),
            max_age: Vec::new(),
            password_timeout: None,
            per_user: 20,
            cross_site_framing: false,
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        let now = Clock::System.now().as_millis();
        let clock = Clock::manual(Timestamp::from_millis(now - u64::try_from(ago.as_millis()).unwrap()));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (sessions, _) = Sessions::open(&settings, clock.clone()).unwrap();
        let stop = CancellationToken::new();
        runtime.spawn(Arc::clone(&sessions).run(stop.clone()));
        eventually("Redis", || matches!(sessions.health(), Health::Durable).then_some(()));
        Self { runtime, sessions, clock, stop }
    }

    fn later(&self, by: Duration) {
        self.clock.set(self.clock.now().saturating_add(by));
    }

    /// Bob, with the password that he has.
    fn sign_in(&self, vestibule: &Vestibule) -> SessionToken {
        new_session(&vestibule.sign_in("bob", &password_of("bob")));
        self.runtime.block_on(self.sessions.gather()).unwrap();
        let made = self.sessions.which(|session| session.password_digest().is_some());
        let about = NewSession {
            remembered: true,
            password_digest: made[0].password_digest().copied(),
            ..NewSession::new(BOB.id.parse().unwrap(), MadeBy::Password)
        };
        self.runtime.block_on(self.sessions.create(about)).unwrap().0
    }

    fn find(&self, token: &SessionToken) {
        self.runtime.block_on(self.sessions.find(token)).unwrap();
    }

    fn renew(&self, token: &SessionToken) -> SessionToken {
        let session = self.runtime.block_on(self.sessions.find(token)).unwrap();
        self.runtime.block_on(self.sessions.renew(&session, token, Carrier::Navigation)).unwrap().0
    }
}

impl Drop for Third {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn pair(token: &SessionToken) -> String {
    format!("{COOKIE}={}", token.encode().as_str())
}

#[test]
fn a_copy_of_an_older_cookie_that_comes_to_one_ends_the_session_on_both() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let third = Third::start(&redis, 2 * DAY);
    let stolen = third.sign_in(&one);
    third.later(DAY);
    let kept = third.renew(&stolen);
    third.later(2 * MINUTE);
    third.find(&kept);
    for vestibule in [&one, &two] {
        assert!(vestibule.is_live(&pair(&kept)));
    }
    let answer = two.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(pair(&stolen)));
    assert_eq!(answer.status, 401);
    two.await_line(&["event=token_reused", BOB.id]);
    eventually("the end on the other", || (!one.is_live(&pair(&kept))).then_some(()));
    assert!(!two.is_live(&pair(&kept)));
}

#[test]
fn the_new_secret_that_one_has_given_counts_on_the_other() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let third = Third::start(&redis, 2 * DAY);
    let old = pair(&third.sign_in(&one));
    let page = |vestibule: &Vestibule, cookie: &str| {
        vestibule.ask(Protocol::H2, &Ask::navigate("/ingress/a/").cookie(cookie)).set_cookie(COOKIE)
    };
    assert!(two.is_live(&old));
    // Where Redis takes its time there is none yet, and the next request tries again.
    let (new, _) = eventually("a new secret", || page(&one, &old));
    assert_eq!(page(&two, &old), None, "not a second one");
    for (protocol, vestibule) in BOTH.into_iter().flat_map(|protocol| [(protocol, &one), (protocol, &two)]) {
        for cookie in [&old, &new] {
            assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(cookie)).status, 200);
        }
    }
    one.revoke("bob");
    eventually("the end on the other", || (!two.is_live(&new)).then_some(()));
}
