//! The question and its answers, byte for byte.

use std::net::IpAddr;

use crate::bench;
use crate::support::expectation::{ALICE, BOB};
use crate::support::home::password_of;
use crate::support::path_spellings::astray;
use crate::support::process::LOOPBACK;
use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule, assert_problem};

const VERIFY: &str = "/.vestibule/verify";

/// What Traefik and Caddy ask.
pub(crate) fn about(method: &str, uri: &str) -> Ask {
    asked(VERIFY, method, uri)
}

pub(crate) fn asked(target: &str, method: &str, uri: &str) -> Ask {
    Ask::get(target)
        .field("X-Forwarded-For", "127.0.0.1")
        .field("X-Forwarded-Method", method)
        .field("X-Forwarded-Proto", "https")
        .field("X-Forwarded-Host", "p.test")
        .field("X-Forwarded-Uri", uri)
}

fn navigation(ask: Ask) -> Ask {
    ask.field("Accept", "text/html").field("Sec-Fetch-Dest", "document").field("Sec-Fetch-Mode", "navigate")
}

#[track_caller]
fn assert_user(answer: &Answer, id: &str, name: &str) {
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert_eq!(answer.fields.one("x-remote-user-id"), id);
    assert_eq!(answer.fields.one("x-remote-user-name"), name);
    assert_eq!(answer.fields.one("cache-control"), "no-store");
}

#[test]
fn whoever_may_open_the_add_on_passes_with_their_identity() {
    let (a, b, vestibule) = bench();
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    for protocol in BOTH {
        let ask = about("GET", "/ingress/a/x?y=1").cookie(&bob).field("X-Remote-User-Id", "root");
        let answer = vestibule.ask(protocol, &ask);
        assert_user(&answer, BOB.id, "bob");
        assert_eq!(answer.fields.one("x-remote-user-display-name"), "Bob User");
        assert!(!answer.fields.has("x-remote-user-assertion"));
        let nginx =
            Ask::get(VERIFY).cookie(&alice).field("X-Forwarded-For", "::1").field("X-Original-Method", "DELETE");
        let answer = vestibule.ask(protocol, &nginx.field("X-Original-URL", "https://p.test/ingress/b/x"));
        assert_user(&answer, ALICE.id, "alice");
        assert_eq!(answer.fields.one("x-remote-user-assertion").split('.').count(), 3);
        assert_problem(&vestibule.ask(protocol, &about("GET", "/ingress/b/").cookie(&bob)), 403);
        // Where the other proxy's paths are not ours, it names the add-on, and the path is the add-on's own.
        let named = |slug: &str| asked(&format!("{VERIFY}?addon={slug}"), "GET", "/whatever");
        assert_user(&vestibule.ask(protocol, &named("a").cookie(&bob)), BOB.id, "bob");
        assert_problem(&vestibule.ask(protocol, &named("b").cookie(&bob)), 403);
        for slug in ["nobody", "", "a&addon=a", "a&addon=b"] {
            assert_problem(&vestibule.ask(protocol, &named(slug).cookie(&bob)), 403);
        }
        assert_problem(&vestibule.ask(protocol, &about("GET", "/elsewhere").cookie(&bob)), 403);
        assert_problem(&vestibule.ask(protocol, &about("GET", "/.vestibule/session").cookie(&bob)), 403);
    }
    a.assert_untouched("a question is no request");
    b.assert_untouched("a question is no request");
}

#[test]
fn a_missing_name_is_there_and_empty() {
    let (_a, _b, vestibule) = bench();
    let bob = vestibule.cookie("bob");
    vestibule.home().edit_user("bob", |user| user["name"] = serde_json::Value::Null);
    crate::support::eventually("bob without a name", || {
        let answer = vestibule.ask(Protocol::H1, &about("GET", "/ingress/a/").cookie(&bob));
        assert_eq!(answer.status, 200);
        // Absent, some proxies would leave the browser's own in its place (S-06).
        (answer.fields.texts("x-remote-user-display-name") == [""]).then_some(())
    });
}

