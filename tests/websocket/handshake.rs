//! Only a whole handshake opens a tunnel: case S-98.

use crate::support::expectation::BOB;
use crate::support::tunnel::{KEY, ORIGIN, Tunnel, accept, echo, echo_bytes, handshake, masked, switching};
use crate::support::{Ask, BOTH, H2Client, Keep, RawAddon, RawClient, assert_id, assert_refused, eventually, wire};
use crate::{WS, one_addon};

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
        // S-53: an upgrade to something else may be ignored (RFC 9110 section 7.8), and then is no upgrade at all.
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
