//! WebSockets open for our own pages alone, carry bytes both ways, and die with their session: security cases S-97 to
//! S-99, over HTTP/1.1 and over HTTP/2 (RFC 8441).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::expectation::{ALICE, BOB};
use support::form::new_session;
use support::home::password_of;
use support::tunnel::{KEY, ORIGIN, Tunnel, accept, echo, echo_bytes, handshake, masked, switching};
use support::{
    Ask, BOTH, ConfigFile, H2Client, Keep, Protocol, RawAddon, RawClient, Vestibule, assert_denied, assert_id,
    assert_refused, eventually, wire,
};

const WS: &str = "/ingress/a/ws";

fn one_addon(addon: RawAddon) -> (RawAddon, Vestibule) {
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    (addon, vestibule)
}

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
        "https://p.test.",
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

#[test]
fn s98_only_a_whole_handshake_is_one() {
    let (addon, vestibule) = one_addon(echo());
    let cookie = vestibule.cookie("bob");
    let start = format!("Host: p.test|Cookie: {cookie}|Origin: {ORIGIN}|");
    let all = format!("Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: {KEY}|");
    let broken = [
        all.replace("Version: 13", "Version: 8"),
        all.replace("Version: 13", "Version: 13, 8"),
        all.replace("Sec-WebSocket-Version: 13|", ""),
        all.replace(&format!("Sec-WebSocket-Key: {KEY}|"), ""),
        all.replace(KEY, "short"),
        all.replace(KEY, ""),
        all.replace(KEY, "dGhlIHNhbXBsZSBub25jZQ==dGhl"),
        all.replace(KEY, "!!!!!!!!!!!!!!!!!!!!!!=="),
        format!("{all}Sec-WebSocket-Key: {KEY}|"),
        all.replace("Upgrade: websocket", "Upgrade: h2c"),
        all.replace("Upgrade: websocket", "Upgrade: foo"),
        all.replace("Upgrade: websocket", "Upgrade: TLS/1.0"),
        all.replace("Upgrade: websocket", "Upgrade: websocket, h2c"),
        all.replace("Upgrade: websocket", "Upgrade: websocket|Upgrade: h2c"),
        all.replace("Upgrade: websocket", "Upgrade: xwebsocket"),
        all.replace("Connection: Upgrade|Upgrade: websocket", H2C),
    ];
    for fields in &broken {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("GET {WS} HTTP/1.1|{start}{fields}|")));
        let answer = client.answer();
        // An upgrade to something else may be ignored (RFC 9110 section 7.8), and then is no upgrade at all.
        if answer.status == 200 {
            for request in addon.take(1) {
                let upgrade = ["upgrade", "http2-settings"].iter().any(|name| request.fields.has(name));
                assert!(!upgrade, "{fields}: {request:#?}");
            }
            assert!(!fields.contains("Upgrade: websocket|Sec"), "a broken handshake is not a plain request: {fields}");
        } else {
            assert_refused(&answer, &addon, fields);
        }
    }
    for (method, version) in [("POST", "1.1"), ("HEAD", "1.1"), ("GET", "1.0")] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("{method} {WS} HTTP/{version}|{start}{all}|")));
        let answer = client.answer_to(method);
        assert_ne!(answer.status, 101, "{method} {version}: {answer:#?}");
        for request in addon.requests() {
            assert!(!request.fields.has("upgrade"), "{method} {version}: {request:#?}");
        }
        drop(client);
        let _ = eventually("the end of it", || Some(addon.requests()));
    }
}

/// The upgrade to cleartext HTTP/2 that RFC 9113 took back.
const H2C: &str = "Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA";

