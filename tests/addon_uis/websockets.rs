//! WebSockets of add-ons. spec/addon-uis.md section 3, point 17; what opens and ends them is in `tests/websocket`.

use crate::behind;
use crate::support::tunnel::{ORIGIN, Tunnel, accept, echo, echo_bytes, handshake, switching};
use crate::support::{BOTH, Keep, RawAddon};

#[test]
fn point_17_extensions_and_subprotocols_pass_as_they_are() {
    let addon = RawAddon::scripted(|request, wire| {
        let more = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\
                    Sec-WebSocket-Protocol: v2.tty\r\n";
        let _ = wire.write(&switching(&accept(request).unwrap(), more));
        echo_bytes(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let offered = "permessage-deflate; client_max_window_bits, x-other;a=\"b\"";
        let ask = handshake(protocol, "/ingress/a/ws?token=%2F")
            .field("Origin", ORIGIN)
            .field("Sec-WebSocket-Extensions", offered)
            .field("Sec-WebSocket-Protocol", "v1.tty, v2.tty")
            .cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        tunnel.unwrap_or_else(|| panic!("{protocol:?}: {answer:#?}")).assert_alive("hello");
        let request = addon.one();
        assert_eq!(request.target(), "/ws?token=%2F");
        assert_eq!(request.fields.one("sec-websocket-extensions"), offered, "{protocol:?}");
        assert_eq!(request.fields.one("sec-websocket-protocol"), "v1.tty, v2.tty");
        assert_eq!(
            answer.fields.one("sec-websocket-extensions"),
            "permessage-deflate; server_no_context_takeover",
            "{protocol:?}"
        );
        assert_eq!(answer.fields.one("sec-websocket-protocol"), "v2.tty");
    }
}

/// S-213: what was not offered is no answer to a handshake (RFC 6455 section 4.1).
#[test]
fn point_17_an_extension_that_was_not_offered_is_no_answer() {
    let addon = RawAddon::scripted(|request, wire| {
        let _ = wire.write(&switching(&accept(request).unwrap(), "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        echo_bytes(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let ask = |offered: &str| {
            handshake(protocol, "/ingress/a/ws")
                .field("Origin", ORIGIN)
                .field("Sec-WebSocket-Extensions", offered)
                .cookie(&cookie)
        };
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask("x-other"));
        assert!(tunnel.is_none() && answer.status == 502, "{protocol:?}: {answer:#?}");
        let (_, tunnel) = Tunnel::open(&vestibule, protocol, &ask("x-other, Permessage-Deflate"));
        tunnel.expect("it was offered").assert_alive("hello");
    }
}

#[test]
fn point_17_an_add_on_that_says_no_is_quoted() {
    let addon = RawAddon::answering("HTTP/1.1 403 Forbidden\r\nX-Why: origin\r\nContent-Length: 6\r\n\r\nno ws!");
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let ask = handshake(protocol, "/ingress/a/ws").field("Origin", ORIGIN).cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        assert!(tunnel.is_none());
        assert_eq!((answer.status, answer.text().as_str()), (403, "no ws!"), "{protocol:?}");
        assert_eq!(answer.fields.one("x-why"), "origin");
    }
}

#[test]
fn point_17_a_websocket_ends_with_its_login() {
    let addon = echo();
    let (vestibule, _) = behind(&addon, "");
    for protocol in BOTH {
        let cookie = vestibule.cookie("bob");
        let mut tunnel = Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie);
        tunnel.assert_alive("hello");
        vestibule.revoke("bob");
        tunnel.await_end();
    }
}
