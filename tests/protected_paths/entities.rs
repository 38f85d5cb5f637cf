//! A request is permitted when its user may use every entity that it is about.

use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, Protocol, RawAddon};
use crate::{RULES, both, protected, reason};

const PERMITTED: u16 = 200;

#[test]
fn who_may_do_what_follows_from_home_assistants_groups() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let cookies = ["owner", "alice", "bob", "carol", "grace", "frank", "heidi"].map(|user| vestibule.cookie(user));
    let post = |path: &str| Ask::post(&format!("/ingress/a{path}"), "x");
    let get = |path: &str| Ask::get(&format!("/ingress/a{path}"));
    for (ask, expected) in [
        //                                                owner alice bob carol grace frank heidi
        (post("/api/covers/garage_door/open"), [200, 200, 200, 403, 200, 403, 403]),
        (post("/api/covers/kitchen_window/open"), [200, 200, 200, 403, 403, 403, 403]),
        (post("/api/covers/living_room_window/open"), [200, 200, 200, 403, 403, 403, 403]),
        (get("/state?entity_id=cover.living_room_window"), [200, 200, 200, 200, 403, 200, 403]),
        (get("/state?entity_id=light.bed_light"), [200, 200, 200, 200, 200, 403, 403]),
        (get("/state?entity_id=sun.sun"), [200, 200, 200, 200, 403, 403, 403]),
        (get("/any/light/bed_light"), [200, 200, 200, 200, 200, 403, 403]),
        (get("/panel"), [200, 200, 200, 403, 200, 403, 403]),
        (get("/everything"), [200, 200, 200, 200, 403, 403, 403]),
        (get("/settings"), [200, 200, 403, 403, 403, 403, 403]),
        (get("/owner"), [200, 403, 403, 403, 403, 403, 403]),
        (get("/free"), [PERMITTED; 7]),
        (get("/api/covers/garage_door/open"), [PERMITTED; 7]),
        (get("/"), [PERMITTED; 7]),
    ] {
        let statuses = cookies.clone().map(|cookie| both(&vestibule, &addon, &cookie, &ask));
        assert_eq!(statuses, expected, "{} {}", ask.method, ask.target);
    }
}

#[test]
fn a_websocket_is_judged_before_it_is_opened() {
    let (addon, vestibule) = protected(echo(), RULES);
    let (grace, frank) = (vestibule.cookie("grace"), vestibule.cookie("frank"));
    for protocol in BOTH {
        Tunnel::opened(&vestibule, protocol, "/ingress/a/ws/bed_light", &grace).assert_alive("hello");
        addon.forget();
        let ask = handshake(protocol, "/ingress/a/ws/bed_light").field("Origin", ORIGIN).cookie(&frank);
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &ask);
        assert_eq!((answer.status, tunnel.is_none()), (403, true));
        addon.assert_no_request("the add-on hears nothing of it");
        // The rule is for WebSockets alone, and a rule of all requests is for WebSockets too.
        let plain = vestibule.ask(protocol, &Ask::get("/ingress/a/ws/bed_light").cookie(&frank));
        assert_eq!(plain.status, 200);
        addon.forget();
        let ask = handshake(protocol, "/ingress/a/settings").field("Origin", ORIGIN).cookie(&frank);
        assert_eq!(Tunnel::open(&vestibule, protocol, &ask).0.status, 403);
        addon.assert_no_request("nor of this one");
    }
}

#[test]
fn s36_head_is_judged_as_get_and_no_header_makes_another_method_of_it() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let (grace, frank) = (vestibule.cookie("grace"), vestibule.cookie("frank"));
    let head = Ask::new("HEAD", "/ingress/a/any/light/bed_light");
    assert_eq!(both(&vestibule, &addon, &grace, &head), 200);
    assert_eq!(both(&vestibule, &addon, &frank, &head), 403);
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override"] {
        let ask = Ask::post("/ingress/a/any/light/bed_light", "").field(name, "GET").cookie(&frank);
        for protocol in BOTH {
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "the rule is for GET");
            let seen = addon.one();
            assert!(seen.line.starts_with("POST ") && !seen.fields.has(name), "the add-on sees a POST: {seen:#?}");
        }
    }
    for method in ["TRACE", "get", "G!T"] {
        let ask = Ask::new(method, "/ingress/a/any/light/bed_light").cookie(&grace);
        assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 405, "{method}");
        addon.assert_no_request(method);
    }
}

