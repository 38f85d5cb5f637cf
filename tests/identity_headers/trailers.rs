//! Trailers change nothing: case S-11.

use crate::one_addon;
use crate::support::expectation::BOB;
use crate::support::h2_frames::{self, Fate, pseudo};
use crate::support::{Ask, BOTH, RawClient, assert_id, assert_refused, wire};

#[test]
fn s11_trailers_do_not_reach_the_add_on() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::post("/ingress/a/", "a")
            .field("TE", "trailers")
            .field("Trailer", "X-Remote-User-Id")
            .cookie(&cookie)
            .trailer("X-Remote-User-Id", "root")
            .trailer("X_Remote_User_Name", "root")
            .trailer("X-Checksum", "1");
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!(answer.status, 200, "{protocol:?}: {answer:#?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.body, b"a");
        assert!(!request.fields.has("trailer") && !request.fields.has("te"), "{request:#?}");
    }
}

#[test]
fn s11_trailers_that_would_change_the_framing_change_nothing() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!(
        "POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|TE: trailers|Trailer: X-Remote-User-Id|\
         Transfer-Encoding: chunked||1|a|0|X-Remote-User-Id: root|Host: evil|Content-Length: 5||"
    )));
    let answer = client.answer();
    if answer.status == 200 {
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.body, b"a");
        assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "the next request is its own");
        assert_id(&addon.one(), &BOB);
    } else {
        assert_refused(&answer, &addon, "forbidden trailer fields");
    }
}

#[test]
fn s11_http2_trailers_that_no_library_says_change_nothing() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let pseudo_header: (&[u8], &[u8]) = (b":path", b"/admin");
    let capitals: (&[u8], &[u8]) = (b"X-Remote-User-Id", b"root");
    for trailer in [pseudo_header, capitals] {
        let mut block = pseudo("POST", "/ingress/a/page");
        block.push((b"cookie", cookie.as_bytes()));
        let fate = h2_frames::send(vestibule.https(), &block, Some(b"a"), Some(&[trailer]));
        // RFC 9113 section 8.1: pseudo-header fields in a trailer section are malformed. They may be refused or left
        // out.
        if fate == (Fate::Answered { ok: true }) {
            let request = addon.one();
            assert_id(&request, &BOB);
            assert_eq!((request.target(), request.body.as_slice()), ("/page", &b"a"[..]));
        } else {
            let completed = addon.requests().iter().any(|request| request.complete);
            assert!(!completed, "aborted, not completed: {:#?}", addon.requests());
        }
    }
}
