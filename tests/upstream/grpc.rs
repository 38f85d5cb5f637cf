//! gRPC: HTTP/2 on the add-on's side too, streams in both directions, and trailers that say how a call ended and
//! nothing else. Cases S-01, S-11, S-54, S-99 and S-104.

use std::time::Duration;

use bytes::Bytes;

use crate::support::expectation::{BOB, assert_identity, is_reserved};
use crate::support::h2::{RUNTIME, status_of};
use crate::support::h2_addon::{ANSWERS_EARLY, BREAKS_OFF, Called, H2Addon, NEVER_ANSWERS, table};
use crate::support::tls_addon::{HomeCa, TlsFront};
use crate::support::{
    Answer, Ask, BOTH, H2Client, Keep, Protocol, RawAddon, Recorded, Stopwatch, Vestibule, eventually,
};

const CALL: &str = "/ingress/a/pkg.Service/Method";

fn calling(addon: &H2Addon, lines: &str) -> (Vestibule, String) {
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&addon.table(lines));
    });
    let cookie = vestibule.cookie("bob");
    (vestibule, cookie)
}

fn call(cookie: &str) -> Ask {
    Ask::post(CALL, &b"\0\0\0\0\x05hello"[..])
        .field("content-type", "application/grpc+proto")
        .field("te", "trailers")
        .cookie(cookie)
}

/// The names in a call's trailers, sorted.
fn names(answer: &Answer) -> Vec<&str> {
    let mut names: Vec<&str> = answer.trailers.0.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

fn as_recorded(call: &Called) -> Recorded {
    Recorded { fields: call.fields.clone(), ..Recorded::default() }
}

#[test]
fn s11_a_call_has_its_trailers_in_both_directions_and_no_reserved_name_in_them() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "headers = { \"X-Secret\" = \"s\" }");
    let ask = call(&cookie)
        .field("X-Remote-User-Id", "root")
        .field("X_Secret", "mine")
        .field("grpc-timeout", "1S")
        .trailer("x-sum", "7")
        .trailer("x-remote-user-id", "root")
        .trailer("x_secret", "mine")
        .trailer("content-length", "1")
        .trailer("cookie", "a=b");
    let answer = vestibule.ask(Protocol::H2, &ask);
    assert_eq!((answer.status, answer.complete), (200, true), "{answer:#?}");
    assert_eq!(answer.body, b"\0\0\0\0\x05hello");
    assert_eq!(names(&answer), ["grpc-message", "grpc-status", "x-checksum"], "{answer:#?}");
    assert_eq!(
        (answer.trailers.one("grpc-status").as_str(), answer.fields.one("content-type").as_str()),
        ("0", "application/grpc")
    );
    let seen = addon.take(1).remove(0);
    assert_identity(&as_recorded(&seen), &BOB);
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "http://p.test/pkg.Service/Method"));
    assert_eq!((seen.fields.one("te"), seen.fields.one("grpc-timeout")), ("trailers".into(), "1S".into()));
    assert_eq!(seen.fields.texts("x-secret"), ["s"]);
    for gone in ["x_secret", "cookie", "host", "transfer-encoding", "connection"] {
        assert!(!seen.fields.has(gone), "{gone}: {seen:#?}");
    }
    assert_eq!(seen.body, b"\0\0\0\0\x05hello");
    assert_eq!(seen.trailers.0.len(), 1, "{seen:#?}");
    assert_eq!(seen.trailers.one("x-sum"), "7");
}

#[test]
fn s11_over_http1_nobody_gets_trailers() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    let answer = vestibule.ask(Protocol::H1, &call(&cookie).trailer("x-sum", "7").trailer("x-remote-user-id", "root"));
    assert_eq!((answer.status, answer.complete, answer.body.len()), (200, true, 10), "{answer:#?}");
    assert!(answer.trailers.0.iter().all(|(name, _)| !is_reserved(name) && name != "set-cookie"), "{answer:#?}");
    let seen = addon.take(1).remove(0);
    assert!(seen.trailers.0.iter().all(|(name, _)| name == "x-sum"), "{seen:#?}");
}

