//! Where a request comes from is said by the socket, or by a proxy that the operator trusts: cases S-16 to S-20.

use std::net::{IpAddr, Ipv4Addr};

use crate::one_addon;
use crate::support::expectation::BOB;
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_id, assert_refused, eventually};

/// The address of the proxy that some of these tests trust.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn behind_a_proxy() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.2/32", "10.0.0.0/8"]"#).addon("a", &addon);
    });
    (addon, vestibule)
}

#[test]
fn s16_whom_nobody_trusts_comes_from_where_the_socket_says() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for claimed in ["203.0.113.7", "127.0.0.9", "a", "", "1.2.3.4, 5.6.7.8", "unknown"] {
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/")
                .field("X-Forwarded-For", claimed)
                .field("X_Forwarded_For", claimed)
                .field("X-Real-IP", claimed)
                .field("Forwarded", format!("for={claimed};proto=http;host=evil.test"))
                .field("X-Forwarded-Proto", "http")
                .field("X-Forwarded-Host", "evil.test")
                .field("X-Forwarded-Port", "1")
                .field("X-Forwarded-Prefix", "/evil")
                .cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{claimed:?}");
            let request = addon.one();
            assert_id(&request, &BOB);
            assert_eq!(request.fields.one("x-forwarded-for"), "127.0.0.1", "{claimed:?}");
            assert_eq!(request.fields.one("x-real-ip"), "127.0.0.1", "{claimed:?}");
            assert_eq!(request.fields.one("x-forwarded-host"), "p.test");
        }
    }
    let lines = eventually("the lines of all twelve requests", || {
        let log = vestibule.stderr();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("vestibule::access")).map(str::to_owned).collect();
        (lines.len() >= 12).then_some(lines)
    });
    assert!(lines.iter().all(|line| line.contains("client=127.0.0.1 ")), "{lines:#?}");
    // Nor is anybody local because they say so: what claims to be forwarded and is not vouched for is from outside.
    let dave = vestibule.cookie("dave");
    for claimed in ["127.0.0.1", "192.168.1.9", "::1"] {
        let ask = Ask::get("/ingress/a/").field("X-Forwarded-For", claimed).cookie(&dave);
        assert_eq!(vestibule.ask(BOTH[0], &ask).status, 403, "{claimed}");
        addon.assert_no_request(claimed);
    }
}

#[test]
fn s17_a_trusted_proxys_address_that_cannot_be_read_is_a_refusal() {
    let (addon, vestibule) = behind_a_proxy();
    let cookie = vestibule.cookie("bob");
    let many = vec!["10.0.0.1"; 200].join(", ");
    for unreadable in ["a", "", "1.2.3.4:port", "unknown", "1.2.3.4.5", "_hidden", "10.0.0.1,,10.0.0.2", &many] {
        let answer =
            vestibule.ask_from(PROXY, &Ask::get("/ingress/a/").field("X-Forwarded-For", unreadable).cookie(&cookie));
        assert_refused(&answer, &addon, unreadable);
    }
    addon.assert_untouched("unreadable addresses");
    // Odd spellings of an address are that address, and no way to be nobody: dave may come from the local network
    // alone.
    let dave = vestibule.cookie("dave");
    let from = |address: &str| {
        let ask = Ask::get("/ingress/a/").field("X-Forwarded-For", address).cookie(&dave);
        vestibule.ask_from(PROXY, &ask).status
    };
    for local in ["[::1]", "::ffff:127.0.0.1", "[::1]:4711", "127.0.0.1:80"] {
        assert_eq!(from(local), 200, "{local}");
    }
    for elsewhere in ["[2001:db8::7]", "::ffff:8.8.8.8", "[::ffff:8.8.8.8]:80", "8.8.8.8:80"] {
        assert_eq!(from(elsewhere), 403, "{elsewhere}");
    }
    for unreadable in ["[::1", "::1]", "[::1]x", "::ffff:127.0.0.1:port"] {
        assert_eq!(from(unreadable), 400, "{unreadable}");
    }
}