#[test]
fn s98_over_http2_only_a_websocket_is_connected_to() {
    let (addon, vestibule) = one_addon(echo());
    let cookie = vestibule.cookie("bob");
    for protocol in ["foo", "connect-udp", "WebSocketX", "h2c"] {
        let mut client = H2Client::connect(vestibule.https());
        assert!(client.takes_extended_connect());
        let ask = Ask::new(&format!("CONNECT {protocol}"), WS).field("Origin", ORIGIN).cookie(&cookie);
        let (answer, tunnel) = client.websocket(&ask.field("Sec-WebSocket-Version", "13"));
        assert!(tunnel.is_none() && matches!(answer.status, 0 | 400..=599), "{protocol}: {answer:#?}");
    }
    for version in [None, Some("8"), Some("13, 8")] {
        let mut client = H2Client::connect(vestibule.https());
        assert!(client.takes_extended_connect());
        let ask = Ask::new("CONNECT websocket", WS).field("Origin", ORIGIN).cookie(&cookie);
        let ask = version.into_iter().fold(ask, |ask, version| ask.field("Sec-WebSocket-Version", version));
        let (answer, tunnel) = client.websocket(&ask);
        assert!(tunnel.is_none() && (400..500).contains(&answer.status), "version {version:?}: {answer:#?}");
    }
    addon.assert_untouched("not a WebSocket");
}

#[test]
fn s98_the_handshakes_of_real_browsers_work() {
    let (addon, vestibule) = one_addon(echo());
    let cookie = vestibule.cookie("bob");
    for (connection, upgrade) in [
        ("keep-alive, Upgrade", "websocket"),
        ("Upgrade", "WebSocket"),
        ("upgrade", "WEBSOCKET"),
        ("Upgrade, X-Remote-User-Id", "websocket"),
    ] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!(
            "GET {WS} HTTP/1.1|Host: p.test|Connection: {connection}|Upgrade: {upgrade}|Origin: {ORIGIN}|\
             Sec-WebSocket-Version: 13|Sec-WebSocket-Key: {KEY}|Cookie: {cookie}|\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits|Sec-WebSocket-Protocol: a, b||"
        )));
        let answer = client.answer();
        assert_eq!(answer.status, 101, "{connection} {upgrade}: {answer:#?}");
        let frame = masked("ping");
        client.send(&frame);
        assert_eq!(client.up_to(frame.len()), frame);
        let request = addon.one();
        assert_id(&request, &BOB);
        let extensions = request.fields.one("sec-websocket-extensions");
        assert_eq!(extensions, "permessage-deflate; client_max_window_bits");
        assert_eq!(request.fields.one("sec-websocket-protocol"), "a, b");
    }
}

/// What an add-on says to a handshake with this accept.
type Say = Box<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

#[test]
fn s98_the_add_on_must_accept_what_was_asked() {
    let good = |lines: &'static str| move |accept: &str| switching(accept, lines);
    let wrong = |_: &str| switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", "");
    let absent = |_: &str| wire("HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||");
    let other = |accept: &str| {
        let text = String::from_utf8(switching(accept, "")).unwrap();
        text.replace("Upgrade: websocket", "Upgrade: h2c").into_bytes()
    };
    let cases: [(&str, bool, Say); 7] = [
        ("a wrong accept", false, Box::new(wrong)),
        ("no accept", false, Box::new(absent)),
        ("another protocol", false, Box::new(other)),
        ("a subprotocol that was not offered", false, Box::new(good("Sec-WebSocket-Protocol: c\r\n"))),
        ("two subprotocols", false, Box::new(good("Sec-WebSocket-Protocol: a, b\r\n"))),
        ("an offered subprotocol", true, Box::new(good("Sec-WebSocket-Protocol: b\r\n"))),
        ("no subprotocol", true, Box::new(good(""))),
    ];
    for (why, opens, say) in cases {
        let (_addon, vestibule) = one_addon(RawAddon::scripted(move |request, wire| {
            let _ = wire.write(&say(&accept(request).unwrap_or_default()));
            echo_bytes(wire);
            Keep::Closed
        }));
        let cookie = vestibule.cookie("bob");
        for protocol in BOTH {
            let ask = handshake(protocol, WS).field("Sec-WebSocket-Protocol", "a, b").field("Origin", ORIGIN);
            let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask.cookie(&cookie));
            assert_eq!(tunnel.is_some(), opens, "{protocol:?} {why}: {answer:#?}");
            if opens {
                let chosen = answer.fields.text("sec-websocket-protocol");
                assert_eq!(chosen.as_deref(), why.starts_with("an offered").then_some("b"), "{answer:#?}");
            } else {
                assert_eq!(answer.status, 502, "{protocol:?} {why}: {answer:#?}");
            }
        }
    }
}