#[test]
fn s11_where_no_grpc_is_spoken_the_trailers_of_an_answer_are_dropped() {
    let addon = RawAddon::scripted(|_, wire| {
        let head = "HTTP/1.1 200 OK\r\nTrailer: grpc-status, X-Remote-User-Id\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ =
            wire.write(format!("{head}4\r\nbody\r\n0\r\ngrpc-status: 0\r\nX-Remote-User-Id: root\r\n\r\n").as_bytes());
        Keep::Open
    });
    let (vestibule, cookie) = crate::behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").field("te", "trailers").cookie(&cookie));
        assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "body", true), "{protocol:?}");
        assert!(answer.trailers.0.is_empty() && !answer.fields.has("trailer"), "{protocol:?}: {answer:#?}");
    }
}

#[test]
fn messages_go_both_ways_while_the_call_is_open() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    let mut client = H2Client::connect(vestibule.https());
    let (mut stream, response) = client.open(&call(&cookie), false).unwrap();
    stream.send_data(Bytes::from_static(b"one"), false).unwrap();
    let mut body = RUNTIME.block_on(crate::support::h2::within(response)).unwrap().into_body();
    let mut hear = || RUNTIME.block_on(crate::support::h2::within(body.data())).unwrap().unwrap();
    assert_eq!(hear(), "one");
    for message in ["two", "three"] {
        stream.send_data(Bytes::from(message), false).unwrap();
        assert_eq!(hear(), message, "before the call has ended");
    }
    stream.send_data(Bytes::new(), true).unwrap();
    assert_eq!(addon.take(1).remove(0).body, b"onetwothree");
    let trailers = RUNTIME.block_on(crate::support::h2::within(body.trailers())).unwrap().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
}

#[test]
fn all_calls_share_one_connection_and_a_new_one_takes_its_place() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    let frank = vestibule.cookie("frank");
    let mut clients = [(); 8].map(|()| H2Client::connect(vestibule.https()));
    let open: Vec<_> = clients.iter_mut().map(|client| client.open(&call(&cookie), false).unwrap()).collect();
    eventually("eight open calls", || (addon.calls().len() == 8).then_some(()));
    assert_eq!(addon.accepted(), 1);
    addon.goes_away();
    // Not a call is lost: the next one goes over a connection of its own while the others end on the old one.
    let answer = eventually("the next connection", || {
        let answer = vestibule.ask(Protocol::H2, &call(&frank));
        (addon.accepted() == 2).then_some(answer)
    });
    assert_eq!((answer.status, answer.trailers.text("grpc-status")), (200, Some("0".into())), "{answer:#?}");
    for (mut stream, response) in open {
        stream.send_data(Bytes::from_static(b"last"), true).unwrap();
        assert_eq!(status_of(response), 200);
    }
}

#[test]
fn over_tls_http2_is_agreed_on_or_the_add_on_is_not_called() {
    let (ca, addon) = (HomeCa::new(), H2Addon::start());
    for (protocols, status) in [(&[&b"h2"[..], b"http/1.1"][..], 200), (&[], 502)] {
        let front = TlsFront::start(&ca.issue("localhost"), protocols, addon.address());
        let vestibule = Vestibule::start_with(
            |config| {
                config.addon_table(&table(&front.url("localhost"), "ca = \"ca.pem\""));
            },
            |_| {},
            |folder| {
                std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
                crate::support::Extra::default()
            },
        );
        let answer = vestibule.ask(Protocol::H2, &call(&vestibule.cookie("bob")));
        assert_eq!(answer.status, status, "{answer:#?}");
        if status == 200 {
            assert!(addon.take(1)[0].uri.starts_with("https://p.test/"), "the scheme is TLS's");
        } else {
            vestibule.await_line(&["does not speak HTTP/2"]);
        }
    }
    assert!(addon.calls().is_empty());
}

#[test]
fn an_add_on_that_speaks_no_http2_is_a_502() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table(&addon.url(), ""));
    });
    let cookie = vestibule.cookie("bob");
    for _ in 0..2 {
        let answer = vestibule.ask(Protocol::H2, &call(&cookie));
        assert_eq!(answer.status, 502, "{answer:#?}");
    }
}

