//! Web app manifests, which browsers fetch without cookies (many UIs link theirs so): S-187.

use crate::support::tunnel::handshake;
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_denied, assert_problem};

fn fetched(target: &str) -> Ask {
    Ask::get(target)
        .field("Sec-Fetch-Dest", "manifest")
        .field("Sec-Fetch-Mode", "cors")
        .field("Sec-Fetch-Site", "same-origin")
        .field("Accept", "*/*")
}

fn bench() -> (RawAddon, Vestibule, String) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "host = \"a.p.test\"").addon_with("t", &addon, "tokens = true");
    });
    let cookie = vestibule.cookie("bob");
    (addon, vestibule, cookie)
}

#[test]
fn s187_a_manifest_without_a_cookie_is_empty_at_every_address_and_never_the_add_ons() {
    let (addon, vestibule, _) = bench();
    let mut answers = Vec::new();
    for protocol in BOTH {
        for target in ["/ingress/a/site.webmanifest", "/ingress/a", "/ingress/t/m?x=1", "/nowhere", "/"] {
            for host in ["p.test", "a.p.test"] {
                let answer = vestibule.ask(protocol, &fetched(target).host(host));
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (200, "{}\n"),
                    "{protocol:?} {target}: {answer:#?}"
                );
                assert_eq!(answer.fields.one("content-type"), "application/manifest+json");
                assert!(answer.fields.one("cache-control").contains("no-store"));
                assert!(!answer.fields.has("set-cookie") && !answer.fields.has("location"), "{answer:#?}");
                answers.push((answer.status, answer.body));
            }
            let head = Ask { method: "HEAD".to_owned(), ..fetched(target) };
            let answer = vestibule.ask(protocol, &head);
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{protocol:?} {target}");
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "a stranger cannot tell one address from another");
    addon.assert_untouched("nobody is known by a request without a cookie");
}

#[test]
fn s187_whoever_presents_something_is_judged_by_it() {
    let (addon, vestibule, cookie) = bench();
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &fetched("/ingress/a/site.webmanifest").cookie(&cookie));
        assert_eq!((answer.status, answer.text().as_str()), (200, crate::support::addon::HELLO), "{answer:#?}");
        addon.one();
        let stale = format!("__Host-ingress_session={}", "A".repeat(43));
        for ask in [
            fetched("/ingress/a/m").cookie(&stale),
            fetched("/ingress/a/m").cookie("__Host-ingress_session=x"),
            fetched("/ingress/a/m").field("Authorization", "Bearer x"),
            fetched("/ingress/t/m").field("Authorization", "Bearer x"),
            fetched("/ingress/a/m").field("Sec-Fetch-Dest", "manifest"),
            Ask::get("/ingress/a/m").field("Sec-Fetch-Dest", "Manifest"),
            Ask::get("/ingress/a/m").field("Sec-Fetch-Dest", "document, manifest"),
            Ask { method: "POST".to_owned(), ..fetched("/ingress/a/m") },
            Ask { method: "PROPFIND".to_owned(), ..fetched("/ingress/a/m") },
            fetched("/.vestibule/session"),
        ] {
            assert_denied(&vestibule.ask(protocol, &ask), &addon, &format!("{protocol:?} {ask:?}"));
        }
        let ambiguous = vestibule.ask(protocol, &fetched("/ingress/a/%2e%2e/m"));
        assert_problem(&ambiguous, 400);
        let upgrade = handshake(protocol, "/ingress/a/ws").field("Sec-Fetch-Dest", "manifest");
        assert_denied(&vestibule.ask(protocol, &upgrade), &addon, "a handshake");
    }
}

#[test]
fn s187_another_proxy_is_not_told_that_a_request_for_a_manifest_may_pass() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", "[\"127.0.0.1\"]").addon("a", &addon);
    });
    for protocol in BOTH {
        let question = fetched("/.vestibule/verify")
            .field("X-Forwarded-For", "192.0.2.7")
            .field("X-Forwarded-Method", "GET")
            .field("X-Forwarded-Proto", "https")
            .field("X-Forwarded-Host", "p.test")
            .field("X-Forwarded-Uri", "/ingress/a/site.webmanifest");
        assert_denied(
            &vestibule.ask(protocol, &question),
            &addon,
            "the other proxy would open the add-on to everybody",
        );
    }
}
