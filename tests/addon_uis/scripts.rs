//! Programs and pages of other origins: clear refusals, and CORS as the route says it and not otherwise (S-36).

use crate::support::expectation::BOB;
use crate::support::tunnel::{Tunnel, handshake};
use crate::support::{Answer, Ask, BOTH, RawAddon, Vestibule, assert_denied, assert_id, assert_problem};
use crate::{behind, saying};

const APP: &str = "https://app.p.test";

fn preflight(origin: &str) -> Ask {
    Ask::new("OPTIONS", "/ingress/a/api")
        .field("Origin", origin)
        .field("Access-Control-Request-Method", "PUT")
        .field("Access-Control-Request-Headers", "content-type")
}

fn says_nothing_of_cors(answer: &Answer) -> bool {
    answer.fields.0.iter().all(|(name, _)| !name.to_ascii_lowercase().starts_with("access-control-"))
}

#[test]
fn a_program_is_told_in_json_what_is_the_matter() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "access = { admin_only = true }");
    for protocol in BOTH {
        // As curl asks, and as scripts do that say nothing at all.
        for ask in
            [Ask::get("/ingress/a/").field("Accept", "*/*"), Ask::get("/ingress/a/"), Ask::post("/ingress/a/", "x")]
        {
            let nobody = vestibule.ask(protocol, &ask);
            assert_problem(&nobody, 401);
            assert_eq!(nobody.json()["detail"], "You are not signed in, or no longer.");
            assert!(nobody.fields.has("www-authenticate"), "RFC 9110 section 15.5.2: {nobody:#?}");
            let denied = vestibule.ask(protocol, &ask.cookie(&cookie));
            assert_problem(&denied, 403);
            assert!(denied.json()["detail"].as_str().unwrap().starts_with("Your account may not do this"));
            assert!(denied.json().get("addon").is_none() && says_nothing_of_cors(&denied), "{denied:#?}");
        }
    }
    addon.assert_untouched("refused");
}

#[test]
fn s36_a_preflight_is_answered_as_configured_and_never_reaches_the_add_on() {
    let addon = RawAddon::start();
    let lines = format!(
        "cors = {{ origins = [\"https://other.test\", \"{APP}\"], methods = [\"GET\", \"PUT\"], headers = [\"Content-Type\", \"X-Thing\"], max_age = \"1m\" }}"
    );
    let (vestibule, cookie) = behind(&addon, &lines);
    for protocol in BOTH {
        for ask in
            [preflight(APP), preflight(APP).cookie(&cookie), preflight(APP).field("Sec-Fetch-Site", "cross-site")]
        {
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!((answer.status, answer.body.len()), (204, 0), "{protocol:?}: {answer:#?}");
            for (name, value) in [
                ("access-control-allow-origin", APP),
                ("access-control-allow-methods", "GET, PUT"),
                ("access-control-allow-headers", "content-type, x-thing"),
                ("access-control-max-age", "60"),
                ("vary", "Origin"),
            ] {
                assert_eq!(answer.fields.one(name), value, "{protocol:?}");
            }
            assert!(!answer.fields.has("access-control-allow-credentials"), "{answer:#?}");
        }
        for origin in
            ["https://evil.test", "null", "https://app.p.test.evil", "http://app.p.test", "https://APP.p.test", ""]
        {
            let answer = vestibule.ask(protocol, &preflight(origin));
            assert_denied(&answer, &addon, origin);
            assert!(says_nothing_of_cors(&answer), "{origin}: {answer:#?}");
        }
        let two = preflight(APP).field("Origin", APP);
        assert_denied(&vestibule.ask(protocol, &two), &addon, "two origins");
    }
    addon.assert_untouched("preflights");
}

