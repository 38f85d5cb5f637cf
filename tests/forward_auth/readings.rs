//! A question is read in one way or refused: whether it is a WebSocket, which path it has, and nothing of its body.

use crate::questions::{about, asked};
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_problem};

const VERIFY: &str = "/.vestibule/verify";
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// `/ingress` for everybody, but for what its rules close; `/ingress/admin` for administrators.
fn nested() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        let open = format!("slug = \"open\"\nupstream = \"{0}\"\npath = \"/ingress\"\n{RULES}", addon.url());
        config.addon_table(&open);
        config.addon_with("admin", &addon, "access = { admin_only = true }");
        config.addon_with("a", &addon, RULES);
    });
    (addon, vestibule)
}

const RULES: &str = "[[addon.protect]]\npath = \"/page\"\nwebsocket = false\nrequire = \"admin\"\n\
                     [[addon.protect]]\npath = \"/socket\"\nwebsocket = true\nrequire = \"admin\"\n\
                     [[addon.protect]]\nmethods = [\"POST\"]\npath = \"/set\"\nbody = \"/entity_id\"\naccess = \"control\"";

fn with_key(ask: Ask) -> Ask {
    ask.field("Sec-WebSocket-Key", KEY).field("Sec-WebSocket-Version", "13").field("Origin", "https://p.test")
}

/// S-165
#[test]
fn a_key_alone_makes_no_websocket() {
    let (_addon, vestibule) = nested();
    let bob = vestibule.cookie("bob");
    for protocol in BOTH {
        let plain = about("GET", "/ingress/a/page").cookie(&bob);
        assert_problem(&vestibule.ask(protocol, &plain), 403);
        assert_problem(&vestibule.ask(protocol, &plain.clone().field("Sec-WebSocket-Key", "x")), 403);
        assert_problem(&vestibule.ask(protocol, &with_key(plain)), 403);
    }
}

/// S-165: the proxy says what it is, once and in a word that is known; else both must permit.
#[test]
fn whether_it_is_a_websocket_is_the_proxys_to_say() {
    let (_addon, vestibule) = nested();
    let bob = vestibule.cookie("bob");
    let said = |ask: Ask, word: &str| ask.field("X-Vestibule-WebSocket", word);
    for protocol in BOTH {
        let get = |path: &str| about("GET", path).cookie(&bob);
        let status = |ask: Ask| vestibule.ask(protocol, &ask).status;
        assert_eq!(status(said(get("/ingress/a/socket"), "false")), 200);
        assert_eq!(status(said(with_key(get("/ingress/a/socket")), "false")), 200, "it gets no handshake");
        assert_eq!(status(said(with_key(get("/ingress/a/page")), "true")), 200);
        assert_eq!(status(get("/ingress/a/other")), 200, "no rule tells one from the other");
        assert_eq!(status(with_key(get("/ingress/a/other"))), 200);
        let foreign =
            |ask: Ask| Ask { fields: ask.fields.into_iter().filter(|(name, _)| name != "Origin").collect(), ..ask };
        for refused in [
            said(get("/ingress/a/page"), "false"),
            said(with_key(get("/ingress/a/socket")), "true"),
            get("/ingress/a/socket"),
            get("/ingress/a/page"),
            with_key(get("/ingress/a/socket")),
            // No origin, no key, half a key, another version, two keys.
            said(foreign(with_key(get("/ingress/a/other"))), "true"),
            said(get("/ingress/a/other"), "true"),
            said(get("/ingress/a/other").field("Sec-WebSocket-Key", "x").field("Origin", "https://p.test"), "true"),
            said(with_key(get("/ingress/a/other")).field("Sec-WebSocket-Version", "8"), "true"),
            said(with_key(get("/ingress/a/other")).field("Sec-WebSocket-Key", KEY), "true"),
            said(with_key(about("POST", "/ingress/a/other").cookie(&bob)), "true"),
            // Twice, or no word that is known.
            said(said(get("/ingress/a/other"), "false"), "false"),
            said(said(with_key(get("/ingress/a/page")), "true"), "false"),
            said(get("/ingress/a/other"), ""),
            said(get("/ingress/a/other"), "True"),
            said(get("/ingress/a/other"), "false, true"),
        ] {
            assert_eq!(status(refused.clone()), 403, "{protocol:?}: {refused:#?}");
        }
        // A link of another site's leads here as anywhere.
        let link = get("/ingress/a/other").field("Sec-Fetch-Site", "cross-site").field("Sec-Fetch-Mode", "navigate");
        assert_eq!(status(link), 200);
    }
}

