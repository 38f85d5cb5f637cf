//! Add-ons by their token: the true identity and no other, where the add-on is told to be, and who may open it.

use std::net::IpAddr;

use serde_json::json;

use crate::door::{BROWSER, EntryPoint, passed_on};
use crate::support::expectation::{ALICE, BOB, assert_identity_over};
use crate::support::minted;
use crate::support::{Ask, Protocol, RawAddon, is_reserved};

/// S-01 to S-06, S-13, S-114: under each beginning that Home Assistant or its browser uses.
#[test]
fn an_add_on_is_told_who_asks_and_where_it_is_and_nothing_that_a_client_made_up() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    for beginning in ["/ingress/", "/api/hassio_ingress/", "/v2/ingress/"] {
        let target = format!("{beginning}{token}/x%20y//z;v=1?q=%2F&a");
        let ask = passed_on(Ask::get(&target), &token, &session)
            .field("X-Remote-User-Id", "root")
            .field("X_Remote.User-Name", "root")
            .field("x-remote-user-display-name", "root")
            .field("X-Ingress_Path", "/evil")
            .field("X-Hass-Is-Admin", "1")
            .field("X-Supervisor-Token", "x")
            .field("Forwarded", "for=127.0.0.1");
        let answer = door.ask(&ask);
        assert_eq!(answer.status, 200, "{answer:#?}");
        let seen = addon.one();
        assert_eq!(seen.target(), "/x%20y//z;v=1?q=%2F&a");
        assert_identity_over(&seen, &BOB, "http");
        assert_eq!(seen.fields.texts("x-ingress-path"), [format!("/api/hassio_ingress/{token}")]);
        assert_eq!(seen.fields.texts("x-forwarded-for"), [BROWSER]);
        assert_eq!(seen.fields.texts("host"), ["ha.local:8123"]);
        assert_eq!(seen.fields.texts("x-forwarded-host"), ["ha.local:8123"]);
        assert_eq!(seen.fields.texts("x-forwarded-port"), ["8123"]);
        let made_up: Vec<_> = seen
            .fields
            .0
            .iter()
            .filter(|(name, value)| {
                is_reserved(name) && (value == b"root" || value == b"/evil" || squashed(name) == "x-hass-is-admin")
            })
            .collect();
        assert!(made_up.is_empty() && !seen.fields.has("x-hass-source") && !seen.fields.has("cookie"), "{seen:#?}");
    }
    let secure = passed_on(Ask::get(&format!("/ingress/{token}/")), &token, &session);
    let fields = secure.fields.iter().filter(|(name, _)| name != "X-Forwarded-Proto").cloned().collect();
    let secure = Ask { fields, ..secure }.field("X-Forwarded-Proto", "https").host("ha.example");
    assert_eq!(door.ask(&secure).status, 200);
    let seen = addon.one();
    assert_identity_over(&seen, &BOB, "https");
    assert_eq!(seen.fields.texts("x-forwarded-port"), ["443"]);
}

fn squashed(name: &str) -> String {
    crate::support::squash(name)
}

/// The path of our own configuration is told at our own door, and never here; a host of its own has none there.
#[test]
fn each_door_tells_its_own_prefix() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "prefix_headers = [\"X-Script-Name\"]");
        config.addon_table(&format!(
            "slug = \"own\"\ntitle = \"own\"\nupstream = \"{}\"\nhost = \"p.test\"",
            addon.url()
        ));
    });
    let session = door.session("bob");
    for slug in ["a", "own"] {
        let token = door.token(slug);
        assert_eq!(door.ask(&passed_on(Ask::get(&format!("/ingress/{token}/")), &token, &session)).status, 200);
        let seen = addon.one();
        let prefix = [format!("/api/hassio_ingress/{token}")];
        assert_eq!(seen.fields.texts("x-ingress-path"), prefix);
        let script_name = seen.fields.texts("x-script-name");
        assert_eq!(script_name, if slug == "a" { prefix.to_vec() } else { Vec::new() });
    }
    let cookie = door.vestibule.cookie("bob");
    let own = door.vestibule.ask(Protocol::H1, &Ask::get("/x").cookie(&cookie));
    assert_eq!(own.status, 200);
    assert!(!addon.one().fields.has("x-ingress-path"));
}

