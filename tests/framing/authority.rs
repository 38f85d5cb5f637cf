//! Whom a request is for is said once and in one way: cases S-38, S-39 and S-61.

use crate::support::h2_frames::{self, Fate};
use crate::support::{Ask, BOTH, RawClient, assert_refused, wire};
use crate::{assert_bytes_refused, one_addon};

#[test]
fn s38_an_authority_that_two_parsers_read_differently_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let lines = [
        "GET /ingress/a/ HTTP/1.1",
        "GET /ingress/a/ HTTP/1.1|Host:",
        "GET /ingress/a/ HTTP/1.1|Host: p.test|Host: p.test",
        "GET /ingress/a/ HTTP/1.1|Host: p.test|Host: evil.test",
        "GET /ingress/a/ HTTP/1.1|Host: p.test, evil.test",
        "GET /ingress/a/ HTTP/1.1|Host: u@p.test",
        "GET /ingress/a/ HTTP/1.1|Host: p.test/x",
        "GET /ingress/a/ HTTP/1.1|Host: p.test?x",
        "GET /ingress/a/ HTTP/1.1|Host: p.test:port",
        "GET /ingress/a/ HTTP/1.1|Host: p.test:99999",
        "GET /ingress/a/ HTTP/1.1|Host: p.test x",
        "GET http://evil.test/ingress/a/ HTTP/1.1|Host: p.test",
        "GET https://p.test/ingress/a/ HTTP/1.1|Host: evil.test",
        "GET https://u:p@p.test/ingress/a/ HTTP/1.1|Host: p.test",
        "GET https://u:p@p.test/ingress/a/ HTTP/1.1|Host: u:p@p.test",
        "GET ftp://p.test/ingress/a/ HTTP/1.1|Host: p.test",
        "GET ingress/a/ HTTP/1.1|Host: p.test",
        "GET p.test HTTP/1.1|Host: p.test",
        "GET p.test:443 HTTP/1.1|Host: p.test",
        "GET * HTTP/1.1|Host: p.test",
        "GET ?x HTTP/1.1|Host: p.test",
        "GET https://p.test?x HTTP/1.1|Host: p.test",
    ];
    for line in lines {
        assert_bytes_refused(&vestibule, &addon, &wire(&format!("{line}|Cookie: {cookie}||")));
    }
    addon.assert_untouched("ambiguous authorities");
}

#[test]
fn s38_absolute_form_that_agrees_is_the_same_request() {
    let (addon, vestibule, cookie) = one_addon();
    for target in ["https://p.test/ingress/a/x?y", "https://p.test:443/ingress/a/x?y", "https://P.TEST/ingress/a/x?y"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("GET {target} HTTP/1.1|Host: p.test|Cookie: {cookie}||")));
        let answer = client.answer();
        // RFC 9112 section 3.2.2: a server MUST accept the absolute-form.
        assert!(matches!(answer.status, 200 | 400), "{target}: {answer:#?}");
        if answer.status == 200 {
            assert_eq!(addon.one().target(), "/x?y");
        }
    }
}

#[test]
fn s38_over_http2_authority_and_host_agree_or_the_request_is_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let base: [(&[u8], &[u8]); 3] = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/ingress/a/")];
    let cases: [&[(&[u8], &[u8])]; 7] = [
        &[(b":authority", b"p.test"), (b"host", b"evil.test")],
        &[(b":authority", b"evil.test"), (b"host", b"p.test")],
        &[(b":authority", b"u@p.test")],
        &[(b":authority", b"")],
        &[(b":authority", b"p.test"), (b":authority", b"evil.test")],
        &[(b"host", b"p.test"), (b"host", b"evil.test")],
        &[],
    ];
    for case in cases {
        let mut block = base.to_vec();
        block.extend(case.iter().filter(|(name, _)| name.starts_with(b":")));
        block.push((b"cookie", cookie.as_bytes()));
        block.extend(case.iter().filter(|(name, _)| !name.starts_with(b":")));
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert_ne!(fate, Fate::Answered { ok: true }, "{case:?}");
    }
    addon.assert_untouched("ambiguous authorities");
}

#[test]
fn s39_an_authority_that_the_certificate_does_not_cover_is_misdirected() {
    let (addon, vestibule, cookie) = one_addon();
    for host in ["evil.test", "p.test.evil", "x.y.p.test", "127.0.0.9"] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").host(host).cookie(&cookie));
            assert_eq!(answer.status, 421, "{protocol:?} {host}: {answer:#?}");
        }
    }
    for host in ["p.test", "P.TEST", "x.p.test", "p.test:8443", "localhost", "127.0.0.1"] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").host(host).cookie(&cookie));
            assert_eq!(answer.status, 200, "{protocol:?} {host}: {answer:#?}");
            assert_eq!(addon.one().fields.texts("x-forwarded-host").len(), 1);
        }
    }
}

#[test]
fn s61_versions_that_nobody_speaks_are_refused() {
    let (addon, vestibule, cookie) = one_addon();
    let rest = format!("Host: p.test|Cookie: {cookie}||");
    for line in [
        "GET /ingress/a/",
        "GET /ingress/a/ HTTP/0.9",
        "GET /ingress/a/ HTTP/1.2",
        "GET /ingress/a/ HTTP/2.0",
        "GET /ingress/a/ HTTP/3",
        "GET /ingress/a/ http/1.1",
        "GET /ingress/a/ HTTP/1.1 x",
        "GET  /ingress/a/ HTTP/1.1",
        "GET\t/ingress/a/\tHTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        assert_bytes_refused(&vestibule, &addon, &wire(&format!("{line}|{rest}")));
    }
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!("GET /ingress/a/ HTTP/1.0|{rest}")));
    let answer = client.answer();
    if answer.status == 200 {
        assert_eq!(addon.one().target(), "/");
    } else {
        assert_refused(&answer, &addon, "HTTP/1.0");
    }
}
