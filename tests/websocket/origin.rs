//! A WebSocket, or an unsafe method, of another origin is refused: case S-97.

use crate::support::expectation::BOB;
use crate::support::tunnel::{KEY, ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_denied, assert_id};
use crate::{WS, one_addon};

#[test]
fn s97_a_page_of_another_origin_opens_no_websocket() {
    let (addon, vestibule) = one_addon(echo());
    let cookie = vestibule.cookie("bob");
    let origins = [
        "https://evil.test",
        "null",
        "https://p.test.evil",
        "http://p.test",
        "https://b.p.test",
        "https://p.test:8443",
        "https://p.test@evil.test",
        "https://evil.test/p.test",
        "https://p.testx",
        "https://xp.test",
        "https://p.test/",
        "https://p.test, https://evil.test",
        "p.test",
        "",
        "wss://p.test",
        "file://",
        "https://evil.test https://p.test",
    ];
    for protocol in BOTH {
        for origin in origins {
            let ask = handshake(protocol, WS).field("Origin", origin).cookie(&cookie);
            let (answer, _) = Tunnel::open(&vestibule, protocol, &ask);
            assert_eq!(answer.status, 403, "{protocol:?} {origin:?}: {answer:#?}");
        }
        let (missing, _) = Tunnel::open(&vestibule, protocol, &handshake(protocol, WS).cookie(&cookie));
        assert_eq!(missing.status, 403, "{protocol:?} without an origin: {missing:#?}");
        let twice =
            handshake(protocol, WS).field("Origin", ORIGIN).field("Origin", "https://evil.test").cookie(&cookie);
        let (answer, _) = Tunnel::open(&vestibule, protocol, &twice);
        assert!(matches!(answer.status, 400 | 403), "{protocol:?} two origins: {answer:#?}");
    }
    addon.assert_untouched("foreign origins");
}

#[test]
fn s97_our_own_page_opens_one_as_its_user() {
    let (addon, vestibule) = one_addon(echo());
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = handshake(protocol, "/ingress/a/ws?x=1")
            .field("Origin", ORIGIN)
            .field("X-Remote-User-Id", "root")
            .cookie(format!("{cookie}; other=1"));
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        let mut tunnel = tunnel.unwrap_or_else(|| panic!("{protocol:?}: {answer:#?}"));
        tunnel.assert_alive("hello");
        tunnel.assert_alive("and again");
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.line, "GET /ws?x=1 HTTP/1.1");
        assert_eq!(request.fields.one("cookie"), "other=1");
        assert_eq!(request.fields.one("upgrade"), "websocket");
        assert_eq!(request.fields.one("connection").to_ascii_lowercase(), "upgrade");
        assert_eq!(request.fields.one("sec-websocket-version"), "13");
        assert_eq!(request.fields.one("sec-websocket-key").len(), 24);
        if protocol == Protocol::H1 {
            assert_eq!(answer.fields.one("upgrade").to_ascii_lowercase(), "websocket");
            let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(KEY.as_bytes());
            assert_eq!(answer.fields.one("sec-websocket-accept"), accept, "for the browser's own key");
        } else {
            assert!(!answer.fields.has("sec-websocket-accept"), "RFC 8441 section 5: {answer:#?}");
        }
    }
}

#[test]
fn s97_what_browsers_call_us_can_be_configured() {
    let addon = echo();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "public_urls", r#"["https://home.example:8443"]"#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for (origin, opens) in [("https://home.example:8443", true), (ORIGIN, false), ("https://home.example", false)] {
            let ask = handshake(protocol, WS).field("Origin", origin).cookie(&cookie);
            let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
            assert_eq!(tunnel.is_some(), opens, "{protocol:?} {origin}: {answer:#?}");
        }
    }
}

#[test]
fn s97_a_missing_origin_may_be_allowed_but_not_a_foreign_one() {
    let addon = echo();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "allow_missing_origin = true");
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &handshake(protocol, WS).cookie(&cookie));
        assert!(tunnel.is_some(), "{protocol:?}: {answer:#?}");
        let foreign = handshake(protocol, WS).field("Origin", "https://evil.test").cookie(&cookie);
        assert_eq!(Tunnel::open(&vestibule, protocol, &foreign).0.status, 403);
    }
}

#[test]
fn s97_without_a_session_there_is_no_websocket() {
    let (addon, vestibule) = one_addon(echo());
    for protocol in BOTH {
        let (answer, _) = Tunnel::open(&vestibule, protocol, &handshake(protocol, WS).field("Origin", ORIGIN));
        assert_eq!(answer.status, 401, "never a redirect: {answer:#?}");
        assert_denied(&answer, &addon, "no session");
    }
    addon.assert_untouched("no session");
}

#[test]
fn s97_unsafe_methods_of_another_origin_are_refused_too() {
    let (addon, vestibule) = one_addon(RawAddon::start());
    let cookie = vestibule.cookie("bob");
    let foreign: [&[(&str, &str)]; 6] = [
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.test")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", "https://b.p.test")],
        &[("Origin", "https://evil.test")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
    ];
    let ours: [&[(&str, &str)]; 4] = [
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", ORIGIN)],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", ORIGIN)],
        &[],
    ];
    for protocol in BOTH {
        for method in ["POST", "PUT", "DELETE", "PROPFIND"] {
            let ask = |fields: &[(&str, &str)]| {
                let ask = Ask { method: method.to_owned(), ..Ask::post("/ingress/a/", "x") }.cookie(&cookie);
                vestibule.ask(protocol, &fields.iter().fold(ask, |ask, (name, value)| ask.field(name, value)))
            };
            for fields in foreign {
                // PROPFIND is safe (RFC 4918 section 9.1), and a page elsewhere cannot read its answer.
                let answer = ask(fields);
                if method != "PROPFIND" {
                    assert_eq!(answer.status, 403, "{protocol:?} {method} {fields:?}: {answer:#?}");
                    addon.assert_no_request("a foreign page");
                } else if answer.status == 200 {
                    addon.take(1);
                }
            }
            for fields in ours {
                assert_eq!(ask(fields).status, 200, "{protocol:?} {method} {fields:?}");
                addon.one();
            }
        }
    }
}
