//! What an add-on answers wrongly spoils neither the connection for others nor the client's: case S-58, and S-52 for
//! upgrades that nobody asked for.

use crate::behind;
use crate::support::{Ask, BOTH, Keep, RawAddon, RawClient, wire};

/// An add-on that says these bytes to `/bad`, and something good to everybody else, on the same connection if it lasts.
fn lying(bytes: Vec<u8>) -> RawAddon {
    RawAddon::scripted(move |request, wire| {
        let good = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";
        let said = if request.target() == "/bad" { wire.write(&bytes) } else { wire.write(good) };
        if said.is_ok() { Keep::Open } else { Keep::Closed }
    })
}

/// What the client may see of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Our 502, and nothing of it.
    Refused,
    /// Its status and this body, and nothing behind that.
    Body(u16, &'static str),
    /// Its status, and a body that does not end well.
    Broken(u16),
}

#[test]
fn s58_a_wrong_answer_is_one_clients_trouble_and_no_others() {
    use Seen::{Body, Broken, Refused};
    let big = format!("HTTP/1.1 200 OK\r\nX-Big: {}\r\nContent-Length: 2\r\n\r\nok", "x".repeat(1_000_000));
    let cases: Vec<(&str, Seen)> = vec![
        ("HTTP/1.1 200 OK|Content-Length: 4|Content-Length: 5||body!", Refused),
        ("HTTP/1.1 200 OK|Content-Length: 4, 5||body!", Refused),
        ("HTTP/1.1 200 OK|Content-Length: -1||x", Refused),
        ("HTTP/1.1 200 OK|Content-Length: +2||ok", Refused),
        ("HTTP/1.1 200 OK|Content-Length: 18446744073709551616||x", Refused),
        (
            "HTTP/1.1 200 OK|Content-Length: 4|Content-Length: 4||bodyHTTP/1.1 200 OK|Content-Length: 6||stolen",
            Body(200, "body"),
        ),
        ("HTTP/1.1 200 OK|Content-Length: 3|Transfer-Encoding: chunked||2|ok|0||", Body(200, "ok")),
        ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 3||2|ok|0||HTTP/1.1 200 OK||", Body(200, "ok")),
        ("HTTP/1.1 204 No Content|Content-Length: 6||stolen", Body(204, "")),
        ("HTTP/1.1 304 Not Modified||HTTP/1.1 200 OK|Content-Length: 6||stolen", Body(304, "")),
        ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|zz|", Broken(200)),
        ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||fffffffffffffffff|ok|", Broken(200)),
        ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|okay|0||", Broken(200)),
        ("HTTP/1.1 000 Nothing||", Refused),
        ("HTTP/1.1 99 Odd||", Refused),
        ("HTTP/1.1 1000 Odd||", Refused),
        ("HTTP/2.0 200 OK||", Refused),
        ("HTTP/1.1 200 OK|X-A: 1| folded: 2|Content-Length: 2||ok", Refused),
        ("HTTP/1.1 200 OK|X-A\0: 1|Content-Length: 2||ok", Refused),
        ("HTTP/1.1 200 OK|: 1|Content-Length: 2||ok", Refused),
        ("HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket||", Refused),
        ("HTTP/1.1 101 Switching Protocols||HTTP/1.1 200 OK|Content-Length: 6||stolen", Refused),
        (&big, Refused),
    ];
    for (bytes, seen) in cases {
        let addon = lying(wire(bytes));
        let (vestibule, cookie) = behind(&addon, "response_timeout = \"2s\"");
        let frank = vestibule.cookie("frank");
        let why = bytes.chars().take(100).collect::<String>();
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/bad").cookie(&cookie));
            match seen {
                Refused => assert_eq!(answer.status, 502, "{protocol:?} {why}: {answer:#?}"),
                Body(status, body) => {
                    assert_eq!((answer.status, answer.text().as_str()), (status, body), "{protocol:?} {why}");
                }
                Broken(status) => {
                    assert!(
                        matches!(answer.status, 0 | 502) || answer.status == status,
                        "{protocol:?} {why}: {answer:#?}"
                    );
                    assert!(!answer.complete || answer.status == 502, "{protocol:?} {why}: {answer:#?}");
                }
            }
            for cookie in [&frank, &cookie] {
                let next = vestibule.ask(protocol, &Ask::get("/ingress/a/next").cookie(cookie));
                assert_eq!((next.status, next.text().as_str()), (200, "good"), "{protocol:?} after {why}");
            }
        }
    }
}

#[test]
fn s58_a_head_with_a_body_and_a_bare_line_feed_mislead_nobody() {
    let addon = lying(b"HTTP/1.1 200 OK\nX-Y: 1\nContent-Length: 2\n\nok".to_vec());
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/bad").cookie(&cookie));
        assert!(matches!((answer.status, answer.text().as_str()), (200, "ok") | (502, _)), "{protocol:?}: {answer:#?}");
    }
    let addon = lying(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen".to_vec());
    let (vestibule, cookie) = behind(&addon, "");
    let frank = vestibule.cookie("frank");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::new("HEAD", "/ingress/a/bad").cookie(&cookie));
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{protocol:?}");
        let next = vestibule.ask(protocol, &Ask::get("/ingress/a/next").cookie(&frank));
        assert_eq!((next.status, next.text().as_str()), (200, "good"), "{protocol:?}");
    }
}

#[test]
fn s52_nothing_that_follows_a_request_reaches_the_add_on_before_it_has_agreed() {
    let answers = [
        ("HTTP/1.1 200 OK|Content-Length: 2||no", 200),
        ("HTTP/1.1 426 Upgrade Required|Upgrade: websocket|Content-Length: 2||no", 426),
        ("HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: foo||", 502),
    ];
    for (answer, status) in answers {
        let addon = RawAddon::answering(wire(answer));
        let (vestibule, cookie) = behind(&addon, "");
        for upgrade in ["foo", "h2c", "TLS/1.0", "websocket"] {
            let handshake =
                "Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Origin: https://p.test";
            let head = format!(
                "GET /ingress/a/ws HTTP/1.1|Host: p.test|Cookie: {cookie}|Connection: Upgrade|Upgrade: {upgrade}|"
            );
            let smuggled = format!("GET /ingress/a/admin HTTP/1.1|Host: p.test|Cookie: {cookie}||");
            let mut client = RawClient::connect(vestibule.https());
            client.send(&wire(&format!("{head}{handshake}||{smuggled}")));
            assert_eq!(client.answer().status, status, "{upgrade} {answer}");
            let _ = client.answer();
            drop(client);
            for request in addon.take(1) {
                // What follows may be a request of its own, judged as one; it is never bytes behind the first.
                assert!(matches!(request.target(), "/ws" | "/admin"), "{request:#?}");
                assert_eq!(
                    request.fields.has("upgrade"),
                    upgrade == "websocket" && request.target() == "/ws",
                    "{request:#?}"
                );
                assert!(request.body.is_empty() && request.fields.has("x-remote-user-id"), "{request:#?}");
            }
            addon.forget();
        }
    }
}
