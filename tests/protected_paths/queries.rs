//! A query that not every parser reads alike says nothing about an entity (S-170, S-171).

use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, H2Client, Protocol, RawAddon};
use crate::{RULES, both, protected, reason};

const GOOD: &str = "entity_id=light.bed_light";

#[test]
fn s170_a_query_that_parsers_read_in_different_ways_is_refused() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    for query in [
        // PHP reads `entity[id` as `entity_id`, and takes the last one.
        format!("{GOOD}&entity[id=lock.basic_lock"),
        format!("entity%5Bid=lock.basic_lock&{GOOD}"),
        // Some cut at `;`, some do not, and Go leaves the pair out.
        format!("{GOOD};lock.basic_lock"),
        format!("{GOOD};x=1"),
        format!("x=1;y=2&{GOOD}"),
        // Express takes the brackets off.
        format!("[entity_id]=lock.basic_lock&{GOOD}"),
        format!("[entity_id]x=lock.basic_lock&{GOOD}"),
        // gRPC's gateways take both spellings.
        format!("entityId=lock.basic_lock&{GOOD}"),
        format!("entity-id=lock.basic_lock&{GOOD}"),
        // Zope converts by what follows the colon, and others read what follows a dot as a field.
        format!("entity_id:list=lock.basic_lock&{GOOD}"),
        format!("entity_id.x=lock.basic_lock&{GOOD}"),
        // Some take one question mark more off.
        format!("?entity_id=lock.basic_lock&{GOOD}"),
        format!("{GOOD}&x=?entity_id=lock.basic_lock"),
        // Names that are not plain text.
        format!("{GOOD}&entity%u005Fid=lock.basic_lock"),
        format!("{GOOD}&%=1"),
        format!("{GOOD}&x%26entity_id=lock.basic_lock"),
        format!("{GOOD}&x%2525=1"),
        format!("{GOOD}&e%CC%81ntity_id=1"),
        format!("{GOOD}&entity%C0%9Fid=1"),
        format!("{GOOD}&x%00=1"),
        format!("{GOOD}&__proto__[entity_id]=lock.basic_lock"),
        format!("{GOOD}&constructor[prototype][entity_id]=lock.basic_lock"),
        format!("{GOOD}&_charset_=utf-7"),
        // PHP and Node read no more than a thousand parameters.
        format!("{}{GOOD}", "x&".repeat(1000)),
    ] {
        let ask = Ask::get(&format!("/ingress/a/state?{query}"));
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{query}");
        let answer = vestibule.ask(Protocol::H1, &ask.cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "entity_ambiguous", "{query}");
    }
    let (limit, over) = ("x&".repeat(99), "x&".repeat(100));
    let ask = |before: &str| Ask::get(&format!("/ingress/a/state?{before}{GOOD}"));
    assert_eq!(both(&vestibule, &addon, &owner, &ask(&limit)), 200, "a hundred parameters");
    assert_eq!(both(&vestibule, &addon, &owner, &ask(&over)), 400, "one more");
    assert_eq!(both(&vestibule, &addon, &owner, &Ask::get("/ingress/a/free?x;y[=1?")), 200, "no rule reads it");
}

#[test]
fn s170_the_operator_is_told_what_is_wrong_with_a_query() {
    let (_addon, vestibule) = protected(RawAddon::start(), RULES);
    for (query, words) in [
        (format!("{GOOD}&entity[id=lock.basic_lock"), "it is there more than once"),
        (format!("{GOOD};x=1"), "`;`"),
        (format!("{GOOD}&x=?"), "`?`"),
        (format!("{GOOD}&x%00=1"), "a parameter has a name that not all parsers read alike"),
        (format!("{}{GOOD}", "x&".repeat(100)), "more than 100 parameters"),
    ] {
        let url = format!("/ingress/a/state?{query}");
        let said = vestibule.command(&["explain", "--user", "owner", "--url", &url]);
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains(words), "{query}: {said}");
    }
}

/// Go, PHP, Tornado and Rails put the parameters of a form's body among those of the query, and some over them.
#[test]
fn s171_a_form_in_the_body_names_no_second_entity() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    let post = |media: &str, body: &str| {
        let ask = Ask::post(&format!("/ingress/a/state?{GOOD}"), body);
        if media.is_empty() { ask } else { ask.field("Content-Type", media) }
    };
    let form = "entity_id=lock.basic_lock";
    for media in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded+json",
        "text/plain, application/x-www-form-urlencoded",
        "",
    ] {
        assert_eq!(both(&vestibule, &addon, &owner, &post(media, form)), 400, "{media}");
        let answer = vestibule.ask(Protocol::H1, &post(media, form).cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "entity_ambiguous", "{media}");
    }
    let twice = post("application/json", form).field("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(both(&vestibule, &addon, &owner, &twice), 400);
    let alias = post("application/json", form).field("Content_Type", "application/x-www-form-urlencoded");
    assert_eq!(both(&vestibule, &addon, &owner, &alias), 400);
    let empty = post("", "").cookie(&owner);
    assert_eq!(vestibule.ask(Protocol::H1, &empty).status, 200, "an empty body says nothing");
    let (_stream, response) = H2Client::connect(vestibule.https()).open(&empty, true).unwrap();
    assert_eq!(crate::support::h2::status_of(response), 200, "nor does none");
    let (_addon, vestibule) = protected(echo(), RULES);
    for protocol in BOTH {
        let target = format!("/ingress/a/state?{GOOD}");
        Tunnel::opened(&vestibule, protocol, &target, &vestibule.cookie("owner"))
            .assert_alive("a WebSocket is no form");
    }
}

