//! A session that stays signed in, on two proxies: one secret for both, and a copy of an older one ends it on both. The
//! clocks of the proxies are the system's: what has to be days old is made by a third node, whose clock is behind.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vestibule::config::{RedisPlace, RedisStore, SessionStore};
use vestibule::session::{Health, SessionToken};

use crate::support::expectation::BOB;
use crate::support::form::new_session;
use crate::support::home::password_of;
use crate::support::past_sessions::{DAY, PastSessions, pair};
use crate::support::process::COOKIE;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};
use crate::two_proxies;

const MINUTE: Duration = Duration::from_mins(1);

/// A node in this process that has reached Redis.
struct Third {
    node: PastSessions,
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
        let node = PastSessions::open(SessionStore::Redis(Box::new(store)), ago);
        let stop = CancellationToken::new();
        node.runtime.spawn(Arc::clone(&node.sessions).run(stop.clone()));
        eventually("Redis", || matches!(node.sessions.health(), Health::Durable).then_some(()));
        Self { node, stop }
    }

    /// Bob, with the password that he has.
    fn sign_in(&self, vestibule: &Vestibule) -> SessionToken {
        new_session(&vestibule.sign_in("bob", &password_of("bob")));
        self.node.runtime.block_on(self.node.sessions.gather()).unwrap();
        self.node.of_bob(true, b"")
    }
}

impl Drop for Third {
    fn drop(&mut self) {
        self.stop.cancel();
    }
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
    third.node.later(DAY);
    let kept = third.node.renew(&stolen);
    third.node.later(2 * MINUTE);
    third.node.find(&kept);
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
