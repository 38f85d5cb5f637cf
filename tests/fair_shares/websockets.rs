//! WebSockets of one user: S-156.

use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, Vestibule, eventually};
use crate::{ATTEMPTS, behind, refusals};

const WS: &str = "/ingress/a/ws";

fn ask(vestibule: &Vestibule, protocol: Protocol, user: &str) -> Ask {
    handshake(protocol, WS).field("Origin", ORIGIN).cookie(vestibule.cookie(user))
}

#[test]
fn s156_websockets_of_one_user_leave_places_to_others() {
    for protocol in BOTH {
        let addon = echo();
        let vestibule = behind(&addon, "", &[]);
        let bobs = ask(&vestibule, protocol, "bob");
        let mut held = Vec::new();
        let mut refused = 0;
        for _ in 0..ATTEMPTS {
            let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &bobs);
            if let Some(tunnel) = tunnel {
                held.push(tunnel);
            } else {
                assert_eq!(answer.status, 429, "{protocol:?}: {answer:#?}");
                refused += 1;
            }
        }
        assert_eq!((held.len(), refused), (2, ATTEMPTS - 2), "{protocol:?}");
        eventually("the metric", || (refusals(&vestibule, "addon.websockets_per_user") == 7).then_some(()));
        for other in BOTH {
            let mut tunnel = Tunnel::opened(&vestibule, other, WS, &vestibule.cookie("alice"));
            tunnel.assert_alive("hello");
        }
        drop(held);
        eventually("the places to be free again", || {
            let (_, tunnel) = Tunnel::open(&vestibule, protocol, &bobs);
            tunnel
        });
    }
}

#[test]
fn s156_attempts_that_the_add_on_does_not_answer_count_and_time_out() {
    let addon = RawAddon::scripted(|request, wire| {
        if !request.line.contains("/ws") {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return Keep::Open;
        }
        while !wire.some().is_empty() {}
        Keep::Closed
    });
    for protocol in BOTH {
        let vestibule = behind(&addon, "response_timeout = \"2s\"", &[]);
        let bobs = ask(&vestibule, protocol, "bob");
        let mut streams = H2Client::connect(vestibule.https());
        let (mut plain, mut open) = (Vec::new(), Vec::new());
        if protocol == Protocol::H2 {
            assert!(streams.takes_extended_connect());
        }
        for _ in 0..2 {
            match protocol {
                Protocol::H1 => {
                    let mut client = RawClient::connect(vestibule.https());
                    client.send(&bobs.to_bytes());
                    plain.push(client);
                }
                Protocol::H2 => open.push(streams.open(&bobs, false).unwrap()),
            }
        }
        eventually("the attempts", || (addon.open() == 2).then_some(()));
        let (answer, _) = Tunnel::open(&vestibule, protocol, &bobs);
        assert_eq!(answer.status, 429, "{protocol:?}: {answer:#?}");
        eventually("their end", || (addon.open() == 0).then_some(()));
        drop((plain, open));
    }
}

#[test]
fn s211_answers_to_handshakes_that_the_add_on_declines_have_places_too() {
    let addon = RawAddon::scripted(|request, wire| {
        if !request.line.contains("/ws") {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return Keep::Open;
        }
        let _ = wire.write(b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        while !wire.some().is_empty() {}
        Keep::Closed
    });
    let vestibule = behind(&addon, "", &[]);
    for protocol in BOTH {
        let bobs = ask(&vestibule, protocol, "bob");
        let mut streams = H2Client::connect(vestibule.https());
        let (mut plain, mut open) = (Vec::new(), Vec::new());
        if protocol == Protocol::H2 {
            assert!(streams.takes_extended_connect());
        }
        for _ in 0..2 {
            match protocol {
                Protocol::H1 => {
                    let mut client = RawClient::connect(vestibule.https());
                    client.send(&bobs.to_bytes());
                    assert_eq!(client.head().status, 403);
                    plain.push(client);
                }
                Protocol::H2 => open.push(streams.open(&bobs, false).unwrap()),
            }
        }
        eventually("both answers", || (addon.open() == 2).then_some(()));
        let (answer, _) = Tunnel::open(&vestibule, protocol, &bobs);
        assert_eq!(answer.status, 429, "{protocol:?}: {answer:#?}");
        drop((plain, open, streams));
        eventually("their end", || (addon.open() == 0).then_some(()));
    }
}