#[test]
fn s171_a_body_that_is_called_a_form_as_well_is_not_read_as_json() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    let body = r#"{"x": "&entity_id=lock.basic_lock&", "entity_id": "light.bed_light"}"#;
    for media in ["application/x-www-form-urlencoded+json", "application/form-data+json", "application/a b+json"] {
        let ask = Ask::post("/ingress/a/api/call", body).field("Content-Type", media);
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{media}");
        let answer = vestibule.ask(Protocol::H1, &ask.cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "body_not_called_json", "{media}");
    }
}

/// Keys that parsers in C cut short, that gRPC's take for the same field, or that lodash looks up first.
#[test]
fn s172_a_key_that_some_library_takes_for_the_judged_one_is_refused() {
    let rules = format!("{RULES}[[addon.protect]]\npath = \"/t\"\nbody = \"/target/entity_id\"\naccess = \"read\"\n");
    let (addon, vestibule) = protected(RawAddon::start(), &rules);
    let owner = vestibule.cookie("owner");
    let mut cases =
        vec![("t", r#"{"target.entity_id": "lock.basic_lock", "target": {"entity_id": "light.a"}}"#.to_owned())];
    for key in
        ["entity_id\\u0000", "entityId", "entity-id", " entity_id", "entity_id ", "__proto__", "entity_id\\u0000x"]
    {
        cases.push(("api/call", format!(r#"{{"{key}": "lock.basic_lock", "entity_id": "light.a"}}"#)));
        cases.push(("t", format!(r#"{{"target": {{"entity_id": "light.a", "{key}": "lock.basic_lock"}}}}"#)));
    }
    for (path, body) in cases {
        let ask = Ask::post(&format!("/ingress/a/{path}"), body.as_str()).field("Content-Type", "application/json");
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{body}");
        let answer = vestibule.ask(Protocol::H1, &ask.cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "entity_ambiguous", "{body}");
    }
    // Parsers give up at different depths, and what they make of the rest is their own.
    let deep = |depth| format!(r#"{{"x": {}{}, "entity_id": "light.a"}}"#, "[".repeat(depth), "]".repeat(depth));
    for (depth, expected) in [(60, 200), (70, 400), (20_000, 400)] {
        let ask = Ask::post("/ingress/a/api/call", deep(depth)).field("Content-Type", "application/json");
        assert_eq!(both(&vestibule, &addon, &owner, &ask), expected, "{depth}");
    }
}

/// Bottle reads nearly any body as a form, whatever its type; a type that says nothing is one that frameworks guess.
#[test]
fn s208_no_body_stands_beside_a_query_but_json_that_the_same_rule_judges() {
    let rules =
        "[[addon.protect]]\npath = \"/both\"\nquery = \"entity_id\"\nbody = \"/entity_id\"\naccess = \"read\"\n";
    let (addon, vestibule) = protected(RawAddon::start(), &format!("{RULES}{rules}"));
    let owner = vestibule.cookie("owner");
    let post = |path: &str, body: &str| Ask::post(&format!("/ingress/a{path}?{GOOD}"), body);
    for media in ["text/plain", "application/octet-stream", "", "application/json", "application/sdp"] {
        let ask = post("/state", "entity_id=lock.basic_lock").field("Content-Type", media);
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{media:?}");
        let answer = vestibule.ask(Protocol::H1, &ask.cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "entity_ambiguous", "{media:?}");
    }
    let json = |body: &str| post("/both", body).field("Content-Type", "application/json");
    assert_eq!(both(&vestibule, &addon, &owner, &json(r#"{"entity_id": "light.bed_light"}"#)), 200);
    assert_eq!(both(&vestibule, &addon, &owner, &json("entity_id=lock.basic_lock")), 400);
    assert_eq!(both(&vestibule, &addon, &owner, &Ask::get(&format!("/ingress/a/state?{GOOD}"))), 200, "no body");
}

/// PHP puts cookies into `$_REQUEST`, over the parameters of the query where nobody has said otherwise.
#[test]
fn s210_a_cookie_of_the_parameter_s_name_makes_it_ambiguous() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    for cookie in ["entity_id=lock.basic_lock", "x=y; entity.id=lock.basic_lock", "Entity%5Fid=lock.basic_lock"] {
        let ask = Ask::get(&format!("/ingress/a/state?{GOOD}"));
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &ask.clone().cookie(format!("{owner}; {cookie}")));
            assert_eq!(answer.status, 400, "{cookie}");
            assert_eq!(reason(&vestibule, &answer), "entity_ambiguous", "{cookie}");
        }
        addon.assert_no_request(cookie);
    }
    let ask = Ask::get(&format!("/ingress/a/state?{GOOD}")).cookie(format!("{owner}; theme=entity_id"));
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
}
