//! Answers as real add-ons give them: old versions, odd status lines, no lengths, ranges, `WebDAV` (spec/addon-uis.md
//! section 1, "protocol odds", and section 3, points 16 and 18).

use crate::behind;
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, RawClient};

/// An add-on that says these bytes and closes, as HTTP/1.0 does.
fn saying_once(bytes: &'static [u8]) -> RawAddon {
    RawAddon::scripted(move |_, wire| {
        let _ = wire.write(bytes);
        Keep::Closed
    })
}

#[test]
fn old_and_odd_status_lines_are_understood() {
    let odd: [&[u8]; 7] = [
        b"HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nServer: a\r\nServer: b\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 Ganz gut, danke\r\nConnection: close\r\nServer: a\r\nServer: b\r\n\r\nbody",
        b"HTTP/1.1 200 \xc3\xa9\r\nTransfer-Encoding: Chunked\r\n\r\n4;x=y\r\nbody\r\n0\r\n\r\n",
    ];
    for bytes in odd {
        let (vestibule, cookie) = behind(&saying_once(bytes), "");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            let got = (answer.status, answer.text(), answer.complete);
            assert_eq!(got, (200, "body".to_owned(), true), "{protocol:?} {}", String::from_utf8_lossy(bytes));
        }
    }
}

#[test]
fn an_http_1_0_add_on_is_not_asked_twice_on_one_connection() {
    let addon = RawAddon::answering("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    let (vestibule, cookie) = behind(&addon, "");
    for count in 1..=3 {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).text(), "body");
        assert_eq!(addon.accepted(), count);
    }
    assert!(addon.requests().iter().all(|request| request.line.ends_with("HTTP/1.1")), "we speak 1.1 to it");
}

#[test]
fn statuses_without_a_body_have_none() {
    for status in ["204 No Content", "304 Not Modified", "205 Reset Content"] {
        let length = if status.starts_with("205") { "Content-Length: 0\r\n" } else { "" };
        let addon = RawAddon::answering(format!("HTTP/1.1 {status}\r\nETag: \"e\"\r\n{length}\r\n"));
        let (vestibule, cookie) = behind(&addon, "");
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/").field("If-None-Match", "\"e\"").cookie(&cookie);
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(answer.status.to_string(), status[..3], "{protocol:?}");
            assert_eq!((answer.body.len(), answer.complete), (0, true), "{protocol:?}: {answer:#?}");
            assert_eq!(answer.fields.one("etag"), "\"e\"");
            assert_eq!(addon.one().fields.one("if-none-match"), "\"e\"");
        }
        assert_eq!(addon.accepted(), 1, "{status}: the connection is good for more");
    }
}

#[test]
fn head_keeps_the_length_that_a_get_would_have() {
    let addon = RawAddon::answering("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::new("HEAD", "/ingress/a/").cookie(&cookie));
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{protocol:?}");
        assert_eq!(answer.fields.one("content-length"), "12345", "{protocol:?}");
    }
    assert_eq!(addon.accepted(), 1);
}

#[test]
fn a_part_of_a_file_stays_that_part() {
    let addon = RawAddon::answering(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/12\r\nAccept-Ranges: bytes\r\nETag: \"v1\"\r\n\
         Content-Encoding: identity\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 4\r\n\r\npart",
    );
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/f").field("Range", "bytes=4-7").field("If-Range", "\"v1\"").cookie(&cookie);
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!((answer.status, answer.text().as_str()), (206, "part"), "{protocol:?}");
        let kept = [
            ("content-range", "bytes 4-7/12"),
            ("accept-ranges", "bytes"),
            ("etag", "\"v1\""),
            ("content-encoding", "identity"),
            ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("content-length", "4"),
        ];
        for (name, value) in kept {
            assert_eq!(answer.fields.one(name), value, "{protocol:?}");
        }
        let request = addon.one();
        assert_eq!(
            (request.fields.one("range").as_str(), request.fields.one("if-range").as_str()),
            ("bytes=4-7", "\"v1\"")
        );
    }
}

#[test]
fn webdav_passes_with_its_bodies_and_headers() {
    let multistatus = "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\"/>";
    let addon = RawAddon::answering(format!(
        "HTTP/1.1 207 Multi-Status\r\nDAV: 1, 2, 3, calendar-access\r\nLock-Token: <urn:uuid:1>\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n{multistatus}",
        multistatus.len()
    ));
    let (vestibule, cookie) = behind(&addon, "");
    let methods = [
        "PROPFIND",
        "PROPPATCH",
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "REPORT",
        "SEARCH",
        "MKCALENDAR",
        "ACL",
        "PUT",
        "DELETE",
        "OPTIONS",
        "PATCH",
    ];
    for protocol in BOTH {
        for method in methods {
            let ask = Ask { method: method.to_owned(), ..Ask::post("/ingress/a/cal/", "<propfind/>") };
            let ask = ask.field("Depth", "1").field("If", "(<urn:uuid:1>)").field("Timeout", "Second-600");
            let answer = vestibule.ask(protocol, &ask.field("Overwrite", "F").cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str()), (207, multistatus), "{protocol:?} {method}");
            assert_eq!(answer.fields.one("dav"), "1, 2, 3, calendar-access");
            assert_eq!(answer.fields.one("lock-token"), "<urn:uuid:1>");
            let request = addon.one();
            assert_eq!(request.line, format!("{method} /cal/ HTTP/1.1"));
            assert_eq!(request.body, b"<propfind/>", "{protocol:?} {method}");
            for (name, value) in
                [("depth", "1"), ("if", "(<urn:uuid:1>)"), ("timeout", "Second-600"), ("overwrite", "F")]
            {
                assert_eq!(request.fields.one(name), value);
            }
        }
    }
}

#[test]
fn a_browser_of_http_1_0_gets_a_body_that_ends_with_the_connection() {
    let addon = RawAddon::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
    let (vestibule, cookie) = behind(&addon, "");
    let mut client = RawClient::connect(vestibule.https());
    client.send(format!("GET /ingress/a/ HTTP/1.0\r\nHost: p.test\r\nCookie: {cookie}\r\n\r\n").as_bytes());
    let answer = client.answer();
    assert!(!answer.fields.has("transfer-encoding"), "RFC 9112 section 6.1: {answer:#?}");
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
}
