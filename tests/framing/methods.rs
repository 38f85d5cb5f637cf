//! Methods that make tunnels, or that nobody knows, and expectations: cases S-36, S-54 and S-56.

use crate::support::h2_frames::{self, Fate};
use crate::support::{Ask, BOTH, Protocol, RawClient, wire};
use crate::{assert_bytes_refused, one_addon};

#[test]
fn s54_connect_makes_no_tunnel() {
    let (addon, vestibule, cookie) = one_addon();
    let target = addon.address();
    let lines =
        [format!("CONNECT {target} HTTP/1.1"), "CONNECT p.test:443 HTTP/1.1".into(), "CONNECT / HTTP/1.1".into()];
    for line in lines {
        assert_bytes_refused(&vestibule, &addon, &wire(&format!("{line}|Host: p.test|Cookie: {cookie}||")));
        let to_target = format!("{line}|Host: {target}|Cookie: {cookie}||GET / HTTP/1.1|Host: x||");
        assert_bytes_refused(&vestibule, &addon, &wire(&to_target));
    }
    let authority = target.to_string();
    for authority in [authority.as_bytes(), b"p.test:443"] {
        let block = [(&b":method"[..], &b"CONNECT"[..]), (b":authority", authority), (b"cookie", cookie.as_bytes())];
        let fate = h2_frames::send(vestibule.https(), &block, Some(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), None);
        assert_ne!(fate, Fate::Answered { ok: true });
    }
    addon.assert_untouched("CONNECT");
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
}

#[test]
fn s36_methods_are_a_list_and_their_case_counts() {
    let (addon, vestibule, cookie) = one_addon();
    for method in ["TRACE", "get", "Get", "G!T", "TRACK", "DEBUG", "PURGE", "FOO"] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::new(method, "/ingress/a/").cookie(&cookie));
            assert!(matches!(answer.status, 400 | 405), "{protocol:?} {method}: {answer:#?}");
        }
    }
    addon.assert_untouched("unknown methods");
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "REPORT", "LOCK"] {
        for protocol in BOTH {
            let ask = Ask::new(method, "/ingress/a/").field("X-HTTP-Method-Override", "DELETE").cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{protocol:?} {method}");
            let request = addon.one();
            assert!(request.line.starts_with(&format!("{method} /")), "{request:#?}");
            assert!(!request.fields.has("x-http-method-override"));
        }
    }
    for method in ["HEAD", "OPTIONS", "PUT"] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::new(method, "/ingress/a/"));
            assert_eq!(answer.status, 401, "no method is waved through: {protocol:?} {method}");
        }
    }
    addon.assert_no_request("no session");
}

#[test]
fn s36_head_has_the_fields_of_get_and_no_body() {
    let (addon, vestibule, cookie) = one_addon();
    for protocol in BOTH {
        for target in ["/ingress/a/", "/.vestibule/sign-in", "/.vestibule/session", "/ingress/none/"] {
            let answer = vestibule.ask(protocol, &Ask::new("HEAD", target).cookie(&cookie));
            assert!(answer.body.is_empty(), "{protocol:?} {target}: {answer:#?}");
            assert!(answer.status == 200 || answer.status == 404, "{protocol:?} {target}: {answer:#?}");
        }
    }
    addon.take(2);
    let mut client = RawClient::connect(vestibule.https());
    for _ in 0..2 {
        assert_eq!(client.ask(&Ask::new("HEAD", "/.vestibule/session")).status, 401);
        assert_eq!(client.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200, "nothing is left over");
    }
}

#[test]
fn s56_an_expectation_is_met_or_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let start = format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Content-Length: 4|");
    for odd in ["y", "y 100-continue", "100-Continue, x", "100-continue;q=1"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("{start}Expect: {odd}||body")));
        assert_eq!(client.answer_to("POST").status, 417, "{odd}");
    }
    addon.assert_untouched("odd expectations");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!("{start}Expect: 100-continue||")));
    client.send(b"body");
    assert_eq!(client.answer_to("POST").status, 200);
    let request = addon.one();
    assert_eq!(request.body, b"body");
    assert!(!request.fields.has("expect"), "{request:#?}");
}
