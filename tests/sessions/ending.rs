//! A session starts at sign-in and ends when it should: cases S-74 and S-75.

use serde_json::json;

use crate::support::expectation::{ALICE, BOB};
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_denied, assert_id, eventually};
use crate::{token, two_addons};

#[test]
fn s74_signing_in_never_keeps_a_session_that_was_there_before() {
    let (addon, _, vestibule) = two_addons();
    let planted = format!("{COOKIE}={}", "A".repeat(43));
    let attackers = vestibule.cookie("carol");
    for before in [&planted, &attackers] {
        let mut form = Form::open(&vestibule, LOOPBACK);
        form.others.push(before.clone());
        let answer = form.submit(&vestibule, "bob", &password_of("bob"));
        let fresh = new_session(&answer);
        assert_ne!(token(&fresh), token(before), "a new token at every sign-in");
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&fresh));
        assert_eq!(answer.status, 200);
        assert_id(&addon.one(), &BOB);
    }
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&planted));
    assert_denied(&answer, &addon, "a token that we did not make");
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&attackers));
    assert!(answer.status == 401 || answer.json()["user"]["name"] != "bob", "never bob's: {answer:#?}");
}

#[test]
fn s74_every_sign_in_makes_a_token_of_its_own() {
    let (_, _, vestibule) = two_addons();
    let first = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let second = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    assert_ne!(first, second);
    let mut form = Form::open(&vestibule, LOOPBACK);
    form.others.push(first.clone());
    let third = new_session(&form.submit(&vestibule, "bob", &password_of("bob")));
    assert_ne!(first, third);
}

#[test]
fn s75_signing_out_ends_the_session_for_whoever_kept_the_cookie() {
    let (addon, _, vestibule) = two_addons();
    for protocol in BOTH {
        let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
        let other = vestibule.cookie("bob");
        let sign_out = Ask::post("/.vestibule/sign-out", "")
            .field("Origin", "https://p.test")
            .field("Sec-Fetch-Site", "same-origin")
            .cookie(&cookie);
        let answer = vestibule.ask(protocol, &sign_out);
        assert_eq!(answer.status, 303, "{protocol:?}: {answer:#?}");
        assert!(answer.location().starts_with("/.vestibule/sign-in"), "{answer:#?}");
        let (pair, attributes) = answer.set_cookie(COOKIE).expect("the cookie is cleared");
        assert_eq!(token(&pair), "", "{answer:#?}");
        assert!(attributes.contains("Max-Age=0"), "{answer:#?}");
        assert!(attributes.contains("Path=/") && attributes.contains("Secure"), "or browsers ignore it: {answer:#?}");
        let replay = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_denied(&replay, &addon, "the old cookie after sign-out");
        assert!(vestibule.is_live(&other), "the user's other sessions stay");
    }
}

#[test]
fn s75_a_get_and_a_foreign_page_cannot_sign_out() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let get = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-out").cookie(&cookie));
        assert!(matches!(get.status, 404 | 405), "{get:#?}");
        let foreign = Ask::post("/.vestibule/sign-out", "")
            .field("Origin", "https://evil.test")
            .field("Sec-Fetch-Site", "cross-site")
            .cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &foreign).status, 403);
        assert!(vestibule.is_live(&cookie));
    }
}

#[test]
fn s75_a_changed_password_ends_the_sessions_made_with_the_old_one() {
    let (addon, _, vestibule) = two_addons();
    let bob = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let carol = new_session(&vestibule.sign_in("carol", &password_of("carol")));
    vestibule.home().set_password("bob", "another-pass-2");
    vestibule.await_ended(&bob);
    for protocol in BOTH {
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob)), &addon, "the old password");
    }
    assert!(vestibule.is_live(&carol), "other users stay");
    let answer = vestibule.sign_in("bob", &password_of("bob"));
    assert_eq!(answer.status, 401, "the old password is wrong: {answer:#?}");
    let fresh = new_session(&vestibule.sign_in("bob", "another-pass-2"));
    assert!(vestibule.is_live(&fresh));
}

#[test]
fn s75_a_deactivated_or_deleted_user_is_nobody() {
    let (addon, _, vestibule) = two_addons();
    let (bob, carol, alice) = (vestibule.cookie("bob"), vestibule.cookie("carol"), vestibule.cookie("alice"));
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    vestibule.await_ended(&bob);
    vestibule.home().delete_user("carol");
    vestibule.await_ended(&carol);
    for protocol in BOTH {
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob)), &addon, "deactivated");
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&carol)), &addon, "deleted");
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&alice)).status, 200);
        assert_id(&addon.one(), &ALICE);
    }
}

#[test]
fn s75_a_lost_group_is_a_lost_add_on_and_the_session_stays() {
    let (open, closed) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &open).addon_with("closed", &closed, "access = { groups = [\"system-users\"] }");
    });
    let bob = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/closed/").cookie(&bob)).status, 200);
    closed.one();
    vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-read-only"]));
    eventually("the lost group", || {
        let status = vestibule.ask(Protocol::H1, &Ask::get("/ingress/closed/").cookie(&bob)).status;
        (status == 403).then_some(())
    });
    let _ = closed.requests().len();
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/closed/").cookie(&bob)).status, 403);
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/open/").cookie(&bob)).status, 200);
}

#[test]
fn the_oldest_session_of_a_user_gives_way_when_there_are_too_many() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "per_user", "2").addon("a", &addon);
    });
    let others = vestibule.cookie("carol");
    let [first, second, third] = [(); 3].map(|()| vestibule.cookie("bob"));
    vestibule.await_ended(&first);
    assert!(vestibule.is_live(&second) && vestibule.is_live(&third) && vestibule.is_live(&others));
}