#[test]
fn s98_when_the_add_on_declines_the_browser_is_told_and_nothing_tunnels() {
    let (addon, vestibule) =
        one_addon(RawAddon::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: asleep\r\n\r\nasleep"));
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = handshake(protocol, WS).field("Origin", ORIGIN).cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        assert!(tunnel.is_none());
        assert_eq!((answer.status, answer.text().as_str()), (403, "asleep"), "{protocol:?}: {answer:#?}");
        assert_eq!(answer.fields.one("x-why"), "asleep");
        addon.one();
    }
    let early = format!(
        "GET {WS} HTTP/1.1|Host: p.test|Connection: Upgrade|Upgrade: websocket|Origin: {ORIGIN}|Cookie: {cookie}|\
         Sec-WebSocket-Version: 13|Sec-WebSocket-Key: {KEY}||GET /ingress/a/early HTTP/1.1|Host: p.test||"
    );
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&early));
    assert_eq!(client.answer().status, 403);
    let second = client.answer();
    assert!(matches!(second.status, 0 | 401), "judged by itself, without a cookie: {second:#?}");
    let request = addon.one();
    assert_eq!(request.target(), "/ws", "what follows the handshake does not reach the add-on");
}

#[test]
fn s98_a_101_that_nobody_asked_for_opens_no_tunnel() {
    let (addon, vestibule) = one_addon(RawAddon::answering(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ));
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.status, 502, "{protocol:?}: {answer:#?}");
        addon.take(1);
    }
}

#[test]
fn s98_bytes_flow_in_both_directions_and_the_end_is_passed_on() {
    const MUCH: usize = 1024 * 1024;
    let (_addon, vestibule) = one_addon(RawAddon::scripted(|request, wire| {
        let _ = wire.write(&switching(&accept(request).unwrap(), ""));
        let got = wire.up_to(MUCH);
        let _ = wire.write(&got);
        Keep::Closed
    }));
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        let sent: Vec<u8> = (0..MUCH).map(|i| u8::try_from(i % 251).unwrap()).collect();
        tunnel.send(&sent);
        assert!(tunnel.up_to(MUCH) == sent, "{protocol:?}: a megabyte there and back, byte for byte");
        assert!(tunnel.some().is_empty(), "{protocol:?}: the add-on closed");
    }
}

/// An add-on with a WebSocket echo at `/ws` and a download that never ends at `/download`.
fn endless() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        if let Some(accept) = accept(request) {
            let _ = wire.write(&switching(&accept, ""));
            echo_bytes(wire);
        } else {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
            let _ = support::addon::until_closed(wire);
        }
        Keep::Closed
    })
}

/// How long a dead session's streams may last: one second, and half a second for a busy machine.
const CUT: Duration = Duration::from_millis(1500);

/// Opens two WebSockets and two downloads of `cookie`, and the same of alice, lets `end` happen, and sees the first cut
/// and the others not.
#[track_caller]
fn assert_cut(vestibule: &Vestibule, addon: &RawAddon, cookie: &str, end: impl FnOnce(&Vestibule)) {
    let alice = vestibule.cookie("alice");
    let mut dying: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(vestibule, protocol, WS, cookie)).into();
    let mut living: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(vestibule, protocol, WS, &alice)).into();
    let download = |cookie: &str| Ask::get("/ingress/a/download").cookie(cookie);
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&download(cookie).to_bytes());
    assert_eq!(h1.head().status, 200);
    assert_eq!(h1.up_to(10), b"5\r\nbegin\r\n");
    let mut h2 = H2Client::connect(vestibule.https());
    let (answer, mut stream) = h2.stream(&download(cookie));
    assert_eq!(answer.status, 200);
    assert_eq!(stream.up_to(5), b"begin");
    let (_, mut hers) = h2.stream(&download(&alice));
    assert_eq!(hers.up_to(5), b"begin", "another user's stream on the same connection");
    for tunnel in dying.iter_mut().chain(&mut living) {
        tunnel.assert_alive("before");
    }
    assert_eq!(addon.open(), 7, "all seven are open at the add-on");

    end(vestibule);

    let start = Instant::now();
    for (tunnel, protocol) in dying.iter_mut().zip(BOTH) {
        tunnel.await_end();
        assert!(start.elapsed() < CUT, "{protocol:?}: the WebSocket is cut, after {:?}", start.elapsed());
    }
    let rest = h1.rest().expect("the download is cut");
    assert!(start.elapsed() < CUT, "the download is cut, after {:?}", start.elapsed());
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut download does not look whole");
    assert!(stream.some().is_empty());
    assert!(start.elapsed() < CUT, "the HTTP/2 download is cut, after {:?}", start.elapsed());
    eventually("the add-on's side of them to be closed", || (addon.open() == 3).then_some(()));
    for tunnel in &mut living {
        tunnel.assert_alive("after");
    }
    let (_, mut again) = h2.stream(&download(&alice));
    assert_eq!(again.up_to(5), b"begin", "the connection itself lives on");
    drop(hers);
}

