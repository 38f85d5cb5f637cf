//! However a path is spelled, the rule for what the add-on will serve holds: S-24 to S-37.

use crate::support::path_spellings::astray;
use crate::support::{Ask, BOTH, Protocol, RawAddon};
use crate::{RULES, both, protected, reason};

#[test]
fn s32_another_spelling_of_a_protected_path_is_the_same_path() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for path in [
        "/settings",
        "/settings/",
        "/settings/a",
        "/settings/a/b/c/",
        "/settings?x=/free/",
        "/%73ettings",
        "/%73%65%74%74%69%6e%67%73/",
        "/SETTINGS",
        "/Settings/a",
        "/%53ettings",
        "/s%C3%A9/../settings",
        "/%EF%BD%93ettings",
        // Go and Java map `İ` to `i`, JavaScript and Python `ı` to `I`; ext4 may leave out what is not shown (S-207).
        "/sett%C4%B0ngs",
        "/sett%C4%B1ngs",
        "/SETT%C4%B0NGS/a",
        "/setting%C5%BF",
        "/se%EF%B8%80ttings",
    ] {
        let ask = Ask::get(&format!("/ingress/a{path}"));
        let refused = both(&vestibule, &addon, &bob, &ask);
        assert!(matches!(refused, 400 | 403), "{path}: {refused}");
        if refused == 403 {
            assert_eq!(both(&vestibule, &addon, &alice, &ask), 200, "{path}");
        }
    }
}

#[test]
fn s31_a_rule_ends_where_its_segment_ends() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let heidi = vestibule.cookie("heidi");
    for path in
        ["/settings2", "/settings_x", "/settings-x/a", "/setting", "/x/settings", "/settings.json", "/free?p=/settings"]
    {
        assert_eq!(both(&vestibule, &addon, &heidi, &Ask::get(&format!("/ingress/a{path}"))), 200, "{path}");
    }
}

#[test]
fn s26_s27_s28_a_path_that_servers_read_in_two_ways_is_refused_to_everybody() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    let two_ways = [
        "//settings",
        "/free//x",
        "/free//",
        "//",
        "/settings%2Fx",
        "/%2fsettings",
        "/free%2f..%2fsettings",
        "/free%5Cx",
        "/free\\x",
        "/settings;x=1",
        "/;/settings",
        "/settings;/x",
        "/free%3Bx",
        "/settings%3Fx",
        "/settings%23x",
        "/%2573ettings",
        "/settings%252Fx",
        "/free/%c0%ae%c0%ae/settings",
        "/free%00",
    ];
    for path in astray("/free/", "settings").into_iter().chain(two_ways.map(str::to_owned)) {
        for protocol in BOTH {
            let ask = Ask::get(&format!("/ingress/a{path}")).cookie(&owner);
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(answer.status, 400, "{protocol:?} {path}");
            addon.assert_no_request(&path);
        }
        let answer = vestibule.ask(Protocol::H1, &Ask::get(&format!("/ingress/a{path}")).cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "ambiguous_path", "{path}");
    }
}

#[test]
fn s107_an_add_on_without_rules_gets_such_paths_as_ever() {
    let (addon, vestibule) = protected(RawAddon::start(), "");
    let bob = vestibule.cookie("bob");
    for path in ["//settings", "/a%2Fb", "/a;x=1", "/a%5Cb", "/a%252Fb", "/a%3Fb"] {
        let ask = Ask::get(&format!("/ingress/a{path}?q=a%2fb")).cookie(&bob);
        for protocol in BOTH {
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{path}");
            assert_eq!(addon.one().target(), format!("{path}?q=a%2fb"));
        }
    }
}

