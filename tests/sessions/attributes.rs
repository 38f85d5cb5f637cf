//! How the cookie is set and what must not be stored: case S-82.

use crate::support::expectation::BOB;
use crate::support::form::Form;
use crate::support::home::password_of;
use crate::support::page::loaded;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_id, assert_problem};
use crate::{token, two_addons};

#[test]
fn s82_the_cookie_is_set_with_exactly_these_attributes() {
    let (_, _, vestibule) = two_addons();
    for protocol in BOTH {
        let form = Form::open(&vestibule, LOOPBACK);
        let answer = vestibule.ask(protocol, &form.post("bob", &password_of("bob")));
        let line = answer.fields.texts("set-cookie").into_iter().find(|line| line.starts_with(COOKIE)).unwrap();
        let (pair, attributes) = line.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax", "and no Domain, Expires or Max-Age: {line}");
        assert_eq!(token(pair).len(), 43);
        assert!(answer.fields.one("cache-control").contains("no-store"));
        let ours = answer.fields.texts("set-cookie").into_iter().filter(|line| line.starts_with(COOKIE)).count();
        assert_eq!(ours, 1, "{answer:#?}");
    }
}

#[test]
fn s82_for_framing_by_another_site_the_cookie_has_another_name() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "cross_site_framing", "true").addon("a", &addon);
    });
    let form = Form::open(&vestibule, LOOPBACK);
    let answer = vestibule.ask(Protocol::H1, &form.post("bob", &password_of("bob")));
    assert_eq!(answer.status, 303, "{answer:#?}");
    let lines = answer.fields.texts("set-cookie");
    let line = lines.iter().find(|line| line.contains("Partitioned")).unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(!line.starts_with(&format!("{COOKIE}=")), "the two never count as two values of one: {line}");
    assert!(line.starts_with("__Host-") && line.contains("; SameSite=None"), "{line}");
    assert!(line.contains("; Path=/;") && line.contains("; Secure") && line.contains("; HttpOnly"), "{line}");
    let pair = line.split(';').next().unwrap();
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(pair)).status, 200);
    assert_id(&addon.one(), &BOB);
}

#[test]
fn s82_what_concerns_sessions_is_stored_nowhere_and_set_by_nothing_else() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let who = vestibule.ask(protocol, &Ask::get("/.vestibule/session").cookie(&cookie));
        assert_eq!(who.status, 200);
        assert!(who.fields.one("cache-control").contains("no-store"), "{who:#?}");
        let add_on = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        let nobody = vestibule.ask(protocol, &Ask::get("/ingress/a/"));
        let page = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-in"));
        assert!(page.fields.one("cache-control").contains("no-store"), "{page:#?}");
        for answer in [&who, &add_on, &nobody, &page] {
            assert!(answer.set_cookie(COOKIE).is_none(), "only sign-in sets the session: {answer:#?}");
        }
    }
    for target in ["/", "/healthz", "/readyz", "/metrics", "/.vestibule/sign-in", "/ingress/a/"] {
        let answer = vestibule.ask_operations(&Ask::get(target).cookie(&cookie));
        assert!(!answer.fields.has("set-cookie"), "no cookie over plain HTTP: {target}: {answer:#?}");
    }
}

#[test]
fn s82_what_may_be_cached_sets_no_cookie_and_what_depends_on_one_says_so() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("bob");
    let style = loaded(&vestibule.ask(BOTH[0], &Ask::navigate("/.vestibule/sign-in")).text(), "style");
    for protocol in BOTH {
        for (ask, kept) in [
            (Ask::navigate(&style), true),
            (Ask::navigate("/.vestibule/sign-in"), false),
            (Ask::navigate("/.vestibule/"), false),
            (Ask::get("/.vestibule/session"), false),
            (Ask::navigate("/ingress/none/"), false),
            (Ask::get("/ingress/a/").field("User-Agent", "x"), false),
        ] {
            for ask in [ask.clone(), ask.cookie(&cookie)] {
                let target = ask.target.clone();
                let answer = vestibule.ask(protocol, &ask);
                if answer.status == 200 && target == "/ingress/a/" {
                    continue;
                }
                let cache = answer.fields.one("cache-control");
                assert_eq!(!cache.contains("no-store"), kept, "{target}: {answer:#?}");
                if kept {
                    assert_eq!(answer.status, 200, "{answer:#?}");
                    assert!(!answer.fields.has("set-cookie"), "{target}: {answer:#?}");
                } else {
                    assert_eq!(answer.fields.one("vary"), "Cookie", "{target}: {answer:#?}");
                }
            }
        }
    }
}

#[test]
fn s82_the_session_says_who_one_is_and_no_secret() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("zoë");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/.vestibule/session").cookie(&cookie));
        let told = answer.json();
        assert_eq!(told["user"]["id"], "815eb1c2764a4ef699a7664cf787d481");
        assert_eq!(told["user"]["name"], "zoë");
        assert_eq!(told["user"]["display_name"], "Zoë Ünïcode 日本");
        assert_eq!(told["user"]["is_admin"], false);
        assert!(told["session"]["created"].is_string() && told["session"]["expires"].is_string(), "{told:#}");
        assert!(!answer.text().contains(token(&cookie)), "{told:#}");
        assert_problem(&vestibule.ask(protocol, &Ask::get("/.vestibule/session")), 401);
    }
    let admin = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(vestibule.cookie("alice")));
    assert_eq!(admin.json()["user"]["is_admin"], true);
}