#[test]
fn s18_the_rightmost_address_that_is_no_trusted_proxys_counts() {
    let (addon, vestibule) = behind_a_proxy();
    let cookie = vestibule.cookie("bob");
    let cases: [(&[&str], &str); 7] = [
        (&["203.0.113.7"], "203.0.113.7"),
        (&["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (&["6.6.6.6, 203.0.113.7, 10.1.2.3"], "203.0.113.7"),
        (&["6.6.6.6", "203.0.113.7", "10.1.2.3"], "203.0.113.7"),
        (&["garbage, 203.0.113.7"], "203.0.113.7"),
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&["2001:db8::7"], "2001:db8::7"),
    ];
    for (lines, expected) in cases {
        let ask = Ask::get("/ingress/a/").field("Forwarded", "for=6.6.6.6").field("X-Real-IP", "6.6.6.6");
        let ask = lines.iter().fold(ask, |ask, line| ask.field("X-Forwarded-For", line));
        assert_eq!(vestibule.ask_from(PROXY, &ask.cookie(&cookie)).status, 200, "{lines:?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.fields.one("x-forwarded-for"), expected, "{lines:?}");
        assert_eq!(request.fields.one("x-real-ip"), expected, "{lines:?}");
    }
}

#[test]
fn s19_what_is_said_of_a_request_is_made_anew_or_taken_out_whoever_says_it_and_however_it_is_spelled() {
    let (addon, vestibule) = behind_a_proxy();
    let cookie = vestibule.cookie("bob");
    let names = [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Forwarded-Ssl",
        "X-Forwarded-Scheme",
        "X-Forwarded-By",
        "X-Real-Ip",
        "X-Original-Uri",
        "X-Original-Url",
        "X-Original-Method",
        "X-Original-Host",
        "X-Original-Forwarded-For",
        "Forwarded",
    ];
    for source in [crate::support::process::LOOPBACK, PROXY] {
        let spell = |name: &str| [name.to_owned(), name.replace('-', "_"), name.to_uppercase()];
        let ask = names.iter().flat_map(|name| spell(name)).fold(Ask::get("/ingress/a/x"), |ask, name| {
            // From a trusted proxy one header has a meaning, and has it right.
            let evil = if name.eq_ignore_ascii_case("x-forwarded-for") { "203.0.113.7" } else { "http" };
            ask.field(&name, evil)
        });
        assert_eq!(vestibule.ask_from(source, &ask.field("Via", "1.1 x").cookie(&cookie)).status, 200);
        let request = addon.one();
        assert_id(&request, &BOB);
        let client = if source == PROXY { "203.0.113.7" } else { "127.0.0.1" };
        let ours = [
            ("x-forwarded-for", client),
            ("x-forwarded-host", "p.test"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "443"),
            ("x-real-ip", client),
        ];
        for (name, value) in ours {
            assert_eq!(request.fields.one(name), value, "{name}");
        }
        let known: Vec<&str> = ours.iter().map(|(name, _)| *name).collect();
        for (name, _) in &request.fields.0 {
            let squashed = crate::support::squash(name);
            let meant = names.iter().any(|other| other.eq_ignore_ascii_case(&squashed));
            assert!(!meant || known.contains(&name.to_lowercase().as_str()), "{name} is the client's: {request:#?}");
        }
        assert_eq!(request.fields.one("via"), "1.1 x", "what only says by what way it came is harmless");
    }
}

#[test]
fn s20_no_header_names_the_path() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &addon).addon_with("closed", &addon, "access = { admin_only = true }");
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for name in ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Original-URI", "X-Forwarded-Prefix"] {
            let ask = Ask::get("/ingress/closed/").field(name, "/ingress/open/").cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 403, "{name}");
            addon.assert_no_request(name);
            let ask = Ask::get("/ingress/open/page").field(name, "/ingress/closed/").cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{name}");
            assert_eq!(addon.one().target(), "/page");
        }
    }
}
