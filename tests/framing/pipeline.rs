//! An early answer leaves nothing behind that could be taken for the next request: case S-55.

use crate::one_addon;
use crate::support::{Ask, RawClient, Recorded, Vestibule, wire};

#[test]
fn s55_the_body_of_a_refused_request_is_not_the_next_one() {
    let (addon, vestibule, cookie) = one_addon();
    let smuggled = format!("GET /ingress/a/smuggled HTTP/1.1|Host: p.test|Cookie: {cookie}||");
    let refused = [
        "POST /ingress/a/ HTTP/1.1|Host: p.test|",
        "POST /ingress/none/ HTTP/1.1|Host: p.test|",
        "POST /.vestibule/session HTTP/1.1|Host: p.test|",
        "POST /.vestibule/sign-out HTTP/1.1|Host: p.test|Origin: https://evil.test|",
        "POST /ingress/a/../b HTTP/1.1|Host: p.test|",
        "FOO /ingress/a/ HTTP/1.1|Host: p.test|",
        "GET /ingress/a/ HTTP/1.1|Host: p.test|Accept: text/html|",
    ];
    for head in refused {
        for expect in ["", "Expect: 100-continue|"] {
            let mut client = RawClient::connect(vestibule.https());
            client.send(&wire(&format!("{head}{expect}Content-Length: {}||{smuggled}", wire(&smuggled).len())));
            let first = client.answer_to("POST");
            assert!(first.status == 0 || (300..500).contains(&first.status), "{head}: {first:#?}");
            // The next request gets its own answer, or the connection is closed.
            client.send(&Ask::get("/.vestibule/session").to_bytes());
            let next = client.answer();
            assert!(matches!(next.status, 0 | 401), "{head}: {next:#?}");
            addon.assert_no_request(head);
        }
    }
}

#[test]
fn s55_a_large_body_of_a_refused_request_ends_the_connection_or_is_thrown_away() {
    let (addon, vestibule, _) = one_addon();
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire("POST /ingress/a/ HTTP/1.1|Host: p.test|Content-Length: 10000000||"));
    assert_eq!(client.answer_to("POST").status, 401, "before the body");
    client.send(&vec![b'x'; 1_000_000]);
    client.send(&Ask::get("/.vestibule/session").to_bytes());
    let next = client.answer();
    assert_eq!(next.status, 0, "ten million bytes are not waited for: {next:#?}");
    addon.assert_untouched("no session");
}

#[test]
fn s55_pipelined_requests_are_each_judged_by_their_own_cookie() {
    let (addon, vestibule, cookie) = one_addon();
    let with = Ask::get("/ingress/a/mine").cookie(&cookie).to_bytes();
    let without = Ask::get("/ingress/a/not-mine").to_bytes();
    let mut client = RawClient::connect(vestibule.https());
    client.send(&[with.clone(), without, with].concat());
    let statuses = [(); 3].map(|()| client.answer().status);
    assert!(matches!(statuses, [200, 401, 200 | 0]), "{statuses:?}");
    assert!(addon.take(1).iter().all(|request| request.target() == "/mine"));
}

#[test]
fn s71_too_much_is_refused_before_the_add_on_hears_of_it() {
    for protocol in crate::support::BOTH {
        let addon = crate::support::RawAddon::start();
        let vestibule = Vestibule::start(|config| {
            config.addon_with("a", &addon, "max_body = \"1KiB\"");
        });
        let cookie = vestibule.cookie("bob");
        let fits = vestibule.ask(protocol, &Ask::post("/ingress/a/", vec![b'x'; 1024]).cookie(&cookie));
        assert_eq!(fits.status, 200);
        addon.one();
        let large = vestibule.ask(protocol, &Ask::post("/ingress/a/", vec![b'x'; 1025]).cookie(&cookie));
        assert_eq!(large.status, 413, "{large:#?}");
        if protocol == crate::support::Protocol::H1 {
            addon.assert_no_request("its length said so");
        }
        // Without a length it is known only on the way: then it is broken off, and never looks whole.
        let chunks = Ask::post("/ingress/a/", vec![b'x'; 4096]).trailer("X-End", "1").cookie(&cookie);
        let answer = vestibule.ask(protocol, &chunks);
        assert_ne!(answer.status, 200, "{answer:#?}");
        assert!(addon.requests().iter().all(|request| !request.complete), "aborted, not completed");
        let huge_head = Ask::get("/ingress/a/").field("X-Big", "x".repeat(64 * 1024)).cookie(&cookie);
        let answer = vestibule.ask(protocol, &huge_head);
        assert!(matches!(answer.status, 0 | 431), "{protocol:?}: {}", answer.status);
        let long_target = Ask::get(&format!("/ingress/a/{}", "x".repeat(60_000))).cookie(&cookie);
        let answer = vestibule.ask(protocol, &long_target);
        assert!(matches!(answer.status, 0 | 414 | 431), "{protocol:?}: {}", answer.status);
        // The upload that was broken off may be heard of this late.
        let of_upload = |request: &Recorded| request.line.starts_with("POST") && !request.complete;
        assert!(addon.requests().iter().all(of_upload), "too large: {:#?}", addon.requests());
    }
}
