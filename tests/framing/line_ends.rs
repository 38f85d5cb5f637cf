//! A bare LF ends no line of a head: cases S-59 and S-201.

use crate::support::{Ask, BOTH, RawClient, wire};
use crate::{assert_bytes_refused, one_addon};

/// A head with the line end of this number left without its CR.
fn with_bare(head: &str, place: usize) -> Option<Vec<u8>> {
    let (at, _) = head.match_indices("\r\n").nth(place)?;
    Some(format!("{}\n{}", &head[..at], &head[at + 2..]).into_bytes())
}

#[test]
fn s201_a_bare_line_feed_anywhere_in_a_head_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let head = format!("GET /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nX-A: b\r\n\r\n");
    for place in 0..5 {
        assert_bytes_refused(&vestibule, &addon, &with_bare(&head, place).unwrap());
    }
    assert_bytes_refused(&vestibule, &addon, head.replace("\r\n", "\n").as_bytes());
    assert_bytes_refused(&vestibule, &addon, format!("\n{head}").as_bytes());
    for odd in
        ["X-A: b\r\r\n", "X-A: b\rX-B: c\r\n", "X-A: b\n c\r\n", "X-A: b\r\n c\r\n", "X-A:\n\r\n", "\nX-A: b\r\n"]
    {
        assert_bytes_refused(&vestibule, &addon, head.replace("X-A: b\r\n", odd).as_bytes());
    }
}

#[test]
fn s201_wherever_the_reads_are_cut() {
    let (addon, vestibule, cookie) = one_addon();
    let head = format!("GET /ingress/a/ HTTP/1.1\r\nCookie: {cookie}\r\nHost: p.test\r\n\r\n");
    let bare = with_bare(&head, 2).unwrap();
    let feed = bare.iter().position(|byte| *byte == b'\n' && bare[bare.len() - 3] != b'\r').unwrap_or(0);
    for cut in [1, 24, feed.max(1), bare.len() - 3, bare.len() - 2, bare.len() - 1] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&bare[..cut]);
        client.send(&bare[cut..]);
        let answer = client.answer();
        assert!((400..500).contains(&answer.status), "cut at {cut}: {answer:#?}");
        assert!(client.is_closed(), "cut at {cut}");
    }
    // A legal head passes, cut at every byte.
    for cut in 1..head.len() {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&head.as_bytes()[..cut]);
        client.send(&head.as_bytes()[cut..]);
        assert_eq!(client.answer().status, 200, "cut at {cut}");
    }
    addon.forget();
}

#[test]
fn s201_behind_another_request_and_its_body() {
    let (addon, vestibule, cookie) = one_addon();
    let next = format!("GET /ingress/a/next HTTP/1.1\nHost: p.test\r\nCookie: {cookie}\r\n\r\n");
    let firsts = [
        "GET /ingress/a/first HTTP/1.1|Host: p.test|Cookie: C||",
        "POST /ingress/a/first HTTP/1.1|Host: p.test|Cookie: C|Content-Length: 4||\n\n\n\n",
        "POST /ingress/a/first HTTP/1.1|Host: p.test|Cookie: C|Content-Length: 0||",
        "POST /ingress/a/first HTTP/1.1|Host: p.test|Cookie: C|Transfer-Encoding: chunked||2|\n\n|0||",
        "POST /ingress/a/first HTTP/1.1|Host: p.test|Cookie: C|Transfer-Encoding: chunked||2;a=b|\n\n|0|X-T: 1||",
    ];
    for first in firsts {
        let first = wire(&first.replace("Cookie: C", &format!("Cookie: {cookie}")));
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[first.clone(), next.clone().into_bytes()].concat());
        assert_eq!(client.answer().status, 200);
        let answer = client.answer();
        assert!((400..500).contains(&answer.status), "{}: {answer:#?}", String::from_utf8_lossy(&first));
        assert!(client.is_closed());
        assert!(addon.take(1).iter().all(|request| request.target() == "/first"));
    }
}

