//! Where a body ends is said in one way: cases S-47 to S-51, S-57 and S-59.

use crate::support::expectation::BOB;
use crate::support::h2_frames::{self, Fate, pseudo};
use crate::support::{RawClient, Recorded, assert_id, assert_refused, eventually, wire};
use crate::{assert_bytes_refused, one_addon};

#[test]
fn s47_length_and_chunks_together_are_never_two_requests() {
    let (addon, vestibule, cookie) = one_addon();
    let framings = [
        "Content-Length: 6|Transfer-Encoding: chunked||0||G",
        "Transfer-Encoding: chunked|Content-Length: 6||0||G",
        "Content-Length: 44|Transfer-Encoding: chunked||0||GET /ingress/a/smuggled HTTP/1.1|Host: p.test||",
        "Transfer-Encoding: chunked|Content-Length: 0||5|hello|0||",
    ];
    for framing in framings {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("POST /ingress/a/first HTTP/1.1|Host: p.test|Cookie: {cookie}|{framing}")));
        let answer = client.answer_to("POST");
        if answer.status == 200 {
            let request = addon.one();
            assert_id(&request, &BOB);
            let both = request.fields.has("content-length") && request.fields.has("transfer-encoding");
            assert!(!both, "the add-on never gets both: {request:#?}");
            assert!(client.is_closed(), "{framing}: what follows is nobody's request");
            assert_eq!(request.target(), "/first");
        } else {
            assert_refused(&answer, &addon, framing);
            assert!(client.is_closed(), "{framing}");
        }
        addon.assert_no_request(framing);
    }
}

#[test]
fn s48_a_transfer_encoding_that_is_not_one_chunked_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let fields: [&[u8]; 17] = [
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: \"chunked\"",
        b"Transfer-Encoding: chunked,",
        b"Transfer-Encoding: , chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding:",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding: chunked;q=1",
        b"Transfer-Encoding: chunked\x00",
    ];
    for field in fields {
        let head = format!("POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n");
        let bytes = [head.as_bytes(), field, b"\r\n\r\n1\r\na\r\n0\r\n\r\n"].concat();
        assert_bytes_refused(&vestibule, &addon, &bytes);
        let bytes = [head.as_bytes(), b"Content-Length: 11\r\n", field, b"\r\n\r\n1\r\na\r\n0\r\n\r\n"].concat();
        assert_bytes_refused(&vestibule, &addon, &bytes);
    }
    addon.assert_untouched("odd transfer encodings");
}

#[test]
fn s48_other_spellings_of_framing_names_do_not_reach_the_add_on() {
    let (addon, vestibule, cookie) = one_addon();
    for field in ["Transfer_Encoding: chunked", "Content_Length: 0", "Transfer.Encoding: chunked", "Content~Length: 7"]
    {
        let mut client = RawClient::connect(vestibule.https());
        let head = format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|{field}|Content-Length: 5||hello");
        client.send(&wire(&head));
        assert_eq!(client.answer_to("POST").status, 200, "{field}");
        let request = addon.one();
        assert_eq!(request.body, b"hello");
        let name = field.split(':').next().unwrap();
        assert!(!request.fields.has(name), "a server that folds names would see two: {request:#?}");
    }
}

#[test]
fn s49_a_length_that_is_not_plain_digits_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let values: [&[u8]; 14] = [
        b"+4",
        b"-4",
        b"4 4",
        b"4,5",
        b"4, 4",
        b"0x4",
        b"",
        b"4;",
        b"4.0",
        b"9223372036854775808000",
        b"18446744073709551616",
        b"\"4\"",
        b"4\x0b",
        b"\xd9\xa4",
    ];
    for value in values {
        let head = format!("POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nContent-Length: ");
        assert_bytes_refused(&vestibule, &addon, &[head.as_bytes(), value, b"\r\n\r\nbody"].concat());
    }
    let different =
        format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Content-Length: 4|Content-Length: 5||body!");
    assert_bytes_refused(&vestibule, &addon, &wire(&different));
    addon.assert_untouched("odd lengths");
    for same in ["Content-Length: 4|Content-Length: 4", "Content-Length: 004"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|{same}||body")));
        let answer = client.answer_to("POST");
        if answer.status == 200 {
            let request = addon.one();
            assert_eq!(request.fields.texts("content-length"), ["4"], "one, and in its plain form");
            assert_eq!(request.body, b"body");
        } else {
            assert_refused(&answer, &addon, same);
        }
    }
}