/// Section 1.5: without a session nobody finds out which tokens there are. Exactly these bodies.
#[test]
fn a_session_is_asked_for_before_the_token() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon("a", &addon);
        config.addon_with("keeps", &addon, "prefix = \"keep\"");
        config.addon_table(
            "slug = \"gone\"\ntitle = \"gone\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/ingress/gone\"",
        );
    });
    let (session, token, gone) = (door.session("bob"), door.token("a"), door.token("gone"));
    let unknown = "A".repeat(43);
    let says = |path: &str, session: Option<&str>| {
        let ask = Ask::navigate(path).field("X-Forwarded-For", BROWSER);
        let ask = session.into_iter().fold(ask, |ask, session| ask.cookie(format!("ingress_session={session}")));
        let answer = door.ask(&ask);
        for name in ["retry-after", "www-authenticate", "location", "set-cookie"] {
            assert!(!answer.fields.has(name), "{answer:#?}");
        }
        assert_eq!(answer.fields.one("content-type"), "text/plain; charset=utf-8");
        answer.text()
    };
    for beginning in ["/ingress/", "/api/hassio_ingress/"] {
        for (token, with_session) in [(&unknown, "503: Service Unavailable"), (&gone, "502: Bad Gateway")] {
            let path = format!("{beginning}{token}/");
            assert_eq!(says(&path, None), "401: Unauthorized");
            assert_eq!(says(&path, Some(&"0".repeat(128))), "401: Unauthorized");
            assert_eq!(says(&path, Some(&session)), with_session);
        }
        for path in [format!("{beginning}{token}"), format!("{beginning}{unknown}"), format!("{beginning}{token}?x=/")]
        {
            assert_eq!(says(&path, Some(&session)), "401: Unauthorized", "no slash: {path}");
        }
        assert_eq!(says(&format!("{beginning}a/"), Some(&session)), "503: Service Unavailable", "a slug is no token");
        assert_eq!(says(&format!("{beginning}{}/", token.to_lowercase()), Some(&session)), "503: Service Unavailable");
    }
    addon.assert_no_request("no add-on was named");
    let broken = RawAddon::answering("nonsense\r\n\r\n");
    let slow = EntryPoint::before(&broken);
    let path = format!("/ingress/{}/", slow.token("a"));
    let answer = slow.ask(&passed_on(Ask::get(&path), "x", &slow.session("bob")));
    assert_eq!((answer.status, answer.text().as_str()), (502, "502: Bad Gateway"));
}

/// S-112: `admin_only`, access lists and protected paths hold here as everywhere; the Supervisor asks none of them.
#[test]
fn who_may_open_what_is_asked_here_too() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "[[addon.protect]]\npath = \"/settings/{*rest}\"\nrequire = \"admin\"");
        config.addon_with("b", &addon, "access = { admin_only = true }");
    });
    let ask = |user: &str, slug: &str, path: &str| {
        let (token, session) = (door.token(slug), door.session(user));
        let answer = door.ask(&passed_on(Ask::get(&format!("/ingress/{token}{path}")), &token, &session));
        (answer.status, answer.text())
    };
    let forbidden = (403, "403: Forbidden".to_owned());
    assert_eq!(ask("bob", "b", "/"), forbidden);
    assert_eq!(ask("bob", "a", "/settings/x"), forbidden);
    assert_eq!(ask("bob", "a", "/settings/"), forbidden);
    addon.assert_no_request("bob is no administrator");
    assert_eq!(ask("bob", "a", "/settingsx").0, 200);
    assert_eq!(ask("alice", "b", "/").0, 200);
    assert_eq!(ask("alice", "a", "/settings/x").0, 200);
    let seen = addon.take(3);
    assert_identity_over(&seen[2], &ALICE, "http");
    door.vestibule.await_line(&["event=refused", "reason=path_needs_admin"]);
}

