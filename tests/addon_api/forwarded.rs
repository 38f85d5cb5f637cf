//! What goes to a real Supervisor: with our token and nothing of the add-on's but what is listed (S-109).

use crate::supervised::Supervised;
use crate::support::{Ask, RawAddon};

#[test]
fn a_call_is_forwarded_with_our_token_and_listed_headers_only() {
    let supervisor = RawAddon::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nX-Other: 1\r\n\r\n{}",
    );
    let api = Supervised::start(Some(&supervisor));
    let ask = Ask::post("/backups/new/full?x=1", r#"{"name": "n"}"#)
        .field("Content-Type", "application/json")
        .field("Cookie", "ingress_session=x")
        .field("X-Forwarded-For", "203.0.113.9")
        .field("X-Hassio-Key", "");
    let answer = api.ask_as("backup", ask);
    assert_eq!(answer.status, 200);
    assert!(answer.fields.texts("set-cookie").is_empty() && answer.fields.texts("x-other").is_empty());
    let seen = supervisor.requests().pop().unwrap();
    assert_eq!(seen.line, "POST /backups/new/full?x=1 HTTP/1.1");
    assert_eq!(seen.fields.one("authorization"), "Bearer our-own-token");
    assert_eq!(seen.body, br#"{"name": "n"}"#);
    let head = String::from_utf8_lossy(&seen.head).into_owned();
    for hidden in [api.token("backup"), "ingress_session", "203.0.113.9"] {
        assert!(!head.contains(hidden), "{head}");
    }
}

#[test]
fn self_is_written_out_and_options_of_others_are_taken_out() {
    let body = r#"{"result": "ok", "data": {"slug": "other", "options": {"password": "x"}}}"#;
    let supervisor = RawAddon::answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let api = Supervised::start(Some(&supervisor));
    let own = api.ask_as("default", Ask::get("/addons/self/info")).json();
    assert_eq!(own["data"]["options"]["password"], "x");
    assert_eq!(supervisor.requests().pop().unwrap().target(), "/addons/default/info");
    let other = api.ask_as("default", Ask::get("/addons/other/info")).json();
    assert_eq!(other["data"]["options"], serde_json::json!({}));
    let managed = api.ask_as("manager", Ask::get("/addons/other/info")).json();
    assert_eq!(managed["data"]["options"]["password"], "x");
}

/// What needs no token must not borrow ours.
#[test]
fn what_is_open_is_asked_without_our_token() {
    let supervisor = RawAddon::start();
    let api = Supervised::start(Some(&supervisor));
    assert_eq!(api.ask(&Ask::get("/addons/abc/logo")).status, 200);
    let seen = supervisor.requests().pop().unwrap();
    assert!(seen.fields.texts("authorization").is_empty());
}

#[test]
fn a_supervisor_that_is_away_is_502() {
    let supervisor = RawAddon::start();
    let url = supervisor.url();
    let api = Supervised::start_with(Some(&supervisor), |config| {
        let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        config.set("supervisor", "upstream", &format!("\"http://{nowhere}\""));
    });
    assert!(url.starts_with("http://"));
    let answer = api.ask_as("backup", Ask::get("/backups"));
    assert_eq!((answer.status, &answer.json()["result"]), (502, &"error".into()));
}