#[test]
fn s50_a_broken_chunk_is_an_aborted_body_and_never_a_whole_one() {
    let (addon, vestibule, cookie) = one_addon();
    let bodies: [&[u8]; 10] = [
        b"f0000000000000003\r\nabc\r\n0\r\n\r\n",
        b"0x1\r\na\r\n0\r\n\r\n",
        b"+1\r\na\r\n0\r\n\r\n",
        b"-1\r\na\r\n0\r\n\r\n",
        b"1\r\naX0\r\n\r\n",
        b"1\r\ra\r\n0\r\n\r\n",
        b"\r\n",
        b"g\r\n",
        b"1 1\r\na\r\n0\r\n\r\n",
        b"2\r\na\r\n0\r\n\r\n",
    ];
    for body in bodies {
        let why = String::from_utf8_lossy(body).into_owned();
        let head = format!(
            "POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[head.as_bytes(), body].concat());
        client.set_patience(std::time::Duration::from_secs(2));
        let answer = client.answer_to("POST");
        assert_ne!(answer.status, 200, "{why}: {answer:#?}");
        drop(client);
        let whole = addon.requests().iter().any(|request| request.complete);
        assert!(!whole, "{why}: {:#?}", addon.requests());
        addon.forget();
    }
}

#[test]
fn s50_chunk_extensions_go_no_further() {
    let (addon, vestibule, cookie) = one_addon();
    let mut client = RawClient::connect(vestibule.https());
    let head = format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Transfer-Encoding: ChUnKeD||");
    client.send(&wire(&format!("{head}4;x=y;z=\"q\"|body|0;end||")));
    assert_eq!(client.answer_to("POST").status, 200);
    let request = addon.one();
    assert_eq!(request.body, b"body");
    assert_id(&request, &BOB);
}

#[test]
fn s51_chunks_over_http_1_0_are_refused() {
    let (addon, vestibule, cookie) = one_addon();
    for encoding in ["chunked", "identity, chunked"] {
        let head = format!("POST /ingress/a/ HTTP/1.0|Host: p.test|Cookie: {cookie}|Connection: keep-alive|");
        let bytes = wire(&format!("{head}Transfer-Encoding: {encoding}||1|a|0||"));
        assert_bytes_refused(&vestibule, &addon, &bytes);
    }
    addon.assert_untouched("chunks over HTTP/1.0");
}

#[test]
fn s57_http2_framing_that_http1_would_read_differently_is_malformed() {
    let (addon, vestibule, cookie) = one_addon();
    let lies: [(&[u8], &[u8]); 4] = [
        (b"content-length", b"0"),
        (b"content-length", b"100"),
        (b"content-length", b"+1"),
        (b"transfer-encoding", b"chunked"),
    ];
    for (index, (name, value)) in lies.into_iter().enumerate() {
        let path = format!("/ingress/a/{index}");
        let mut block = pseudo("POST", &path);
        block.extend([(&b"cookie"[..], cookie.as_bytes()), (name, value)]);
        let fate = h2_frames::send(vestibule.https(), &block, Some(b"a"), None);
        assert_ne!(fate, Fate::Answered { ok: true }, "{name:?} {value:?}");
        // The reset may be quicker than what it ends.
        eventually("the end of it at the add-on", || (addon.open() == 0).then_some(()));
        // Said to be empty, it may be on its way before the body that it should not have comes; that never is.
        let empty = |seen: &Recorded| seen.target() == "/0" && seen.body.is_empty();
        let requests = addon.requests();
        assert!(requests.iter().all(|seen| !seen.complete || empty(seen)), "{requests:#?}");
    }
}

#[test]
fn s57_http2_targets_that_http1_would_read_differently_are_malformed() {
    let (addon, vestibule, cookie) = one_addon();
    for (method, path) in [
        ("GET", "/ingress/a/ HTTP/1.1\r\nX-Remote-User-Id: root"),
        ("GET / HTTP/1.1\r\nHost: p.test\r\n\r\nGET", "/ingress/a/"),
        ("GET", "/ingress/a/\nx"),
        ("GET", "/ingress/a/ x"),
        ("GET", "ingress/a/"),
        ("GET", ""),
    ] {
        let mut block = pseudo(method, path);
        block.push((b"cookie", cookie.as_bytes()));
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert_ne!(fate, Fate::Answered { ok: true }, "{method:?} {path:?}");
        addon.assert_no_request(path);
    }
}

#[test]
fn s59_a_bare_line_feed_makes_no_identity() {
    let (addon, vestibule, cookie) = one_addon();
    let start = format!("GET /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&[start.as_bytes(), b"X-A: b\nX-Remote-User-Id: root\r\n\r\n"].concat());
    let answer = client.answer();
    if answer.status == 200 {
        assert_id(&addon.one(), &BOB);
    } else {
        assert_refused(&answer, &addon, "a bare line feed");
    }
    for odd in [&b"X-A: b\rX-Remote-User-Id: root\r\n\r\n"[..], b"X-A: b\x00X-Remote-User-Id: root\r\n\r\n"] {
        assert_bytes_refused(&vestibule, &addon, &[start.as_bytes(), odd].concat());
    }
}

#[test]
fn s59_lines_that_end_with_a_bare_line_feed_are_one_request_in_plain_spelling() {
    let (addon, vestibule, cookie) = one_addon();
    let heads = [
        format!("POST /ingress/a/lf HTTP/1.1\nHost: p.test\nCookie: {cookie}\nContent-Length: 4\n\nbody"),
        format!("POST /ingress/a/lf HTTP/1.1\r\nHost: p.test\nCookie: {cookie}\r\nX-A: 1\nContent-Length: 4\n\r\nbody"),
    ];
    for head in heads {
        let smuggled = "GET /ingress/a/smuggled HTTP/1.1\nHost: p.test\n\n";
        let mut client = RawClient::connect(vestibule.https());
        client.send(format!("{head}{smuggled}").as_bytes());
        let answer = client.answer_to("POST");
        if answer.status != 200 {
            assert_refused(&answer, &addon, &head);
            continue;
        }
        let request = addon.one();
        assert_eq!((request.target(), request.body.as_slice()), ("/lf", &b"body"[..]));
        assert_id(&request, &BOB);
        let lines = request.head.split(|byte| *byte == b'\n');
        let bare = lines.filter(|line| !line.is_empty()).any(|line| line.last() != Some(&b'\r'));
        assert!(!bare, "every line ends as it should: {:?}", String::from_utf8_lossy(&request.head));
        // What follows is a request of its own, and nobody's.
        let next = client.answer();
        assert!(matches!(next.status, 0 | 400 | 401), "{next:#?}");
        addon.assert_no_request("without a cookie");
    }
}

#[test]
fn s50_what_comes_along_with_chunks_has_a_limit() {
    let (addon, vestibule, cookie) = one_addon();
    let head =
        format!("POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let much = "x".repeat(1_000_000);
    for body in
        [format!("1;{much}\r\na\r\n0\r\n\r\n"), format!("1\r\na\r\n0\r\nX-A: {much}\r\n\r\n"), "1;a=\"\n".repeat(9)]
    {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[head.as_bytes(), body.as_bytes()].concat());
        let answer = client.answer_to("POST");
        assert_ne!(answer.status, 200, "{answer:#?}");
        drop(client);
        eventually("the end of it at the add-on", || (addon.open() == 0).then_some(()));
        assert!(addon.requests().iter().all(|request| !request.complete), "{:#?}", addon.requests());
        addon.forget();
    }
}