#[test]
fn without_a_session_it_is_401_or_the_way_to_the_sign_in_page() {
    let (_a, _b, vestibule) = bench();
    for protocol in BOTH {
        let sign_in = "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F%3Fb%3Dc%26d";
        let nginx = vestibule.ask(protocol, &navigation(about("GET", "/ingress/a/?b=c&d")));
        assert_eq!((nginx.status, nginx.fields.has("location")), (401, false), "{nginx:#?}");
        assert_eq!(nginx.fields.one("x-vestibule-sign-in"), sign_in);
        let redirect = format!("{VERIFY}?redirect=true");
        let caddy = vestibule.ask(protocol, &navigation(asked(&redirect, "GET", "/ingress/a/?b=c&d")));
        assert_eq!((caddy.status, caddy.location().as_str()), (303, sign_in), "{caddy:#?}");
        for ask in [asked(&redirect, "GET", "/ingress/a/"), navigation(asked(&redirect, "POST", "/ingress/a/"))] {
            let program = vestibule.ask(protocol, &ask);
            assert_eq!((program.status, program.fields.has("location")), (401, false), "{program:#?}");
            assert!(!program.fields.has("x-vestibule-sign-in"));
        }
        // A stranger cannot tell what is there from what is not.
        for uri in ["/ingress/b/", "/nothing/"] {
            assert_eq!(vestibule.ask(protocol, &about("GET", uri)).status, 401);
        }
    }
}

#[test]
fn s16_only_a_trusted_proxy_may_ask() {
    let (_a, _b, vestibule) = bench();
    let bob = vestibule.cookie("bob");
    let stranger: IpAddr = "127.0.0.2".parse().unwrap();
    let refused = vestibule.ask_from(stranger, &about("GET", "/ingress/a/").cookie(&bob));
    assert_problem(&refused, 403);
    assert!(!refused.fields.has("x-remote-user-id"));
    let spoofed = about("GET", "/ingress/a/").cookie(&bob).field("X-Forwarded-For", "127.0.0.1");
    assert_problem(&vestibule.ask_from(stranger, &spoofed), 403);
    // The address of whoever the proxy asks for counts: dave may only come from the local network.
    let dave = vestibule.cookie("dave");
    let from = |address: &str| about("GET", "/ingress/a/").cookie(&dave).field("X-Forwarded-For", address);
    assert_eq!(vestibule.ask_from(LOOPBACK, &from("192.168.1.9")).status, 200);
    assert_problem(&vestibule.ask_from(LOOPBACK, &from("8.8.8.8")), 403);
    assert_problem(&vestibule.ask_from(LOOPBACK, &from("8.8.8.8, a")), 403);
}

#[test]
fn s20_a_question_that_is_not_clear_is_refused() {
    let (_a, _b, vestibule) = bench();
    let alice = vestibule.cookie("alice");
    for protocol in BOTH {
        for uri in astray("/ingress/a/", "b/").iter().map(String::as_str).chain(["a", ""]) {
            assert_problem(&vestibule.ask(protocol, &about("GET", uri).cookie(&alice)), 403);
        }
        let twice = about("GET", "/ingress/a/").field("X-Forwarded-Uri", "/ingress/b/").cookie(&alice);
        assert_problem(&vestibule.ask(protocol, &twice), 403);
        let both = about("GET", "/ingress/a/").field("X-Original-URL", "https://p.test/ingress/b/").cookie(&alice);
        assert_problem(&vestibule.ask(protocol, &both), 403);
        assert_problem(&vestibule.ask(protocol, &Ask::get(VERIFY).cookie(&alice)), 403);
        // S-17: no address is not a local one.
        let mut nowhere = about("GET", "/ingress/a/").cookie(&alice);
        nowhere.fields.retain(|(name, _)| name != "X-Forwarded-For");
        assert_problem(&vestibule.ask(protocol, &nowhere), 403);
        assert_problem(&vestibule.ask(protocol, &about("TRACE", "/ingress/a/").cookie(&alice)), 403);
        let redirect = format!("{VERIFY}?redirect=true");
        assert_problem(&vestibule.ask(protocol, &asked(&redirect, "GET", "/a/../b").cookie(&alice)), 400);
        let posted = Ask { method: "POST".to_owned(), ..about("GET", "/ingress/a/").cookie(&alice) };
        assert_eq!(vestibule.ask(protocol, &posted).status, 403);
        // S-21: nothing that a browser says of itself opens anything.
        let magic = about("GET", "/ingress/a/").field("User-Agent", "GoogleHC/1.0");
        assert_eq!(vestibule.ask(protocol, &magic).status, 401);
    }
}

