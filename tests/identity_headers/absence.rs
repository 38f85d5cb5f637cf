//! What is not known is absent, and a session that is nearly right is nobody: cases S-06 and S-07.

use serde_json::json;

use crate::one_addon;
use crate::support::expectation::{BOB, is_reserved};
use crate::support::{Ask, BOTH, Protocol, RawAddon, RawClient, User, Vestibule, assert_denied, assert_id, wire};

#[test]
fn s06_what_a_user_does_not_have_is_absent_and_not_the_clients() {
    let addon = RawAddon::start();
    let configure = |config: &mut crate::support::ConfigFile| {
        config.addon("a", &addon);
    };
    let vestibule = Vestibule::start_at_home(configure, |home| {
        home.edit_user("bob", |user| user["name"] = json!(null));
        home.edit_user("carol", |user| user["name"] = json!(""));
        home.drop_credentials("frank");
    });
    let nameless = User { display_name: None, ..BOB };
    let carol = User { id: "9dbc6d3c96554f8c822a7b3cff7676c0", name: Some("carol"), display_name: None };
    let without_login = User { name: None, ..crate::support::expectation::FRANK };
    for (named, user) in [("bob", nameless), ("carol", carol), (without_login.id, without_login.clone())] {
        let cookie = vestibule.cookie(named);
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/")
                .field("X-Remote-User-Display-Name", "root")
                .field("X-Remote-User-Name", "root")
                .cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{named}");
            let request = addon.one();
            let empty = |(name, value): &&(String, Vec<u8>)| is_reserved(name) && value.is_empty();
            assert_eq!(request.fields.0.iter().find(empty), None, "absent, not empty");
            assert_id(&request, &user);
        }
    }
}

/// Values for our cookie that are nearly a session: each must be nobody.
fn broken_cookies(good: &str) -> Vec<Vec<u8>> {
    let token = good.split_once('=').unwrap().1;
    let flipped = |at: usize| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    };
    let name = "__Host-ingress_session";
    let mut broken = vec![
        format!("{good}x").into_bytes(),
        format!("{good}=").into_bytes(),
        format!("{good}%00").into_bytes(),
        format!("{good} x").into_bytes(),
        format!("{good},x").into_bytes(),
        format!("{name}=x{token}").into_bytes(),
        format!("{name}={}", &token[..token.len() / 2]).into_bytes(),
        format!("{name}={}", &token[..token.len() - 1]).into_bytes(),
        format!("{name}={}", token.to_ascii_lowercase()).into_bytes(),
        format!("{name}=").into_bytes(),
        format!("{name}=\"\"").into_bytes(),
        format!("{name}={}", "A".repeat(10 * 1024)).into_bytes(),
        format!("{name}={}", "A".repeat(token.len())).into_bytes(),
        flipped(name.len() + 1),
        flipped(name.len() + 20),
        alias(good).into_bytes(),
    ];
    for tail in [&b"\xff\xfe"[..], b"\xc3\x28", b"\xe2\x80\x80"] {
        broken.push([good.as_bytes(), tail].concat());
        broken.push([name.as_bytes(), b"=", tail, token.as_bytes()].concat());
    }
    broken
}

/// The same bits in other letters: 43 letters carry two bits more than 256, and a careless decoder drops them.
fn alias(good: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = good.split_at(good.len() - 1);
    let at = LETTERS.find(last).unwrap();
    format!("{start}{}", &LETTERS[at + 1..at + 2])
}

#[test]
fn s07_a_session_that_is_nearly_right_is_nobody() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for broken in broken_cookies(&cookie) {
        let why = String::from_utf8_lossy(&broken).into_owned();
        for protocol in BOTH {
            assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&broken)), &addon, &why);
        }
    }
    addon.assert_untouched("no broken cookie gets anything through");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "the right one does");
}

#[test]
fn s07_the_body_of_a_request_without_identity_goes_nowhere() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let smuggled = wire(&format!("GET /ingress/a/smuggled HTTP/1.1|Host: p.test|Cookie: {cookie}||"));
    for broken in broken_cookies(&cookie) {
        let why = String::from_utf8_lossy(&broken).into_owned();
        for protocol in BOTH {
            let ask = Ask::post("/ingress/a/", smuggled.clone()).cookie(&broken);
            assert_denied(&vestibule.ask(protocol, &ask), &addon, &why);
        }
        let mut client = RawClient::connect(vestibule.https());
        let answer = client.ask(&Ask::post("/ingress/a/", smuggled.clone()).cookie(&broken));
        assert_denied(&answer, &addon, &why);
        let next = client.ask(&Ask::get("/.vestibule/session"));
        assert!(matches!(next.status, 0 | 401), "the next answer is its own, or there is none: {next:#?}");
    }
    addon.assert_untouched("a body without identity");
}