#[test]
fn the_second_path_of_a_move_is_judged_as_well() {
    let rules =
        "[[addon.protect]]\nmethods = [\"MOVE\", \"COPY\", \"PUT\"]\npath = \"/locked/{*rest}\"\nrequire = \"admin\"";
    let (addon, vestibule) = protected(RawAddon::start(), rules);
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for method in ["MOVE", "COPY"] {
        let to = |path: &str| {
            Ask::new(method, "/ingress/a/free").field("Destination", format!("https://p.test/ingress/a{path}"))
        };
        assert_eq!(both(&vestibule, &addon, &bob, &to("/other")), 200, "{method}");
        assert_eq!(both(&vestibule, &addon, &bob, &to("/locked/x")), 403, "{method}");
        assert_eq!(both(&vestibule, &addon, &bob, &to("/LOCKED")), 403, "{method}");
        assert_eq!(both(&vestibule, &addon, &bob, &to("//locked/x")), 400, "{method}");
        assert_eq!(both(&vestibule, &addon, &alice, &to("/locked/x")), 200, "{method}");
    }
}

#[test]
fn what_the_query_does_not_say_clearly_is_refused() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    for (query, expected) in [
        ("", "entity_missing"),
        ("?entity=light.bed_light", "entity_missing"),
        ("?entity_id=light.bed_light&entity_id=light.bed_light", "entity_ambiguous"),
        ("?entity_id=light.bed_light&entity_id[]=lock.basic_lock", "entity_ambiguous"),
        ("?Entity_ID=light.bed_light", "entity_ambiguous"),
        ("?entity_id=LIGHT.bed_light", "entity_malformed"),
        ("?entity_id=light.bed_light,lock.basic_lock", "entity_malformed"),
        ("?entity_id=", "entity_malformed"),
        ("?entity_id=all", "entity_malformed"),
    ] {
        let ask = Ask::get(&format!("/ingress/a/state{query}"));
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{query}");
        let answer = vestibule.ask(Protocol::H1, &ask.cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), expected, "{query}");
        assert!(!answer.text().contains("entity"), "the client is not told why: {answer:#?}");
    }
    let benign = Ask::get(
        "/ingress/a/state?entity_id=light.bed_light&q=union select&x=/x.y/&a=%2525".replace(' ', "%20").as_str(),
    );
    assert_eq!(both(&vestibule, &addon, &owner, &benign), 200, "S-107: what is only odd passes");
}

#[test]
fn s103_without_the_registries_nothing_about_an_entity_is_permitted() {
    let addon = RawAddon::start();
    let vestibule = crate::support::Vestibule::start_at_home(
        |config| {
            config.set("log", "format", "\"json\"").addon_with("a", &addon, RULES);
        },
        |home| home.replace("core.device_registry", b"{"),
    );
    let owner = vestibule.cookie("owner");
    for path in ["/panel", "/everything", "/state?entity_id=light.bed_light"] {
        let ask = Ask::get(&format!("/ingress/a{path}"));
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 503, "{path}");
        assert_eq!(reason(&vestibule, &vestibule.ask(Protocol::H1, &ask.cookie(&owner))), "no_registry");
    }
    assert_eq!(both(&vestibule, &addon, &owner, &Ask::get("/ingress/a/owner")), 200, "who they are is known");
    assert_eq!(both(&vestibule, &addon, &owner, &Ask::get("/ingress/a/free")), 200);
}
