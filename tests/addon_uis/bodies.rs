//! Bodies and odd answers. spec/addon-uis.md section 3, points 16 and 18.

use crate::behind;
use crate::support::{Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, assert_problem};

#[test]
fn point_16_an_upload_reaches_the_add_on_while_it_comes() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        Keep::Open
    });
    let (vestibule, cookie) = behind(&addon, "");
    let head = format!("PUT /ingress/a/big HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nContent-Length: 10\r\n\r\n");
    let mut client = RawClient::connect(vestibule.https());
    client.send(head.as_bytes());
    client.send(b"half!");
    crate::support::eventually("the head, before the body has come", || {
        addon.requests().first().filter(|request| !request.complete).map(|_| ())
    });
    client.send(b"whole");
    assert_eq!(client.head().status, 201);
    assert_eq!(addon.one().body, b"half!whole");
}

#[test]
fn point_16_a_limit_on_bodies_is_said_before_they_are_sent() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "max_body = \"1KiB\"");
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::post("/ingress/a/", vec![b'x'; 1024]).cookie(&cookie)).status, 200);
        assert_eq!(addon.one().body.len(), 1024);
        let mut ask = Ask::post("/ingress/a/", vec![b'x'; 1025]).cookie(&cookie);
        if protocol == Protocol::H2 {
            // Over HTTP/1.1 the length is always said; over HTTP/2 a client may leave it out.
            ask = ask.field("content-length", "1025");
        }
        assert_problem(&vestibule.ask(protocol, &ask), 413);
        addon.assert_no_request("too large by its own word");
    }
    let head = "POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nExpect: 100-continue\r\nContent-Length: 1025\r\n";
    let mut client = RawClient::connect(vestibule.https());
    client.send(format!("{head}Cookie: {cookie}\r\n\r\n").as_bytes());
    assert_eq!(client.head().status, 413, "no 100 for a body that nobody wants");
}

#[test]
fn point_16_ranges_validators_and_encodings_pass() {
    let addon = RawAddon::answering(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/10\r\nETag: W/\"1\"\r\nAccept-Ranges: bytes\r\n\
         Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\ncdef",
    );
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let asked = [("Range", "bytes=2-5"), ("If-Range", "W/\"1\""), ("Accept-Encoding", "gzip, br")];
        let ask = asked.iter().fold(Ask::get("/ingress/a/f").cookie(&cookie), |ask, (n, v)| ask.field(n, v));
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!((answer.status, answer.text().as_str()), (206, "cdef"), "{protocol:?}");
        for (name, value) in [("content-range", "bytes 2-5/10"), ("etag", "W/\"1\""), ("content-encoding", "gzip")] {
            assert_eq!(answer.fields.one(name), value);
        }
        let request = addon.one();
        assert!(asked.iter().all(|(name, value)| request.fields.one(name) == *value), "{request:#?}");
    }
}

#[test]
fn point_16_an_event_arrives_while_the_add_on_is_silent_after_it() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&Ask::get("/ingress/a/").cookie(&cookie).field("Accept-Encoding", "gzip").to_bytes());
    let head = h1.head();
    assert_eq!((head.status, head.fields.has("content-encoding")), (200, false));
    assert!(String::from_utf8_lossy(&h1.up_to(14)).contains("data: 1\n\n"));
    let (_, mut stream) = H2Client::connect(vestibule.https()).stream(&Ask::get("/ingress/a/").cookie(&cookie));
    assert_eq!(stream.up_to(9), b"data: 1\n\n");
}

#[test]
fn point_18_the_answers_of_old_and_odd_servers_are_taken() {
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\nbody",
        "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nServer: Werkzeug\r\nServer: Python\r\nConnection: close\r\n\r\nbody",
        "HTTP/1.1 207 Multi-Status\r\nDAV: 1, 2\r\nContent-Length: 4\r\n\r\nbody",
    ] {
        for protocol in BOTH {
            let addon = RawAddon::scripted(move |_, wire| {
                let _ = wire.write(answer.as_bytes());
                Keep::Closed
            });
            // One for each: the end of a kept connection may come while the next request is on its way there.
            let (vestibule, cookie) = behind(&addon, "");
            let got = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            let status = if answer.contains("207") { 207 } else { 200 };
            assert_eq!(
                (got.status, got.text().as_str(), got.complete),
                (status, "body", true),
                "{protocol:?} {answer}"
            );
        }
    }
}

#[test]
fn point_18_the_methods_of_webdav_pass_with_their_bodies() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    let methods =
        ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR", "ACL"];
    for protocol in BOTH {
        for method in methods {
            let ask = Ask { body: Some(b"<d:x/>".to_vec()), ..Ask::new(method, "/ingress/a/cal/") };
            let ask = ask.cookie(&cookie).field("Depth", "infinity").field("If", "(<urn:x>)");
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{protocol:?} {method}");
            let request = addon.one();
            assert_eq!(
                (request.line.clone(), request.body.clone()),
                (format!("{method} /cal/ HTTP/1.1"), b"<d:x/>".to_vec())
            );
            assert_eq!(
                (request.fields.one("depth").as_str(), request.fields.one("if").as_str()),
                ("infinity", "(<urn:x>)")
            );
        }
        assert_eq!(vestibule.ask(protocol, &Ask::new("BREW", "/ingress/a/").cookie(&cookie)).status, 405);
        addon.assert_no_request("a method that nobody knows");
    }
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::new("TRACE", "/ingress/a/").cookie(&cookie)).status, 405);
}