#[test]
fn s36_without_the_key_nothing_is_said_of_other_origins() {
    let addon = RawAddon::start();
    let (vestibule, _) = behind(&addon, "");
    for protocol in BOTH {
        let known = vestibule.ask(protocol, &preflight(APP));
        assert_denied(&known, &addon, "no session");
        assert!(says_nothing_of_cors(&known), "{known:#?}");
        let unknown = vestibule.ask(protocol, &Ask { target: "/nowhere".to_owned(), ..preflight(APP) });
        assert_eq!(unknown.status, known.status, "and there may be an add-on or not");
    }
    // What an add-on says by itself passes: the route has no opinion.
    let own = saying("Access-Control-Allow-Origin: *\r\n");
    let (vestibule, cookie) = behind(&own, "");
    let answer = vestibule.ask(BOTH[0], &Ask::get("/ingress/a/").cookie(&cookie).field("Origin", APP));
    assert_eq!(answer.fields.one("access-control-allow-origin"), "*");
}

#[test]
fn s36_answers_name_the_listed_origin_and_no_other() {
    let addon = saying("Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nX-Total: 7\r\n");
    let lines = format!("cors = {{ origins = [\"{APP}\"], expose = [\"X-Total\"] }}");
    let (vestibule, cookie) = behind(&addon, &lines);
    for protocol in BOTH {
        let read = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie).field("Origin", APP));
        assert_eq!((read.status, read.fields.one("access-control-allow-origin").as_str()), (200, APP));
        assert_eq!(read.fields.one("access-control-expose-headers"), "x-total");
        assert!(
            !read.fields.has("access-control-allow-credentials"),
            "the operator's word, not the add-on's: {read:#?}"
        );
        assert_id(&addon.one(), &BOB);
        for origin in ["https://evil.test", "null"] {
            let ask = Ask::get("/ingress/a/").cookie(&cookie).field("Origin", origin);
            let other = vestibule.ask(protocol, &ask);
            assert!(other.status == 200 && says_nothing_of_cors(&other), "{protocol:?} {origin}: {other:#?}");
            assert!(other.fields.texts("vary").contains(&"Origin".to_owned()), "{other:#?}");
            addon.forget();
        }
        // A script can read why it is refused.
        let refused = vestibule.ask(protocol, &Ask::get("/ingress/a/").field("Origin", APP));
        assert_problem(&refused, 401);
        assert_eq!(refused.fields.one("access-control-allow-origin"), APP);
        let stranger = vestibule.ask(protocol, &Ask::get("/ingress/a/").field("Origin", "https://evil.test"));
        assert!(stranger.status == 401 && says_nothing_of_cors(&stranger), "{stranger:#?}");
    }
}

#[test]
fn s36_only_with_credentials_a_listed_page_acts_for_the_user() {
    let addon = RawAddon::start();
    let acting = |vestibule: &Vestibule, cookie: &str, origin: &str, site: &str| {
        let ask = Ask::post("/ingress/a/", "x").cookie(cookie).field("Origin", origin).field("Sec-Fetch-Site", site);
        BOTH.map(|protocol| vestibule.ask(protocol, &ask))
    };
    let (reading, cookie) = behind(&addon, &format!("cors = {{ origins = [\"{APP}\"] }}"));
    for answer in acting(&reading, &cookie, APP, "same-site") {
        assert_denied(&answer, &addon, "listed to read, not to act with the user's cookie");
    }
    let (trusting, cookie) = behind(&addon, &format!("cors = {{ origins = [\"{APP}\"], credentials = true }}"));
    for site in ["same-site", "cross-site"] {
        for answer in acting(&trusting, &cookie, APP, site) {
            assert_eq!(answer.status, 200, "{answer:#?}");
            assert_eq!(answer.fields.one("access-control-allow-credentials"), "true");
        }
        for request in addon.take(2) {
            assert_id(&request, &BOB);
        }
        for answer in acting(&trusting, &cookie, "https://evil.test", site) {
            assert_denied(&answer, &addon, "not listed");
        }
    }
    for protocol in BOTH {
        let ask = handshake(protocol, "/ingress/a/ws").field("Origin", APP).cookie(&cookie);
        assert_denied(&Tunnel::open(&trusting, protocol, &ask).0, &addon, "a WebSocket is for our own pages");
        assert_denied(
            &trusting.ask(protocol, &Ask::post("/ingress/a/", "x").field("Origin", APP)),
            &addon,
            "no session",
        );
    }
}
