//! `Connection` names what goes, but never what is ours: cases S-09 and S-10.

use crate::one_addon;
use crate::support::expectation::BOB;
use crate::support::h2_frames::{self, Fate, pseudo};
use crate::support::{Ask, RawClient, assert_id};

#[test]
fn s09_a_connection_line_cannot_take_our_headers_away() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let nominated = "close, X-Remote-User-Id, X-Remote-User-Name, X-Forwarded-For, X-Forwarded-Proto, X-Ingress-Path, \
                     X-Request-Id, Cookie, Host, Content-Length, Authorization, X-Nominated";
    let mut client = RawClient::connect(vestibule.https());
    let ask = Ask::post("/ingress/a/", "12345")
        .field("Connection", nominated)
        .field("X-Nominated", "1")
        .field("Authorization", "Basic Z3Vlc3Q6Z3Vlc3Q=")
        .cookie(format!("{cookie}; other=1"));
    let answer = client.ask(&ask);
    assert_eq!(answer.status, 200, "{answer:#?}");
    let request = addon.one();
    assert_id(&request, &BOB);
    assert_eq!(request.body, b"12345");
    assert_eq!(request.fields.one("cookie"), "other=1");
    assert_eq!(request.fields.one("authorization"), "Basic Z3Vlc3Q6Z3Vlc3Q=");
    assert_eq!(request.fields.texts("host").len(), 1);
    assert!(!request.fields.has("x-nominated"), "{request:#?}");
    assert!(client.is_closed(), "the client asked for the end of the connection");
}

#[test]
fn s09_over_http2_a_connection_field_is_malformed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for field in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        let mut block = pseudo("GET", "/ingress/a/");
        block.push((b"cookie", cookie.as_bytes()));
        block.push((field.as_bytes(), b"x-remote-user-id"));
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert!(fate == Fate::Refused || fate == Fate::Answered { ok: false }, "{field}: {fate:?}");
    }
    addon.assert_untouched("connection-specific fields (RFC 9113 section 8.2.2)");
}

#[test]
fn s10_every_connection_line_counts_however_odd() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let heads: [&[u8]; 5] = [
        b"Connection:\r\nConnection: X-Foo\r\nX-Foo: 1\r\n",
        b"Connection: X-Foo, \xff\r\nX-Foo: 1\r\n",
        b"connection: ,, X-Foo ,\r\nX-Foo: 1\r\n",
        b"X-Foo: 1\r\nConnection: keep-alive\r\nCONNECTION:\tx-fOO\t\r\nX-FOO: 2\r\n",
        b"Keep-Alive: 5\r\nProxy-Connection: X-Foo\r\nConnection: X-Foo\r\nX-Foo: 1\r\nTE: trailers\r\n",
    ];
    for head in heads {
        let start = format!("GET /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n");
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[start.as_bytes(), head, b"\r\n"].concat());
        let answer = client.answer();
        let why = String::from_utf8_lossy(head);
        assert_eq!(answer.status, 200, "{why}: {answer:#?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        for gone in ["x-foo", "keep-alive", "proxy-connection", "te", "trailer"] {
            assert!(!request.fields.has(gone), "{why}: {gone} is gone: {request:#?}");
        }
        let connection = request.fields.texts("connection").join(",").to_ascii_lowercase();
        assert!(matches!(connection.as_str(), "" | "keep-alive"), "{why}: {request:#?}");
    }
}
