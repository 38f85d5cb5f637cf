//! Entities in a JSON body: the body is read, judged, and sent on byte for byte; what cannot be read is refused.

use crate::support::{Ask, BOTH, ConfigFile, H2Client, Protocol, RawAddon, RawClient, Vestibule, eventually};
use crate::{RULES, both, judged, protected, reason};

const CALL: &str = "/ingress/a/api/call";

fn json(body: impl Into<Vec<u8>>) -> Ask {
    Ask::post(CALL, body).field("Content-Type", "application/json")
}

#[test]
fn all_entities_of_the_body_must_be_permitted() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let grace = vestibule.cookie("grace");
    for (body, expected) in [
        (r#"{"entity_id": "light.bed_light"}"#, 200),
        (r#"{"entity_id": "cover.garage_door", "position": 50}"#, 200),
        (r#"{"entity_id": ["light.bed_light", "cover.garage_door"]}"#, 200),
        (r#"{"entity_id": "cover.kitchen_window"}"#, 403),
        (r#"{"entity_id": ["light.bed_light", "cover.kitchen_window"]}"#, 403),
        (r#"{"entity_id": ["cover.kitchen_window", "light.bed_light"]}"#, 403),
    ] {
        assert_eq!(both(&vestibule, &addon, &grace, &json(body)), expected, "{body}");
    }
}

#[test]
fn the_body_reaches_the_add_on_byte_for_byte_and_framed_as_it_was() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let grace = vestibule.cookie("grace");
    let body = "\t{ \"x\":[1,  2.50e1 ],\r\n \"entity_id\" : \"light\\u002ebed_light\", \"\u{e9}\": null}\n";
    for protocol in BOTH {
        let ask = json(body).cookie(&grace);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let seen = addon.one();
        assert_eq!((seen.body.as_slice(), seen.complete), (body.as_bytes(), true), "{protocol:?}");
        if protocol == Protocol::H1 {
            assert_eq!(seen.fields.one("content-length"), body.len().to_string());
            assert!(!seen.fields.has("transfer-encoding"));
        }
    }
    let mut client = RawClient::connect(vestibule.https());
    let (first, second) = body.split_at(17);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    client.send(
        format!(
            "POST {CALL} HTTP/1.1\r\nHost: p.test\r\nCookie: {grace}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{}{}0\r\nX-Remote-User-Id: root\r\n\r\n",
            chunk(first),
            chunk(second)
        )
        .as_bytes(),
    );
    assert_eq!(client.answer().status, 200);
    let seen = addon.one();
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.fields.one("transfer-encoding"), "chunked");
    assert!(!seen.fields.has("content-length") && seen.trailers.0.is_empty(), "S-11, S-49: {seen:#?}");
}

#[test]
fn a_body_that_cannot_be_read_is_refused_with_its_reason_even_to_the_owner() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let owner = vestibule.cookie("owner");
    let good = r#"{"entity_id": "light.bed_light"}"#;
    let typed = |media: &str| Ask::post(CALL, good).field("Content-Type", media);
    for (ask, expected) in [
        (json(r#"{"entity": "light.bed_light"}"#), "entity_missing"),
        (json("[]"), "entity_missing"),
        (json(r#"{"entity_id": "light.bed_light", "entity_id": "lock.basic_lock"}"#), "entity_ambiguous"),
        (json(r#"{"entity_id": "light.bed_light", "Entity_Id": "lock.basic_lock"}"#), "entity_ambiguous"),
        (json(r#"{"entity_id": []}"#), "entity_malformed"),
        (json(r#"{"entity_id": null}"#), "entity_malformed"),
        (json(r#"{"entity_id": ["light.bed_light", {}]}"#), "entity_malformed"),
        (json(r#"{"entity_id": "all"}"#), "entity_malformed"),
        (json(r#"{"entity_id": "light.bed_light"} {}"#), "body_not_json"),
        (json("entity_id=light.bed_light"), "body_not_json"),
        (json(""), "body_not_json"),
        (json(b"{\"x\": \"\xff\", \"entity_id\": \"light.bed_light\"}".to_vec()), "body_not_json"),
        (Ask::post(CALL, good), "body_not_called_json"),
        (typed("text/plain"), "body_not_called_json"),
        (typed("application/json; charset=utf-16"), "body_not_called_json"),
        (typed("application/json").field("Content-Type", "text/plain"), "body_not_called_json"),
        (typed("application/json").field("Content-Encoding", "gzip"), "body_not_called_json"),
        (Ask::get(CALL), "body_not_called_json"),
    ] {
        assert_eq!(both(&vestibule, &addon, &owner, &ask), 400, "{ask:?}");
        let answer = vestibule.ask(Protocol::H1, &ask.clone().cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), expected, "{ask:?}");
    }
}

fn with_limit(limit: &str) -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config: &mut ConfigFile| {
        config.set("limits", "judged_body_size", limit).set("limits", "body_stall_timeout", "\"1s\"");
        config.set("log", "format", "\"json\"").addon_with("a", &addon, RULES);
    });
    (addon, vestibule)
}

/// A body of this length that grace may send.
fn body_of(length: usize) -> String {
    let short = r#"{"entity_id": "light.bed_light"}"#;
    format!("{}{short}", " ".repeat(length - short.len()))
}

#[test]
fn s71_a_body_is_read_up_to_the_limit_and_not_a_byte_further() {
    let (addon, vestibule) = with_limit("\"1KiB\"");
    let grace = vestibule.cookie("grace");
    assert_eq!(both(&vestibule, &addon, &grace, &json(body_of(1024))), 200);
    assert_eq!(both(&vestibule, &addon, &grace, &json(body_of(1025))), 413);
    let answer = vestibule.ask(Protocol::H1, &json(body_of(1025)).cookie(&grace));
    assert_eq!(reason(&vestibule, &answer), "judged_body_too_large");
    // Without a length the first byte too many is what is noticed.
    for protocol in BOTH {
        for (length, expected) in [(1024, 200), (1025, 413)] {
            let ask = json(body_of(length)).cookie(&grace).trailer("X-T", "1");
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(judged(&answer, &addon, "chunked"), expected, "{protocol:?} {length}");
        }
    }
    // A path that is judged by no body takes any.
    let large = Ask::post("/ingress/a/free", vec![b'x'; 100_000]);
    assert_eq!(both(&vestibule, &addon, &grace, &large), 200);
}

#[test]
fn a_body_that_stands_still_is_given_up() {
    let (addon, vestibule) = with_limit("\"1KiB\"");
    let grace = vestibule.cookie("grace");
    let mut client = RawClient::connect(vestibule.https());
    client.send(
        format!(
            "POST {CALL} HTTP/1.1\r\nHost: p.test\r\nCookie: {grace}\r\nContent-Type: application/json\r\n\
             Content-Length: 40\r\n\r\n{{\"entity_id\": "
        )
        .as_bytes(),
    );
    assert_eq!(client.answer().status, 408);
    let mut client = H2Client::connect(vestibule.https());
    let (_stream, response) = client.open(&json("").cookie(&grace), false).unwrap();
    assert_eq!(crate::support::h2::status_of(response), 408);
    addon.assert_untouched("the add-on hears nothing of a body that never came");
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on_when_its_body_is_wanted() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let body = r#"{"entity_id": "light.bed_light"}"#;
    let head = |cookie: &str, path: &str| {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
    };
    let mut client = RawClient::connect(vestibule.https());
    client.send(head(&vestibule.cookie("grace"), CALL).as_bytes());
    let told = client.up_to(25);
    assert_eq!(String::from_utf8_lossy(&told), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body.as_bytes());
    assert_eq!(client.answer().status, 200);
    let seen = addon.one();
    assert_eq!(seen.body, body.as_bytes());
    assert!(!seen.fields.has("expect"));
    // Whoever is refused without the body is not asked for it.
    let mut client = RawClient::connect(vestibule.https());
    client.send(head(&vestibule.cookie("heidi"), "/ingress/a/settings").as_bytes());
    assert_eq!(client.up_to(12), b"HTTP/1.1 403");
    addon.assert_no_request("refused");
}

#[test]
fn s104_a_permission_that_is_lost_while_the_body_comes_ends_the_request() {
    let (addon, vestibule) = protected(RawAddon::start(), RULES);
    let grace = vestibule.cookie("grace");
    let head = format!(
        "POST {CALL} HTTP/1.1\r\nHost: p.test\r\nCookie: {grace}\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n"
    );
    let mut client = RawClient::connect(vestibule.https());
    client.send(format!("{head}{{\"entity_id\": ").as_bytes());
    vestibule.home().edit_user("grace", |user| user["group_ids"] = serde_json::json!([]));
    let other = vestibule.cookie("grace");
    eventually("the new groups", || {
        (vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/panel").cookie(&other)).status == 403).then_some(())
    });
    addon.forget();
    client.send(b"\"light.bed_light\"}");
    assert_eq!(client.answer().status, 403, "judged by what is true when the body is there");
    addon.assert_no_request("the add-on hears nothing of it");
}
