//! Protected paths: who may ask for what depends on the entities that a request is about. Security cases S-24 to S-37
//! against them, S-99, and S-101 to S-108, over HTTP/1.1 and HTTP/2.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod entities;
mod bodies;
mod spelling;
mod listed_only;
mod order;
mod live;
mod queries;
mod trees;
mod differential;
mod public;

use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule};

/// The rules of an add-on at `/ingress/a`. In the home of the tests `grace` may control lights and what is in the
/// kitchen, where the garage door is; `frank` may see what is in the living room; `heidi` may do nothing.
const RULES: &str = r#"
[[addon.protect]]
methods = ["POST"]
path = "/api/covers/{cover}/open"
entity = "cover.{cover}"
access = "control"

[[addon.protect]]
path = "/state"
query = "entity_id"
access = "read"

[[addon.protect]]
methods = ["GET"]
path = "/any/{domain}/{name}"
entity = "{domain}.{name}"
access = "read"

[[addon.protect]]
path = "/api/call"
body = "/entity_id"
access = "control"

[[addon.protect]]
path = "/panel"
entities = ["cover.garage_door", "light.bed_light"]
access = "control"

[[addon.protect]]
path = "/everything"
all_entities = true
access = "read"

[[addon.protect]]
path = "/settings/{*rest}"
require = "admin"

[[addon.protect]]
path = "/owner"
require = "owner"

[[addon.protect]]
path = "/ws/{light}"
websocket = true
entity = "light.{light}"
access = "control"
"#;

/// A vestibule with one add-on with these rules.
fn protected(addon: RawAddon, rules: &str) -> (RawAddon, Vestibule) {
    let vestibule = Vestibule::start(|config| {
        config.set("log", "format", "\"json\"").addon_with("a", &addon, rules);
    });
    (addon, vestibule)
}

/// What a request is answered with, and whether the add-on saw it: 200 when it did, and only then.
#[track_caller]
fn status(vestibule: &Vestibule, addon: &RawAddon, protocol: Protocol, ask: &Ask) -> u16 {
    let answer = vestibule.ask(protocol, ask);
    judged(&answer, addon, &format!("{protocol:?} {} {}", ask.method, ask.target))
}

#[track_caller]
fn judged(answer: &Answer, addon: &RawAddon, what: &str) -> u16 {
    if answer.status == 200 {
        addon.one();
    } else {
        addon.assert_no_request(what);
    }
    answer.status
}

/// Asks for a path of the add-on on both protocols; the answers must not differ.
#[track_caller]
fn both(vestibule: &Vestibule, addon: &RawAddon, cookie: &str, ask: &Ask) -> u16 {
    let ask = ask.clone().cookie(cookie);
    let [h1, h2] = BOTH.map(|protocol| status(vestibule, addon, protocol, &ask));
    assert_eq!(h1, h2, "HTTP/1.1 and HTTP/2 agree about {} {}", ask.method, ask.target);
    h1
}

/// The reason in the audit line of the last refusal.
#[track_caller]
fn reason(vestibule: &Vestibule, answer: &Answer) -> String {
    let id =
        answer.fields.text("x-request-id").unwrap_or_else(|| answer.json()["request_id"].as_str().unwrap().to_owned());
    let line = vestibule.await_line(&["vestibule::audit", "refused", &id]);
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    line["reason"].as_str().unwrap().to_owned()
}
