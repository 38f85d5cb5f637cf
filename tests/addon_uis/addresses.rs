//! Addresses in an add-on's answer. spec/addon-uis.md section 3, point 11.

use crate::behind;
use crate::support::{Ask, BOTH, Keep, RawAddon};

/// Answers with the header that the path names (`/Location`) and the value that the query is.
fn mirror() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        let (path, value) = request.target().split_once('?').unwrap();
        let name = path.rsplit('/').next().unwrap();
        let value = value.replace("%20", " ").replace("%C3%A9", "é");
        let answer = format!("HTTP/1.1 200 OK\r\n{name}: {value}\r\nContent-Length: 2\r\n\r\nok");
        if wire.write(answer.as_bytes()).is_ok() { Keep::Open } else { Keep::Closed }
    })
}

#[test]
fn point_11_an_address_leads_to_where_the_browser_finds_it() {
    let addon = mirror();
    let (vestibule, cookie) = behind(&addon, "");
    let upstream = format!("{}/x?y", addon.url());
    for (said, seen) in [
        ("/.web", "/ingress/a/.web"),
        ("/", "/ingress/a/"),
        ("./", "./"),
        ("./?folder=/x", "./?folder=/x"),
        ("lab?", "lab?"),
        ("/ingress/a/lab?", "/ingress/a/lab?"),
        ("/ingress/ab", "/ingress/a/ingress/ab"),
        ("https://p.test/browser/", "/ingress/a/browser/"),
        (upstream.as_str(), "/ingress/a/x?y"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("//elsewhere.example/x", "//elsewhere.example/x"),
        ("/caf%C3%A9", "/ingress/a/café"),
    ] {
        for protocol in BOTH {
            for name in ["Location", "Content-Location"] {
                let ask = Ask::get(&format!("/ingress/a/{name}?{said}")).cookie(&cookie);
                assert_eq!(vestibule.ask(protocol, &ask).fields.one(name), seen, "{protocol:?} {name}: {said}");
            }
            let ask = Ask::get(&format!("/ingress/a/Refresh?5;%20url={said}")).cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).fields.one("refresh"), format!("5; url={seen}"), "{protocol:?}");
        }
    }
}

#[test]
fn point_11_every_line_of_an_address_is_moved() {
    let addon = crate::saying("Location: /one\r\nLocation: /two\r\n");
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.fields.texts("location"), ["/ingress/a/one", "/ingress/a/two"], "{protocol:?}");
    }
}

#[test]
fn point_11_moving_addresses_can_be_left_off() {
    let addon = mirror();
    for (lines, said, seen) in [
        ("prefix = \"keep\"", "/ingress/a/lab", "/ingress/a/lab"),
        ("prefix = \"keep\"", "/elsewhere", "/elsewhere"),
        ("prefix = \"keep\"", "https://p.test/elsewhere", "https://p.test/elsewhere"),
        ("rewrite_addresses = false", "/login", "/login"),
        ("rewrite_addresses = false", "https://p.test/login", "https://p.test/login"),
        ("prefix = \"keep\"\nrewrite_addresses = false", "/login", "/login"),
    ] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            let ask = Ask::get(&format!("/ingress/a/Location?{said}")).cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).location(), seen, "{protocol:?} {lines}");
        }
    }
}