#[test]
fn s201_behind_a_refused_upgrade() {
    let (addon, vestibule, cookie) = one_addon();
    let next = format!("GET /ingress/a/next HTTP/1.1\nHost: p.test\r\nCookie: {cookie}\r\n\r\n");
    // Without a session, of another site, and of a protocol that never passes: each is answered, none opens anything.
    for upgrade in ["Upgrade: websocket|Connection: upgrade", "Upgrade: h2c|Connection: upgrade", "Upgrade: x"] {
        let first = wire(&format!("GET /ingress/a/first HTTP/1.1|Host: p.test|{upgrade}||"));
        for together in [true, false] {
            let mut client = RawClient::connect(vestibule.https());
            let answer = if together {
                client.send(&[first.clone(), next.clone().into_bytes()].concat());
                client.answer()
            } else {
                client.send(&first);
                let answer = client.answer();
                client.send(next.as_bytes());
                answer
            };
            assert!((400..500).contains(&answer.status), "{upgrade}: {answer:#?}");
            let after = client.answer();
            assert!(after.status == 0 || (400..500).contains(&after.status), "{upgrade}, {together}: {after:#?}");
            assert!(client.is_closed());
            addon.assert_no_request(upgrade);
        }
    }
}

/// What is put in the place of a line feed there would be a part of the body, and what comes next a part of it too.
#[test]
fn s206_a_bare_line_feed_behind_the_size_of_a_chunk_is_refused_and_nothing_is_read_behind_it() {
    let (addon, vestibule, cookie) = one_addon();
    let head =
        wire(&format!("POST /ingress/a/attacker HTTP/1.1|Host: p.test|Cookie: {cookie}|Transfer-Encoding: chunked||"));
    let victim = format!("GET /ingress/a/victim HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n\r\n");
    for (first, second) in [
        ("5;a\nb\r\nhello\r\n0\r\n\r\n", ""),
        ("5\nhello\r\n0\r\n\r\n", ""),
        ("5 \nhello\r\n0\r\n\r\n", ""),
        ("5\r\nhello\r\n0;x\ny\r\n\r\n", ""),
        ("18;a\nb\r\nAAAA", "AAAAAAAAAAAAAAAA\r\nff \r\n0\r\n\r\n"),
    ] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[head.as_slice(), first.as_bytes()].concat());
        client.send(second.as_bytes());
        client.send(victim.as_bytes());
        let answer = client.answer_to("POST");
        assert_ne!(answer.status, 200, "{first:?}: {answer:#?}");
        assert!(client.is_closed(), "{first:?}");
        for request in addon.requests() {
            assert!(!request.complete && request.target() == "/attacker", "{first:?}: {request:#?}");
            assert!(!request.body.contains(&0) && !request.body.windows(6).any(|six| six == b"victim"), "{request:#?}");
        }
        addon.forget();
    }
}

#[test]
fn s201_a_bare_line_feed_in_trailers_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let head =
        wire(&format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Transfer-Encoding: chunked||1|x|0|"));
    let mut client = RawClient::connect(vestibule.https());
    client.send(&[head, b"A: b\nC: d\r\n\r\n".to_vec()].concat());
    let answer = client.answer_to("POST");
    assert_ne!(answer.status, 200, "{answer:#?}");
    assert!(addon.requests().iter().all(|request| !request.complete), "never a complete one");
}

#[test]
fn bodies_of_line_feeds_pass_byte_for_byte() {
    let (addon, vestibule, cookie) = one_addon();
    let body = b"\n\r\n\n\nGET / HTTP/1.1\n\n".repeat(200);
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", body.clone()).cookie(&cookie));
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert!(addon.one().body == body);
    }
    let mut client = RawClient::connect(vestibule.https());
    for chunk in [1, 7, 4096] {
        let chunks: Vec<u8> = body
            .chunks(chunk)
            .flat_map(|piece| [format!("{:X}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
            .collect();
        let head =
            wire(&format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Transfer-Encoding: chunked||"));
        client.send(&[head, chunks, b"0\r\n\r\n".to_vec()].concat());
        assert_eq!(client.answer_to("POST").status, 200);
        assert!(addon.one().body == body);
    }
}
