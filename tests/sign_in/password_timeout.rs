//! Without Home Assistant's files nobody can see that a password was changed: a session ends after a time of its own,
//! with all that is open, and the password is asked for again (S-190).

use std::time::{Duration, Instant};

use crate::api_alone::start;
use crate::support::expectation::{ALICE, BOB};
use crate::support::form::new_session;
use crate::support::journey::Browser;
use crate::support::process::COOKIE;
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, ConfigFile, Protocol, RawAddon, There, Vestibule, assert_denied, eventually};

const TIMEOUT: Duration = Duration::from_secs(4);

fn short(config: &mut ConfigFile) {
    config.set("session", "password_timeout", r#""4s""#);
}

/// Waits until a session is over, and says that this was not before its time.
#[track_caller]
fn await_timeout(vestibule: &Vestibule, session: &str, begun: Instant) {
    vestibule.await_ended(session);
    assert!(begun.elapsed() >= TIMEOUT, "over after {:?}", begun.elapsed());
}

#[test]
fn s190_a_session_ends_in_time_with_what_is_open_and_the_old_password_makes_no_other() {
    let (addon, there) = (echo(), There::with_people());
    let vestibule = start(&there, &addon, short);
    let begun = Instant::now();
    let typed = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    let mut browser = Browser::new();
    assert_eq!(browser.sign_in(&vestibule, &there, ALICE.id).status, 303);
    let made_there = browser.session().unwrap();
    let operators = vestibule.cookie("carol");
    // Home Assistant ends no refresh token and no WebSocket when a password is changed: nothing tells of it.
    there.state().passwords.insert("bob".to_owned(), "another".to_owned());
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &typed));
    for tunnel in &mut tunnels {
        tunnel.assert_alive("before its time");
    }
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    assert!(begun.elapsed() >= TIMEOUT, "cut after {:?}", begun.elapsed());
    for session in [&typed, &made_there, &operators] {
        await_timeout(&vestibule, session, begun);
    }
    for protocol in BOTH {
        addon.forget();
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&typed)), &addon, "over");
    }
    let asked = vestibule.ask(Protocol::H1, &Ask::navigate("/ingress/a/").cookie(&typed));
    assert!(asked.location().starts_with("/.vestibule/sign-in"), "{asked:#?}");
    assert_eq!(vestibule.sign_in("bob", "bob-pass-1").status, 401, "the old password");
    assert!(vestibule.sign_in("bob", "another").set_cookie(COOKIE).is_some());
    eventually("the sign-in over there given back", || there.tokens().is_empty().then_some(()));
}

#[test]
fn s190_a_session_that_was_handed_over_ends_with_the_one_it_came_from() {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let vestibule = start(&there, &addon, |config| {
        short(config);
        config.set("listen", "public_urls", r#"["https://p.test"]"#);
        config.addon_table(&format!("slug = \"own\"\nupstream = \"{}\"\nhost = \"own.p.test\"\n", addon.url()));
    });
    let begun = Instant::now();
    let parent = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    let half = TIMEOUT / 2;
    // Late, so that a time of its own would outlive that of its parent.
    eventually("half of the time", || (begun.elapsed() >= half).then_some(()));
    let go = |host: &str, target: &str, cookies: &str| {
        let ask = Ask::navigate(target).host(host);
        vestibule.ask(Protocol::H1, &if cookies.is_empty() { ask } else { ask.cookie(cookies) })
    };
    let left = go("own.p.test", &go("own.p.test", "/x", "").location(), "");
    let (nonce, _) = left.set_cookie("__Host-ingress_hand_over").unwrap();
    let granted = go("p.test", left.location().strip_prefix("https://p.test").unwrap(), &parent);
    let arrived = go("own.p.test", granted.location().strip_prefix("https://own.p.test").unwrap(), &nonce);
    let child = new_session(&arrived);
    let opens = || vestibule.ask(Protocol::H1, &Ask::get("/x").host("own.p.test").cookie(&child)).status;
    assert_eq!(opens(), 200);
    await_timeout(&vestibule, &parent, begun);
    assert_eq!(opens(), 401, "in the same moment");
}

#[test]
fn s190_a_restart_gives_a_session_no_time() {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let mut vestibule = start(&there, &addon, |config| {
        config.set("session", "password_timeout", r#""1h""#).set("session", "store", r#""sessions.redb""#);
    });
    let session = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    vestibule.kill_9();
    vestibule.start_again();
    assert!(vestibule.is_live(&session));
    eventually("an age of two seconds", || {
        vestibule.kill_9();
        vestibule.reconfigure(|config| {
            config.set("session", "password_timeout", r#""2s""#);
        });
        vestibule.start_again();
        (!vestibule.is_live(&session)).then_some(())
    });
    vestibule.reconfigure(|config| {
        config.set("session", "password_timeout", r#""1h""#);
    });
    vestibule.signal("TERM");
    vestibule.await_end(Duration::from_secs(30));
    vestibule.start_again();
    assert!(!vestibule.is_live(&session), "what is over stays over");
}

#[test]
fn s190_where_passwords_can_be_followed_the_timeout_is_none() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "password_timeout", r#""1s""#).addon("a", &addon);
    });
    let begun = Instant::now();
    let session = vestibule.cookie("bob");
    eventually("two seconds", || {
        assert!(vestibule.is_live(&session));
        (begun.elapsed() >= Duration::from_secs(2)).then_some(())
    });
}

/// Whichever way the home changes, nobody could say what became of the password meanwhile.
#[test]
fn s190_a_session_does_not_go_over_from_a_home_with_files_to_one_without_or_back() {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let mut vestibule = start(&there, &addon, |config| {
        config.set("session", "password_timeout", r#""1h""#);
    });
    let over_api = [new_session(&vestibule.sign_in("bob", "bob-pass-1")), vestibule.cookie("alice")];
    assert!(over_api.iter().all(|session| vestibule.is_live(session)));
    vestibule.reconfigure(|config| {
        config.unset("home_assistant", "token").set("home_assistant", "config_dir", r#""home""#);
    });
    for session in &over_api {
        eventually("the end with a home that has files", || (!vestibule.is_live_at_all(session)).then_some(()));
        vestibule.await_ended(session);
    }
    let with_files = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    assert!(vestibule.is_live(&with_files));
    vestibule.reconfigure(|config| {
        config.unset("home_assistant", "config_dir").set("home_assistant", "token", r#"{ file = "long-lived" }"#);
    });
    eventually("the home without files", || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&with_files));
        (answer.status == 401).then_some(())
    });
    assert!(vestibule.sign_in("bob", "bob-pass-1").set_cookie(COOKIE).is_some(), "{}", BOB.id);
}