/// S-15 to S-18: Home Assistant's word on its browser's address counts only where it is a trusted proxy.
#[test]
fn a_local_user_is_let_in_from_home_alone() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("dave"), door.token("a"));
    let path = format!("/ingress/{token}/");
    let from = |peer: &str, lines: &[&str]| {
        let ask = Ask::get(&path).cookie(format!("ingress_session={session}"));
        let ask = lines.iter().fold(ask, |ask, line| ask.field("X-Forwarded-For", line));
        door.ask_from(peer.parse::<IpAddr>().unwrap(), &ask).status
    };
    assert_eq!(from("127.0.0.1", &[BROWSER]), 200);
    assert_eq!(from("127.0.0.1", &["203.0.113.9"]), 403);
    assert_eq!(from("127.0.0.1", &["192.168.1.1, 203.0.113.9"]), 403);
    assert_eq!(from("127.0.0.1", &["203.0.113.9", "192.168.1.1"]), 200);
    assert_eq!(from("127.0.0.2", &[BROWSER]), 403, "nobody vouches for it");
    for unreadable in ["a", "", "unknown", "192.168.7.7:port"] {
        assert_eq!(from("127.0.0.1", &[unreadable]), 400, "{unreadable}");
    }
    let seen = addon.take(2);
    assert_eq!(seen[0].fields.texts("x-forwarded-for"), [BROWSER]);
    let bob = door.session("bob");
    let ask = Ask::get(&path).cookie(format!("ingress_session={bob}")).field("X-Forwarded-For", "127.0.0.1");
    assert_eq!(door.ask_from("127.0.0.2".parse().unwrap(), &ask.field("X-Forwarded-Proto", "https")).status, 200);
    let seen = addon.one();
    assert_eq!(seen.fields.texts("x-forwarded-for"), ["127.0.0.2"]);
    assert_eq!(seen.fields.texts("x-forwarded-proto"), ["http"]);
}

/// S-92: pages of Home Assistant's may post, with TLS or without; others may not.
#[test]
fn a_page_of_another_origin_may_not_post() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let post = |fields: &[(&str, &str)]| {
        let ask = passed_on(Ask::post(&format!("/ingress/{token}/"), "x"), &token, &session);
        door.ask(&fields.iter().fold(ask, |ask, (name, value)| ask.field(name, value))).status
    };
    assert_eq!(post(&[("Origin", "http://ha.local:8123")]), 200);
    assert_eq!(post(&[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://ha.local:8123")]), 200);
    addon.take(2);
    assert_eq!(post(&[("Origin", "http://evil.test")]), 403);
    assert_eq!(post(&[("Origin", "null")]), 403);
    assert_eq!(post(&[("Sec-Fetch-Site", "cross-site")]), 403);
    addon.assert_no_request("not the user's own will");
}

/// An add-on that is told another host is told so of pages in the clear as well, once (spec/addon-uis.md section 3,
/// point 6).
#[test]
fn another_host_is_told_with_the_scheme_of_the_page() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "upstream_host = \"grafana.internal:3000\"");
    });
    let (session, token) = (door.session("bob"), door.token("a"));
    let page = format!("http://ha.local:8123/api/hassio_ingress/{token}/x");
    let ask = passed_on(Ask::post(&format!("/ingress/{token}/x"), "y"), &token, &session)
        .field("Origin", "http://ha.local:8123")
        .field("Referer", &page);
    assert_eq!(door.ask(&ask).status, 200);
    let seen = addon.one();
    assert_eq!(seen.fields.texts("host"), ["grafana.internal:3000"]);
    assert_eq!(seen.fields.texts("origin"), ["http://grafana.internal:3000"]);
    assert_eq!(seen.fields.texts("referer"), [page.replace("ha.local:8123", "grafana.internal:3000")]);
    assert_eq!(seen.fields.texts("x-forwarded-host"), ["ha.local:8123"]);
}