fn endless_addon(configure: impl FnOnce(&mut ConfigFile)) -> (RawAddon, Vestibule) {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "access = { groups = [\"system-users\", \"system-admin\"] }");
        configure(config);
    });
    (addon, vestibule)
}

#[test]
fn s99_a_revoked_session_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.revoke("bob"));
    assert!(!vestibule.is_live(&cookie));
}

#[test]
fn s99_a_revoked_session_of_the_store_on_disk_is_cut() {
    let (addon, vestibule) = endless_addon(|config| {
        config.set("session", "store", r#""state/sessions.redb""#);
    });
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.revoke("bob"));
}

#[test]
fn s99_signing_out_cuts() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let sign_out = Ask::post("/.vestibule/sign-out", "").field("Origin", ORIGIN).cookie(&cookie);
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        assert_eq!(vestibule.ask(Protocol::H2, &sign_out).status, 303);
    });
}

#[test]
fn s99_a_deactivated_user_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    });
}

#[test]
fn s99_a_deleted_user_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.home().delete_user("bob"));
}

#[test]
fn s99_a_user_who_loses_the_group_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-read-only"]));
    });
    assert!(vestibule.is_live(&cookie), "the session itself lives on");
}

#[test]
fn s99_a_changed_password_cuts() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.home().set_password("bob", "another-pass-2"));
}

#[test]
fn s99_the_absolute_limit_cuts() {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "absolute_timeout", r#""2s""#).addon("a", &addon);
    });
    for protocol in BOTH {
        let start = Instant::now();
        let cookie = vestibule.cookie("bob");
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        tunnel.assert_alive("before");
        tunnel.await_end();
        let lasted = start.elapsed();
        assert!(lasted >= Duration::from_secs(2), "{protocol:?}: not before its time: {lasted:?}");
        assert!(lasted < Duration::from_secs(2) + CUT, "{protocol:?}: within a second: {lasted:?}");
    }
}

#[test]
fn s99_a_change_of_the_configuration_cuts() {
    let addon = endless();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let mut dying: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, WS, &bob)).into();
    let mut living = Tunnel::opened(&vestibule, Protocol::H1, WS, &alice);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "access = { admin_only = true }");
    });
    vestibule.signal("HUP");
    for tunnel in &mut dying {
        tunnel.await_end();
    }
    living.assert_alive("an administrator still may");
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&bob));
    assert_eq!(answer.status, 403);
    addon.take(1);
    let _ = ALICE;
}

#[test]
fn s99_an_open_websocket_counts_as_use() {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "idle_timeout", r#""1s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let ask = handshake(Protocol::H1, WS).field("Origin", ORIGIN).cookie(&cookie);
    let mut client = RawClient::connect(vestibule.https());
    assert_eq!(client.ask(&ask).status, 101);
    client.set_patience(Duration::from_secs(3));
    let start = Instant::now();
    assert!(client.some().is_empty());
    assert!(start.elapsed() >= Duration::from_secs(3), "three silent seconds, and not cut: {:?}", start.elapsed());
    let frame = masked("still here");
    client.send(&frame);
    assert_eq!(client.up_to(frame.len()), frame);
    assert!(vestibule.is_live(&cookie));
}
