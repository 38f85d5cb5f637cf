//! `response_headers`: what an operator sets in answers of an add-on, and takes out of them.

use crate::behind;
use crate::support::tunnel::{ORIGIN, Tunnel, accept, handshake, switching};
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, Vestibule};

const RULES: &str = "[addon.response_headers]\nset = { X-Frame-Options = \"DENY\", X-Robots-Tag = \"noindex\" }\n\
                     remove = [\"Server\", \"X-Powered-By\"]";

const SAID: &str = "HTTP/1.1 200 OK\r\nServer: werkzeug\r\nserver: again\r\nX-Powered-By: php\r\nX-Frame-Options: \
                    ALLOWALL\r\nX-Frame-Options: SAMEORIGIN\r\nX-Other: 1\r\nSet-Cookie: theirs=1; Path=/\r\n\
                    Location: /next\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn what_is_set_is_said_once_and_what_is_taken_out_is_gone() {
    let addon = RawAddon::answering(SAID);
    let (vestibule, cookie) = behind(&addon, RULES);
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "{answer:#?}");
        assert_eq!(answer.fields.one("x-frame-options"), "DENY", "{protocol:?}");
        assert_eq!(answer.fields.one("x-robots-tag"), "noindex");
        assert!(!answer.fields.has("server") && !answer.fields.has("x-powered-by"), "{answer:#?}");
        assert_eq!(answer.fields.one("x-other"), "1", "the rest stays");
        assert_eq!(answer.fields.one("set-cookie"), "theirs=1; Path=/ingress/a/; Secure", "and is confined");
        assert_eq!(answer.fields.one("location"), "/ingress/a/next");
    }
}

#[test]
fn an_add_on_without_rules_says_what_it_says() {
    let addon = RawAddon::answering(SAID);
    let (vestibule, cookie) = behind(&addon, "");
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie));
    assert_eq!(answer.fields.texts("server"), ["werkzeug", "again"]);
    assert_eq!(answer.fields.texts("x-frame-options"), ["ALLOWALL", "SAMEORIGIN"]);
}

#[test]
fn an_answer_to_a_handshake_follows_the_rules_too_and_the_websocket_opens() {
    let addon = RawAddon::scripted(|request, wire| {
        let _ = wire.write(&switching(&accept(request).unwrap_or_default(), "Server: werkzeug\r\n"));
        while !wire.some().is_empty() {}
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, RULES);
    for protocol in BOTH {
        let ask = handshake(protocol, "/ingress/a/ws").field("Origin", ORIGIN).cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        assert!(tunnel.is_some(), "{protocol:?}: {answer:#?}");
        assert!(!answer.fields.has("server"), "{answer:#?}");
        assert_eq!(answer.fields.one("x-robots-tag"), "noindex");
    }
}

#[test]
fn pages_of_our_own_do_not_follow_an_add_ons_rules() {
    let addon = RawAddon::answering(SAID);
    let (vestibule, _) = behind(&addon, RULES);
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/"));
        assert_eq!(answer.status, 401);
        assert!(!answer.fields.has("x-robots-tag"), "{answer:#?}");
    }
}

#[test]
fn framing_counts_whatever_a_rule_says_of_the_policy() {
    let addon = RawAddon::answering(SAID);
    let rule = r#"response_headers = { set = { "Content-Security-Policy" = "default-src 'self'" } }"#;
    let (vestibule, cookie) = behind(&addon, &format!("framing = [\"https://ha.example\"]\n{rule}"));
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie));
    let policies = ["default-src 'self'", "frame-ancestors 'self' https://ha.example"];
    assert_eq!(answer.fields.texts("content-security-policy"), policies);
    assert!(!answer.fields.has("x-frame-options"));
}

#[test]
fn a_changed_rule_counts_from_the_next_answer_on() {
    let addon = RawAddon::answering(SAID);
    let mut vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, RULES);
    });
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    assert!(!vestibule.ask(Protocol::H1, &ask).fields.has("server"));
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "response_headers = { set = { Server = \"mine\" } }");
    });
    vestibule.command_ok(&["reload"]);
    let answer = vestibule.ask(Protocol::H1, &ask);
    assert_eq!(answer.fields.texts("server"), ["mine"]);
    assert_eq!(answer.fields.texts("x-frame-options").len(), 2);
}