#[test]
fn what_breaks_off_on_one_side_breaks_off_on_the_other() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    let broken = Ask { target: format!("/ingress/a{BREAKS_OFF}"), ..call(&cookie) };
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &broken);
        // How far it came when it broke off is a matter of who is quicker.
        let broken = !answer.complete && matches!(answer.status, 0 | 200) || answer.status == 502;
        assert!(broken, "{protocol:?}: {answer:#?}");
    }
    addon.take(2);
    let mut client = H2Client::connect(vestibule.https());
    let (mut stream, response) = client.open(&call(&cookie), false).unwrap();
    stream.send_data(Bytes::from_static(b"half"), false).unwrap();
    assert_eq!(status_of(response), 200);
    stream.send_reset(h2::Reason::CANCEL);
    assert!(addon.take(1)[0].ended.as_ref().unwrap().is_err(), "not a whole one");
    assert_eq!(vestibule.ask(Protocol::H2, &call(&cookie)).status, 200, "the connection is as good as before");
    assert_eq!(addon.accepted(), 1);
}

#[test]
fn s104_a_call_ends_with_its_session() {
    let addon = H2Addon::start();
    let (vestibule, _) = calling(&addon, "");
    for target in [CALL.to_owned(), format!("/ingress/a{NEVER_ANSWERS}")] {
        let cookie = vestibule.cookie("bob");
        let mut client = H2Client::connect(vestibule.https());
        let (mut stream, response) = client.open(&Ask { target, ..call(&cookie) }, false).unwrap();
        stream.send_data(Bytes::from_static(b"half"), false).unwrap();
        eventually("the call", || (!addon.calls().is_empty()).then_some(()));
        vestibule.revoke("bob");
        let revoked = Stopwatch::start();
        assert!(addon.take(1)[0].ended.as_ref().unwrap().is_err(), "cut, and not whole");
        revoked.assert_within(Duration::from_secs(1), "cut");
        drop((stream, response));
    }
}

#[test]
fn s104_an_upload_does_not_outlive_its_answer() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    let mut client = H2Client::connect(vestibule.https());
    let early = Ask { target: format!("/ingress/a{ANSWERS_EARLY}"), ..call(&cookie) };
    let (mut stream, response) = client.open(&early, false).unwrap();
    stream.send_data(Bytes::from_static(b"half"), false).unwrap();
    let mut body = RUNTIME.block_on(crate::support::h2::within(response)).unwrap().into_body();
    assert!(RUNTIME.block_on(crate::support::h2::within(body.data())).is_none_or(|data| data.is_ok()));
    let answered = Stopwatch::start();
    addon.take(1);
    answered.assert_within(Duration::from_secs(5), "the upload ends");
    drop(stream);
}

#[test]
fn a_call_that_is_never_answered_is_a_504_and_its_connection_is_not_used_again() {
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "response_timeout = \"300ms\"");
    let slow = Ask { target: format!("/ingress/a{NEVER_ANSWERS}"), ..call(&cookie) };
    assert_eq!(vestibule.ask(Protocol::H2, &slow).status, 504);
    assert!(addon.take(1)[0].ended.as_ref().unwrap().is_err(), "the add-on is told");
    assert_eq!(vestibule.ask(Protocol::H2, &call(&cookie)).status, 200);
    assert_eq!(addon.accepted(), 2);
}

#[test]
fn s54_a_websocket_has_no_way_to_an_add_on_that_speaks_grpc() {
    use crate::support::tunnel::{ORIGIN, Tunnel, handshake};
    let addon = H2Addon::start();
    let (vestibule, cookie) = calling(&addon, "");
    for protocol in BOTH {
        let ask = handshake(protocol, CALL).field("Origin", ORIGIN).cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        assert_eq!((answer.status, tunnel.is_none()), (400, true), "{protocol:?}: {answer:#?}");
    }
    assert_eq!(addon.accepted(), 0);
}
