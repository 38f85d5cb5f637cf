//! Where MOVE and COPY lead: an address of the same add-on, as that add-on reads it, or nowhere.
//! spec/addon-uis.md section 3, point 11; RFC 4918 section 10.3.

use crate::behind;
use crate::support::{Ask, BOTH, RawAddon, assert_refused};

fn moving(method: &str, destination: &str, cookie: &str) -> Ask {
    Ask::new(method, "/ingress/a/old.ics").field("Destination", destination).cookie(cookie)
}

#[test]
fn point_11_a_destination_is_said_as_the_add_on_reads_it() {
    let addon = RawAddon::start();
    for (lines, seen) in [
        ("", "https://p.test/cal/new%20%2F.ics"),
        ("prefix = \"keep\"", "https://p.test/ingress/a/cal/new%20%2F.ics"),
        // Radicale takes the prefix off by itself: it knows it from this header.
        ("prefix_headers = [\"X-Script-Name\"]", "https://p.test/ingress/a/cal/new%20%2F.ics"),
        ("upstream_host = \"up.example:8080\"", "https://up.example:8080/cal/new%20%2F.ics"),
    ] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            for method in ["MOVE", "COPY"] {
                for destination in [
                    "https://p.test/ingress/a/cal/new%20%2F.ics",
                    "https://P.test:443/ingress/a/cal/new%20%2F.ics",
                    "/ingress/a/cal/new%20%2F.ics",
                ] {
                    let answer = vestibule.ask(protocol, &moving(method, destination, &cookie));
                    assert_eq!(answer.status, 200, "{protocol:?} {method} {destination}");
                    assert_eq!(addon.one().fields.one("destination"), seen, "{protocol:?} {lines} {destination}");
                }
            }
        }
    }
    let (vestibule, cookie) = behind(&addon, "rewrite_addresses = false");
    let answer = vestibule.ask(BOTH[0], &moving("MOVE", "/ingress/a/new", &cookie));
    assert_eq!((answer.status, addon.one().fields.one("destination").as_str()), (200, "/ingress/a/new"));
}

#[test]
fn point_11_a_destination_beyond_the_add_on_is_refused() {
    let addon = RawAddon::start();
    for lines in ["", "prefix = \"keep\"", "rewrite_addresses = false"] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            for destination in [
                "https://evil.test/ingress/a/x",
                "http://p.test/ingress/a/x",
                "https://p.test:8443/ingress/a/x",
                "https://user@p.test/ingress/a/x",
                "//evil.test/ingress/a/x",
                "https://p.test/ingress/b/x",
                "/ingress/ab/x",
                "/x",
                "/ingress/a/../b/x",
                "/ingress/a/%2e%2e/b/x",
                "/ingress/a/x\\..\\y",
                "/ingress/a/x#y",
                "ingress/a/x",
                "https:/ingress/a/x",
                "",
            ] {
                let answer = vestibule.ask(protocol, &moving("MOVE", destination, &cookie));
                assert_refused(&answer, &addon, destination);
            }
            let two = moving("COPY", "/ingress/a/x", &cookie).field("Destination", "/ingress/a/y");
            assert_refused(&vestibule.ask(protocol, &two), &addon, "two destinations");
        }
    }
}

#[test]
fn point_11_the_header_of_other_methods_is_the_add_ons_own() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("Destination", "Vienna, platform 7").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        assert_eq!(addon.one().fields.one("destination"), "Vienna, platform 7");
    }
}