/// MOVE leads to where the browser sees the add-on, and nowhere else.
#[test]
fn a_destination_is_read_as_the_page_has_it() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let moved = |to: &str| {
        let ask = passed_on(Ask::new("MOVE", &format!("/api/hassio_ingress/{token}/x")), &token, &session);
        door.ask(&ask.field("Destination", to)).status
    };
    assert_eq!(moved(&format!("http://ha.local:8123/api/hassio_ingress/{token}/y")), 200);
    assert_eq!(addon.one().fields.texts("destination"), ["http://ha.local:8123/y"]);
    for elsewhere in [
        "http://ha.local:8123/api/config".to_owned(),
        format!("https://ha.local:8123/api/hassio_ingress/{token}/y"),
        format!("http://evil.test/api/hassio_ingress/{token}/y"),
        format!("http://ha.local:8123/api/hassio_ingress/{token}/../y"),
    ] {
        assert!(matches!(moved(&elsewhere), 400 | 403), "{elsewhere}");
    }
    addon.assert_no_request("these lead elsewhere");
}

/// A preflight is answered with a session or not at all: it would tell which tokens there are.
#[test]
fn a_preflight_tells_nothing() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "cors = { origins = [\"https://page.test\"], credentials = true }");
    });
    let token = door.token("a");
    for token in [&token, &"A".repeat(43)] {
        let ask = Ask::new("OPTIONS", &format!("/ingress/{token}/"))
            .field("Origin", "https://page.test")
            .field("Access-Control-Request-Method", "GET");
        let answer = door.ask(&ask);
        assert_eq!(answer.status, 401);
        assert!(!answer.fields.has("access-control-allow-origin"), "{answer:#?}");
    }
    let shown = door.vestibule.command_ok(&["addons", "show", "a"]);
    assert!(shown.contains(&format!("at Home Assistant: /api/hassio_ingress/{token}")), "{shown}");
    let json: serde_json::Value =
        serde_json::from_str(&door.vestibule.command_ok(&["addons", "show", "a", "--json"])).unwrap();
    assert_eq!(json["ingress_entry"], json!(format!("/api/hassio_ingress/{token}")));
}

/// S-84, section 10.1: what opens an add-on at the other door is nothing here, beside a session it is refused, and
/// without one nobody is told by any of its spellings what an add-on takes.
#[test]
fn an_access_token_opens_nothing() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "tokens = true");
    });
    let (session, token) = (door.session("bob"), door.token("a"));
    let access = format!("Bearer {}", minted::token(door.vestibule.home(), "bob"));
    let good = Ask::get("/ingress/a/").field("Authorization", &access);
    assert_eq!(door.vestibule.ask(Protocol::H1, &good).status, 200, "it is a good one");
    addon.one();
    for lines in
        [&[access.as_str()][..], &["Bearer x"], &["bearer x"], &["Bearer x", "Bearer x"], &["Basic eDp5", "Bearer x"]]
    {
        for token in [&token, &"A".repeat(43)] {
            let ask = Ask::get(&format!("/ingress/{token}/"));
            let ask = lines.iter().fold(ask, |ask, line| ask.field("Authorization", *line));
            let answer = door.ask(&ask);
            assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{lines:?}");
        }
    }
    let both = passed_on(Ask::get(&format!("/ingress/{token}/")), &token, &session).field("Authorization", &access);
    assert_eq!(door.ask(&both).status, 400);
    addon.assert_no_request("a token of Home Assistant's is not for the add-on to see");
}

/// The same of the keys of programs.
#[test]
fn a_key_opens_nothing() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon("a", &addon);
    });
    let (session, token) = (door.session("bob"), door.token("a"));
    let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/{*rest}", "--methods", "GET"];
    let key = door.vestibule.command_ok(&usual).trim().to_owned();
    let good = Ask::get("/ingress/a/x").field("X-Api-Key", &key);
    assert_eq!(door.vestibule.ask(Protocol::H1, &good).status, 200, "it is a good one");
    addon.one();
    for (name, value) in
        [("X-Api-Key", key.clone()), ("Authorization", format!("Bearer {key}")), ("X-Api-Key", "vstk_x".to_owned())]
    {
        for token in [&token, &"A".repeat(43)] {
            let answer = door.ask(&Ask::get(&format!("/ingress/{token}/")).field(name, &value));
            assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{name}");
        }
        let both = passed_on(Ask::get(&format!("/ingress/{token}/")), &token, &session).field(name, &value);
        assert_eq!(door.ask(&both).status, 400);
    }
    addon.assert_no_request("a key is not for the add-on to see");
}
