//! The end of a session that Home Assistant's page made: signed out here, Home Assistant gets its tokens back; ended
//! there, it ends here (S-75).

use crate::support::expectation::BOB;
use crate::support::form::Form;
use crate::support::journey::Browser;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, Protocol, RawAddon, There, Vestibule, eventually};
use crate::{at_there, offering};

#[test]
fn s75_signing_out_here_gives_the_tokens_back() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    let session = browser.session().unwrap();
    assert_eq!(there.tokens().len(), 1);
    let post = Ask::post("/.vestibule/sign-out", "").field("Origin", "https://p.test").cookie(&session);
    assert_eq!(vestibule.ask(Protocol::H1, &post).status, 303);
    assert!(!vestibule.is_live(&session));
    eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    assert_eq!(there.calls_to("/auth/revoke").len(), 1);
}

#[test]
fn s75_a_session_that_the_operator_ends_gives_the_tokens_back_too() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    vestibule.revoke("bob");
    eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    assert!(!vestibule.is_live(&browser.session().unwrap()));
}

#[test]
fn s75_a_sign_in_that_is_ended_in_home_assistant_ends_here() {
    let (_, there, vestibule) = at_there();
    let (mut browser, mut other) = (Browser::new(), Browser::new());
    browser.sign_in(&vestibule, &there, BOB.id);
    let [token] = &there.tokens()[..] else { panic!("one token") };
    vestibule.home().add_refresh_token(BOB.id, token);
    other.sign_in(&vestibule, &there, BOB.id);
    let second = there.tokens().into_iter().find(|id| id != token).unwrap();
    vestibule.home().add_refresh_token(BOB.id, &second);
    vestibule.await_line(&["Home Assistant's users", "have been read"]);
    let (session, others) = (browser.session().unwrap(), other.session().unwrap());
    // Both were in the file when it was looked at: what is gone now was revoked.
    eventually("a look at the file with both", || {
        let reads = vestibule.stderr().matches("Home Assistant's users have been read").count();
        (reads >= 2).then_some(())
    });
    assert!(vestibule.is_live(&session) && vestibule.is_live(&others));
    vestibule.home().drop_refresh_token(token);
    vestibule.await_ended(&session);
    assert!(vestibule.is_live(&others), "the other sign-in lives on");
    vestibule.await_line(&["event=revoked", "by=home_assistant"]);
}

#[test]
fn s75_a_sign_in_that_is_ended_in_home_assistant_ends_here_after_a_restart_too() {
    let (addon, there) = (RawAddon::start(), There::start());
    let mut vestibule = Vestibule::start(|config| {
        offering(config, &there).set("session", "store", r#""sessions.redb""#).addon("a", &addon);
    });
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    let [token] = &there.tokens()[..] else { panic!("one token") };
    vestibule.home().add_refresh_token(BOB.id, token);
    let session = browser.session().unwrap();
    vestibule.kill_9();
    vestibule.start_again();
    assert!(vestibule.is_live(&session), "a session of the file");
    // The first look after the start is made within five seconds, and finds the token; that it is gone is seen by the
    // next.
    vestibule.home().drop_refresh_token(token);
    vestibule.await_ended(&session);
}

#[test]
fn s75_a_changed_password_ends_a_session_that_home_assistant_made() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    let session = browser.session().unwrap();
    vestibule.home().set_password("bob", "another-1");
    vestibule.await_ended(&session);
    eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    let mut form = Form::open(&vestibule, LOOPBACK);
    form.others.push(session);
    assert!(form.submit(&vestibule, "bob", "another-1").set_cookie(COOKIE).is_some());
}