#[test]
fn a_rule_may_let_such_paths_pass_where_no_other_rule_could_be_meant() {
    let rules = r#"
[[addon.protect]]
path = "/topics/{*rest}"
require = "admin"
allow_ambiguous_path = true

[[addon.protect]]
path = "/topics/secret/{*rest}"
require = "owner"

[[addon.protect]]
path = "/devices/{device}"
entity = "light.{device}"
access = "control"
allow_ambiguous_path = true
"#;
    let (addon, vestibule) = protected(RawAddon::start(), rules);
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for (path, of_alice) in [
        ("/topics/a/zigbee2mqtt%2Fkitchen", 200),
        ("/topics/a//b", 200),
        ("/topics/a;v=1", 400),
        ("/topics%2Fa", 400),
        ("/topics//secret/x", 400),
        ("/topics/secret%2Fx", 400),
        ("/topics/secret/a%2Fb", 400),
        ("//topics/a", 400),
        ("/devices/bed_light%2Fx", 400),
        ("/free%2Fx", 400),
    ] {
        let ask = Ask::get(&format!("/ingress/a{path}"));
        assert_eq!(both(&vestibule, &addon, &alice, &ask), of_alice, "{path}");
        let of_bob = both(&vestibule, &addon, &bob, &ask);
        assert!(matches!(of_bob, 400 | 403), "{path}: {of_bob}");
    }
    let path = "/topics/a/zigbee2mqtt%2Fkitchen?x";
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get(&format!("/ingress/a{path}")).cookie(&alice)).status, 200);
    assert_eq!(addon.one().target(), path, "S-102: byte for byte");
}

#[test]
fn tricks_in_a_captured_segment_make_no_entity_of_it() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    for (segment, expected) in [
        ("garage_door", 200),
        ("garage%5Fdoor", 200),
        ("GARAGE_DOOR", 400),
        ("garage_door%20", 400),
        ("garage%255Fdoor", 400),
        ("garage_door.x", 400),
        ("%2A", 400),
        ("garage_door,x", 400),
        ("garage_d%C3%B6%C3%B6r", 400),
        ("_", 400),
    ] {
        let ask = Ask::post(&format!("/ingress/a/api/covers/{segment}/open"), "");
        assert_eq!(both(&vestibule, &addon, &owner, &ask), expected, "{segment}");
    }
}

#[test]
fn s33_rules_are_compared_with_what_the_add_on_sees() {
    let rule = "[[addon.protect]]\npath = \"/settings\"\nrequire = \"admin\"\n";
    let (addon, vestibule) = protected(RawAddon::start(), &format!("host = \"a.p.test\"\n{rule}"));
    let bob = vestibule.bound_cookie("bob", "a");
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/settings")), 403);
    for host in ["a.p.test", "A.P.TEST", "a.p.test:443"] {
        assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/settings").host(host)), 403, "{host}");
    }
    // On a host of its own nothing is taken off, and the add-on sees another path.
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/settings").host("a.p.test")), 200);

    let rule = rule.replace("/settings", "/ingress/a/settings");
    let (addon, vestibule) = protected(RawAddon::start(), &format!("prefix = \"keep\"\nhost = \"a.p.test\"\n{rule}"));
    let bob = vestibule.bound_cookie("bob", "a");
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/settings")), 403);
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/settings").host("a.p.test")), 403);
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/free")), 200);
}

#[test]
fn s20_s30_only_the_target_says_what_the_path_is() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let bob = vestibule.cookie("bob");
    for (name, value) in [
        ("X-Forwarded-Uri", "/ingress/a/free"),
        ("X-Original-URL", "/free"),
        ("X-Rewrite-URL", "/free"),
        ("X-Forwarded-Prefix", "/free"),
        ("X-Forwarded-Method", "OPTIONS"),
    ] {
        let ask = Ask::get("/ingress/a/settings").field(name, value);
        assert_eq!(both(&vestibule, &addon, &bob, &ask), 403, "{name}");
    }
    assert_eq!(both(&vestibule, &addon, &bob, &Ask::get("/ingress/a/settings?x=/free/")), 403);
}
