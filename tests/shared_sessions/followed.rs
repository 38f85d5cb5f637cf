//! Several proxies without Home Assistant's files: a sign-in over its page is followed by the proxy that made it, holds
//! on all, and ends with that proxy, since nobody else would hear of its end (S-75).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::expectation::BOB;
use crate::support::form::new_session;
use crate::support::journey::Browser;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::there::LONG_LIVED;
use crate::support::{Extra, RawAddon, There, Vestibule, eventually};

fn alone(redis: &Redis, addon: &RawAddon, there: &There) -> Vestibule {
    Vestibule::start_with(
        |config| {
            config.set("session", "store", &format!("{:?}", redis.url())).addon("a", addon);
            config.unset("home_assistant", "config_dir");
            config.set("home_assistant", "url", &there.url());
            config.set("home_assistant", "token", r#"{ file = "long-lived" }"#);
            config.set("sign_in", "methods", r#"["home-assistant", "password"]"#);
        },
        |_| {},
        |folder| {
            let file = folder.join("long-lived");
            fs::write(&file, format!("{LONG_LIVED}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            Extra::default()
        },
    )
}

#[test]
fn s75_without_files_a_sign_in_lives_on_all_proxies_and_ends_with_the_one_that_follows_it() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon, there) = (Redis::start(), RawAddon::start(), There::with_people());
    let (mut one, mut two) = (alone(&redis, &addon, &there), alone(&redis, &addon, &there));
    let mut browser = Browser::new();
    let back = there.approve(&browser.begin(&two, "/ingress/a/"), BOB.id);
    assert_eq!(browser.go(&one, &back).status, 303, "made here, and so followed here");
    let session = browser.session().unwrap();
    let typed = new_session(&two.sign_in("alice", "alice-pass-1"));
    assert!(two.is_live(&session));
    let word = format!("vestibule:note:followed:{}", session_key(&redis));
    let said = || redis.say(&["PTTL", &word]).parse::<i64>().unwrap();
    eventually("the word that it is followed", || (said() > 0).then_some(()));
    // Another proxy that begins anew, or gets another home, does not take it for one that nobody follows.
    two.reconfigure(|config| {
        config.set("home_assistant", "max_stale", r#""2h""#);
    });
    two.await_line(&["configuration reloaded"]);
    let third = alone(&redis, &addon, &there);
    assert!(two.is_live(&session) && third.is_live(&session) && one.is_live(&session));
    redis.say(&["PEXPIRE", &word, "30000"]);
    eventually("the word said again", || (said() > 30_000).then_some(()));
    // Ended there, it ends everywhere; and with its proxy.
    there.revoke_all();
    two.await_ended(&session);
    let mut again = Browser::new();
    let back = there.approve(&again.begin(&one, "/ingress/a/"), BOB.id);
    assert_eq!(again.go(&one, &back).status, 303);
    let session = again.session().unwrap();
    assert!(two.is_live(&session));
    one.signal("TERM");
    one.await_end(Duration::from_secs(30));
    two.await_ended(&session);
    assert!(there.tokens().is_empty(), "given back");
    assert!(two.is_live(&typed), "what was typed here needs nobody to follow it");
}

/// The digest of the one session over Home Assistant's page.
fn session_key(redis: &Redis) -> String {
    let keys = redis.keys("vestibule:session:*").into_iter();
    let made_there = |key: &String| redis.say(&["--raw", "GET", key]).contains("refresh_token");
    keys.filter(made_there).map(|key| key.rsplit(':').next().unwrap().to_owned()).next().expect("it is there")
}
