//! Home Assistant's access tokens in the place of a session, at add-ons that take them (S-84).

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::support::expectation::BOB;
use crate::support::minted::{minted, now, token};
use crate::support::process::LOOPBACK;
use crate::support::tunnel::{self, Tunnel, handshake};
use crate::support::{
    Ask, BOTH, Protocol, RawAddon, Stopwatch, Vestibule, assert_denied, assert_id, assert_problem, eventually,
};

/// `/ingress/a/` takes tokens, `/ingress/b/` does not.
fn bench() -> (RawAddon, RawAddon, Vestibule) {
    let (a, b) = (tunnel::echo(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.2/32"]"#);
        config.addon_with("a", &a, "tokens = true").addon("b", &b);
    });
    (a, b, vestibule)
}

fn with(token: &str, target: &str) -> Ask {
    Ask::get(target).field("Authorization", format!("Bearer {token}"))
}

#[test]
fn a_token_is_as_good_as_a_session_and_the_add_on_never_sees_it() {
    let (a, b, vestibule) = bench();
    let token = token(vestibule.home(), "bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &with(&token, "/ingress/a/x").field("X-Remote-User-Id", "root"));
        assert_eq!(answer.status, 200, "{answer:#?}");
        let request = a.one();
        assert_id(&request, &BOB);
        assert!(!request.fields.has("authorization"), "{request:#?}");
        assert!(!String::from_utf8_lossy(&request.head).contains(&token));
        // A token carries no authority of the browser's, so no page of another site is behind it.
        let post = Ask::post("/ingress/a/x", "y").field("Authorization", format!("Bearer {token}"));
        let answer =
            vestibule.ask(protocol, &post.field("Origin", "https://app.test").field("Sec-Fetch-Site", "cross-site"));
        assert_eq!(answer.status, 200, "{answer:#?}");
        a.one();
        let socket = handshake(protocol, "/ingress/a/ws").field("Authorization", format!("Bearer {token}"));
        let without_origin = Ask { fields: socket.fields.into_iter().filter(|f| f.0 != "Origin").collect(), ..socket };
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &without_origin);
        tunnel.unwrap_or_else(|| panic!("{answer:#?}")).assert_alive("hello");
        a.forget();
    }
    let elsewhere = vestibule.ask(Protocol::H1, &with(&token, "/ingress/b/"));
    assert_denied(&elsewhere, &b, "this add-on takes no tokens");
    let page = vestibule.ask(Protocol::H1, &with(&token, "/.vestibule/session"));
    assert_eq!(page.status, 401, "our own pages take sessions alone");
    assert!(!vestibule.stderr().contains(&token), "no log shows it");
}

#[test]
fn other_schemes_are_the_add_ons_own() {
    let (a, b, vestibule) = bench();
    let (cookie, token) = (vestibule.cookie("bob"), token(vestibule.home(), "bob"));
    for (addon, target, value) in [
        (&a, "/ingress/a/", "Basic Ym9iOmJvYg=="),
        (&a, "/ingress/a/", "Digest username=\"bob\""),
        (&b, "/ingress/b/", "Basic Ym9iOmJvYg=="),
        (&b, "/ingress/b/", &format!("Bearer {token}")),
    ] {
        let answer = vestibule.ask(Protocol::H1, &Ask::get(target).cookie(&cookie).field("Authorization", value));
        assert_eq!(answer.status, 200, "{value}: {answer:#?}");
        assert_eq!(addon.one().fields.one("authorization"), value, "untouched");
    }
}