#[test]
fn s92_a_page_of_another_site_does_not_pass() {
    let (_a, _b, vestibule) = bench();
    let bob = vestibule.cookie("bob");
    let post = |origin: &str, site: &str| {
        about("POST", "/ingress/a/").cookie(&bob).field("Origin", origin).field("Sec-Fetch-Site", site)
    };
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &post("https://p.test", "same-origin")).status, 200);
        assert_problem(&vestibule.ask(protocol, &post("https://evil.test", "cross-site")), 403);
        let socket = |origin: Option<&str>| {
            let ask = about("GET", "/ingress/a/ws").cookie(&bob).field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
            origin.into_iter().fold(ask, |ask, origin| ask.field("Origin", origin))
        };
        assert_eq!(vestibule.ask(protocol, &socket(Some("https://p.test"))).status, 200);
        assert_problem(&vestibule.ask(protocol, &socket(Some("https://evil.test"))), 403);
        assert_problem(&vestibule.ask(protocol, &socket(None)), 403);
    }
}

#[test]
fn a_password_is_asked_for_where_the_browser_is() {
    let (_a, _b, vestibule) = bench();
    let question = navigation(asked(&format!("{VERIFY}?redirect=true"), "GET", "/ingress/a/"));
    let there = vestibule.ask(Protocol::H1, &question).location();
    let form = crate::support::form::Form::open_at(&vestibule, LOOPBACK, &there);
    let answer = form.submit(&vestibule, "bob", &password_of("bob"));
    assert_eq!(answer.location(), "/ingress/a/");
    let cookie = crate::support::form::new_session(&answer);
    assert_user(&vestibule.ask(Protocol::H1, &about("GET", "/ingress/a/").cookie(&cookie)), BOB.id, "bob");
}

#[test]
fn protected_paths_are_judged_as_far_as_method_and_path_suffice() {
    let addon = RawAddon::start();
    let rules = "[[addon.protect]]\npath = \"/settings/{*rest}\"\nrequire = \"admin\"\n\
                 [[addon.protect]]\nmethods = [\"POST\"]\npath = \"/set\"\nbody = \"/entity_id\"\naccess = \"control\"";
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#).addon_with("a", &addon, rules);
    });
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    let status =
        |method: &str, uri: &str, cookie: &str| vestibule.ask(Protocol::H2, &about(method, uri).cookie(cookie)).status;
    assert_eq!(status("GET", "/ingress/a/settings/x", &alice), 200);
    assert_eq!(status("GET", "/ingress/a/settings/x", &bob), 403);
    assert_eq!(status("GET", "/ingress/a/other", &bob), 200);
    assert_eq!(status("POST", "/ingress/a/set", &alice), 403, "the body is not here");
    addon.assert_untouched("questions");
}

#[test]
fn a_key_of_a_program_passes_nothing_since_the_other_proxy_would_pass_it_on() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        config.addon_with("a", &addon, "[[addon.public]]\nmethods = [\"POST\"]\npath = \"/hook\"\n");
    });
    let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/{*rest}", "--methods", "GET,POST"];
    let key = vestibule.command_ok(&usual).trim().to_owned();
    let cookie = vestibule.cookie("bob");
    for (name, value) in [("X-Api-Key", key.clone()), ("Authorization", format!("Bearer {key}"))] {
        for protocol in BOTH {
            for (method, path) in [("GET", "/ingress/a/x"), ("POST", "/ingress/a/hook"), ("GET", "/nowhere")] {
                let ask = about(method, path).field(name, &value);
                assert_problem(&vestibule.ask(protocol, &ask), 401);
                assert_problem(&vestibule.ask(protocol, &ask.cookie(&cookie)), 403);
            }
        }
    }
    assert_eq!(vestibule.ask(Protocol::H1, &about("POST", "/ingress/a/hook")).status, 200, "without one");
}
