//! What a token opens, what it is made of and where it is kept: cases S-79 and S-80.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::expectation::BOB;
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::LOOPBACK;
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_denied, assert_id, assert_problem};
use crate::{contains, token, two_addons};

#[test]
fn s79_a_session_for_one_add_on_opens_no_other() {
    let (a, b, vestibule) = two_addons();
    let bound = vestibule.bound_cookie("bob", "a");
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bound)).status, 200);
        assert_id(&a.one(), &BOB);
        let elsewhere = vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&bound));
        assert_problem(&elsewhere, 403);
        assert_denied(&elsewhere, &b, "bound to another add-on");
        let body = vestibule.ask(protocol, &Ask::post("/ingress/b/", "x").cookie(&bound));
        assert_denied(&body, &b, "bound to another add-on");
    }
    b.assert_untouched("bound to another add-on");
    let unknown = vestibule.command(&["sessions", "new", "--user", "bob", "--addon", "no-such-add-on"]);
    assert!(!unknown.status.success(), "a session cannot be bound to nothing: {unknown:?}");
}

#[test]
fn s79_a_session_made_at_an_add_ons_own_host_is_for_that_add_on() {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &a, "host = \"a.p.test\"").addon("b", &b);
    });
    let page = vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in").host("a.p.test"));
    let mut post = Form::from_page(&page, LOOPBACK).post("bob", &password_of("bob")).host("a.p.test");
    post.fields.retain(|(name, _)| name != "Origin");
    let cookie = new_session(&vestibule.ask(Protocol::H1, &post.field("Origin", "https://a.p.test")));
    for protocol in BOTH {
        let there = Ask::get("/x").host("a.p.test").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &there).status, 200);
        let request = a.one();
        assert_eq!(request.fields.one("x-remote-user-id"), BOB.id);
        assert!(request.fields.texts("x-ingress-path").concat().is_empty(), "there is no prefix: {request:#?}");
        // The add-on at that host can read what its own pages send; nothing that it takes from there opens another.
        let elsewhere = vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&cookie));
        assert_denied(&elsewhere, &b, "a session of another host");
    }
}

#[test]
fn s80_a_token_is_256_random_bits_and_is_kept_nowhere() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
    });
    let cookies: Vec<String> = (0..8).map(|_| vestibule.cookie("bob")).collect();
    for (i, cookie) in cookies.iter().enumerate() {
        let token = token(cookie);
        assert_eq!(token.len(), 43, "256 bits in base64url: {token}");
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
        assert!(!cookies[..i].contains(cookie), "never the same again");
    }
    let store = vestibule.path("state/sessions.redb");
    let mode = fs::metadata(&store).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "nobody else reads the store");
    let socket = fs::metadata(vestibule.path("run/vestibule.sock")).unwrap().permissions().mode() & 0o777;
    assert_eq!(socket, 0o600, "nobody else makes sessions");
    let list = vestibule.command_ok(&["sessions", "list"]);
    let bytes = fs::read(&store).unwrap();
    for cookie in &cookies {
        let token = token(cookie);
        let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token).unwrap();
        assert!(!contains(&bytes, token) && !bytes.windows(32).any(|w| w == raw), "the store holds digests");
        assert!(!list.contains(token), "the list shows no token: {list}");
    }
}