#[test]
fn s84_what_is_not_exactly_one_good_token_is_refused() {
    let (a, _, vestibule) = bench();
    let (cookie, good) = (vestibule.cookie("bob"), token(vestibule.home(), "bob"));
    let home = vestibule.home();
    let now = now();
    let claims = |exp: u64| move |issuer: &str| json!({"iss": issuer, "iat": now - 3600, "exp": exp});
    let unsigned = minted(home, "bob", r#"{"alg":"none"}"#, claims(now + 1800));
    let bad = [
        minted(home, "bob", r#"{"alg":"HS256"}"#, claims(now - 11)),
        minted(home, "bob", r#"{"alg":"HS512"}"#, claims(now + 1800)),
        format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        unsigned,
        good.replace('.', ".x"),
        // What bob's token says, signed with nobody's key and with alice's.
        format!("{}.{}", good.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode([0; 32])),
        format!("{}.{}", good.rsplit_once('.').unwrap().0, token(home, "alice").rsplit_once('.').unwrap().1),
        "../../etc/passwd".to_owned(),
        "x".repeat(9000),
        String::new(),
    ];
    for protocol in BOTH {
        for token in &bad {
            let answer = vestibule.ask(protocol, &with(token, "/ingress/a/"));
            assert_problem(&answer, 401);
            assert_eq!(answer.fields.one("www-authenticate"), "Bearer realm=\"vestibule\", error=\"invalid_token\"");
            let navigation = Ask::navigate("/ingress/a/").field("Authorization", format!("Bearer {token}"));
            assert_eq!(vestibule.ask(protocol, &navigation).status, 401, "no form helps");
        }
        let both = vestibule.ask(protocol, &with(&good, "/ingress/a/").cookie(&cookie));
        assert_problem(&both, 400);
        let twice = with(&good, "/ingress/a/").field("Authorization", "Basic Ym9iOmJvYg==");
        assert_problem(&vestibule.ask(protocol, &twice), 400);
        for scheme in ["bearer", "BEARER"] {
            let odd = Ask::get("/ingress/a/").field("Authorization", format!("{scheme} {good}"));
            assert_problem(&vestibule.ask(protocol, &odd), 401);
        }
    }
    a.assert_untouched("no good token");
}

#[test]
fn users_are_judged_as_with_a_session() {
    let (a, _, vestibule) = bench();
    let home = vestibule.home();
    let dave = token(home, "dave");
    assert_eq!(vestibule.ask(Protocol::H1, &with(&dave, "/ingress/a/")).status, 200, "local");
    a.one();
    let proxy: IpAddr = "127.0.0.2".parse().unwrap();
    let outside = with(&dave, "/ingress/a/").field("X-Forwarded-For", "8.8.8.8");
    assert_problem(&vestibule.ask_from(proxy, &outside), 403);
    let carol = token(home, "carol");
    home.edit_user("carol", |user| user["is_active"] = json!(false));
    eventually("the end of carol", || {
        let status = vestibule.ask_from(LOOPBACK, &with(&carol, "/ingress/a/")).status;
        (status == 403).then_some(())
    });
}

#[test]
fn a_revoked_token_is_refused_within_two_seconds_and_what_it_has_open_is_cut() {
    let (a, _, vestibule) = bench();
    let (bob, alice) = (token(vestibule.home(), "bob"), token(vestibule.home(), "alice"));
    let open = |token: &str| {
        let ask = handshake(Protocol::H1, "/ingress/a/ws").field("Authorization", format!("Bearer {token}"));
        Tunnel::open(&vestibule, Protocol::H1, &ask).1.expect("opened")
    };
    let (mut dying, mut living) = (open(&bob), open(&alice));
    dying.assert_alive("hello");
    let id = vestibule.home().user_id("bob");
    vestibule.home().edit("auth", |file| {
        let tokens = file["data"]["refresh_tokens"].as_array_mut().unwrap();
        tokens.retain(|token| token["user_id"] != id.as_str());
    });
    let revoked = Stopwatch::start();
    eventually("the end of the token", || {
        (vestibule.ask(Protocol::H1, &with(&bob, "/ingress/a/")).status == 401).then_some(())
    });
    dying.await_end();
    revoked.assert_within(Duration::from_secs(2), "refused and cut");
    living.assert_alive("still here");
    a.forget();
    assert_problem(&vestibule.ask(Protocol::H2, &with(&bob, "/ingress/a/")), 401);
    a.assert_no_request("revoked");
}