/// S-166
#[test]
fn a_path_that_a_proxy_reads_as_another_add_ons_is_refused() {
    let (_addon, vestibule) = nested();
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &about("GET", "/ingress/x/y%20z?a=%2e").cookie(&bob)).status, 200);
        assert_eq!(vestibule.ask(protocol, &about("GET", "/ingress/admin/x").cookie(&alice)).status, 200);
        for path in ["/ingress/a/%61%c3%a9", "/ingress/x/admin", "/ingress/administrator"] {
            assert_eq!(vestibule.ask(protocol, &about("GET", path).cookie(&bob)).status, 200, "{path}");
        }
        for path in [
            "/ingress/%61dmin/x",
            "/ingress//admin/x",
            "//ingress/admin/x",
            "/ingress%2Fadmin/x",
            "/ingress/%2F%61dmin",
            "/ingress/ADMIN/x",
            "/ingress/%41dmin",
            "/ingress//aDmin/x?y",
            "/Ingress/admin/x",
        ] {
            assert_problem(&vestibule.ask(protocol, &about("GET", path).cookie(&bob)), 403);
            assert_problem(&vestibule.ask(protocol, &about("GET", path).cookie(&alice)), 403);
            assert_eq!(vestibule.ask(protocol, &about("GET", path)).status, 401, "a stranger learns nothing");
        }
    }
}

/// S-167
#[test]
fn nothing_of_the_questions_body_is_read() {
    let (_addon, vestibule) = nested();
    let alice = vestibule.cookie("alice");
    for protocol in BOTH {
        let ask = about("POST", "/ingress/a/set").cookie(&alice).field("Content-Type", "application/json");
        let with_body = Ask { body: Some(br#"{"entity_id": "light.kitchen"}"#.to_vec()), ..ask };
        assert_problem(&vestibule.ask(protocol, &with_body), 403);
        let named = asked(&format!("{VERIFY}?addon=a"), "POST", "/set").cookie(&alice);
        let with_body = Ask { body: with_body.body, ..named.field("Content-Type", "application/json") };
        assert_problem(&vestibule.ask(protocol, &with_body), 403);
    }
}

/// S-207: Caddy maps letters beyond ASCII too when it looks for a location.
#[test]
fn a_path_that_is_another_add_ons_in_other_letters_is_refused() {
    let (_addon, vestibule) = nested();
    let bob = vestibule.cookie("bob");
    for protocol in BOTH {
        for path in ["/ingress/ADMIN/x", "/ingress/adm%C4%B0n/x", "/ingress/adm%C4%B1n/x", "/ingress/ADM%C4%B0N"] {
            assert_problem(&vestibule.ask(protocol, &about("GET", path).cookie(&bob)), 403);
        }
        assert_eq!(vestibule.ask(protocol, &about("GET", "/ingress/admon/x").cookie(&bob)).status, 200);
    }
}

/// S-209: the body is at the other proxy, and nobody here knows whether there is one.
#[test]
fn a_request_with_a_body_that_nobody_sees_says_nothing_by_its_query() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        let rule = "[[addon.protect]]\npath = \"/state\"\nquery = \"entity_id\"\naccess = \"read\"";
        config.addon_with("a", &addon, rule);
    });
    let owner = vestibule.cookie("owner");
    let url = "/ingress/a/state?entity_id=light.bed_light";
    for protocol in BOTH {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            for ask in [about(method, url), about(method, url).field("Content-Type", "text/plain")] {
                assert_problem(&vestibule.ask(protocol, &ask.cookie(&owner)), 403);
            }
        }
        assert_eq!(vestibule.ask(protocol, &about("GET", url).cookie(&owner)).status, 200);
        assert_problem(
            &vestibule.ask(protocol, &about("GET", url).field("Content-Type", "x-www-form-urlencoded").cookie(&owner)),
            403,
        );
    }
}
