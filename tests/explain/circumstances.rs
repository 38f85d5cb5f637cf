//! `explain` and `[[test]]` in other circumstances than those of now: `--from`, `--at`, `--state`.

use std::fs;

use serde_json::{Value, json};

use crate::Folder;

const CONFIG: &str = r#"
home_assistant.url = "http://127.0.0.1:1"
home_assistant.token = { file = "token" }
home_assistant.time_zone = "Europe/Berlin"
permissions.groups = "both"

[[group]]
id = "evening"
members = ["heidi"]
hours = "18:00-22:00"
policy = { domains = { light = { read = true } } }

[[addon]]
slug = "a"
upstream = "http://127.0.0.1:1"
path = "/ingress/a"
access = { networks = ["192.168.0.0/16", "203.0.113.0/24"], hours = "mon-fri 7:00-21:00" }

[[addon.protect]]
path = "/guests"
when = { entity = "input_boolean.guest_mode", state = "on" }

[[addon]]
slug = "b"
upstream = "http://127.0.0.1:1"
path = "/ingress/b"
access = { groups = ["evening"] }
role = { admin = ["evening"], default = "viewer" }
"#;

fn folder(tests: &str) -> Folder {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let token = folder.path().join("token");
    fs::write(&token, "eyJ0.eyJ1.c2ln\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    folder.configure(&format!("{CONFIG}{tests}"));
    folder
}

/// What is said about a request of this user: the refusal's label and the reason.
fn asked(folder: &Folder, user: &str, url: &str, more: &[&str]) -> (Value, String) {
    let arguments = [&["--user", user, "--url", url, "--json"], more].concat();
    let said = folder.explain(&arguments);
    let answer: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    (answer["refusal"].clone(), answer["reason"].as_str().unwrap().to_owned())
}

const HOME: [&str; 2] = ["--from", "192.168.7.7"];
const WORK: [&str; 2] = ["--at", "2026-12-24 20:00"];

#[test]
fn each_circumstance_that_does_not_hold_is_named_and_the_owner_is_no_exception() {
    let folder = folder("");
    for user in ["grace", "owner"] {
        let ask = |more: &[&str]| asked(&folder, user, "/ingress/a/", more);
        assert_eq!(ask(&[&HOME[..], &WORK].concat()).0, Value::Null, "{user}");
        assert_eq!(ask(&[&["--from", "203.0.113.7"][..], &WORK].concat()).0, Value::Null, "{user}");
        let (refusal, reason) = ask(&WORK);
        assert_eq!(refusal, "outside_networks", "{user}");
        assert!(reason.contains("127.0.0.1 is in none of the networks 192.168.0.0/16 or 203.0.113.0/24"), "{reason}");
        let (refusal, reason) = ask(&[&HOME[..], &["--at", "2026-12-24 21:00"]].concat());
        assert_eq!(refusal, "outside_hours", "{user}");
        assert!(reason.contains("it is Thursday 21:00, outside the hours mon,tue,wed,thu,fri 7:00-21:00"), "{reason}");
        assert_eq!(ask(&[&HOME[..], &["--at", "2026-12-24T20:00:00Z"]].concat()).0, "outside_hours", "21:00 there");
        assert_eq!(ask(&[&HOME[..], &["--at", "2026-12-26 12:00"]].concat()).0, "outside_hours", "a Saturday");
    }
}

#[test]
fn a_rule_asks_for_a_state_and_one_that_nobody_says_is_unknown() {
    let folder = folder("");
    let ask = |state: &[&str]| asked(&folder, "grace", "/ingress/a/guests", &[&HOME[..], &WORK, state].concat());
    assert_eq!(ask(&["--state", "input_boolean.guest_mode=on"]).0, Value::Null);
    let (refusal, reason) = ask(&["--state", "input_boolean.guest_mode=off"]);
    assert_eq!(refusal, "state_differs");
    assert!(
        reason.contains("rule 1 (/guests) asks for circumstances: input_boolean.guest_mode is \"off\""),
        "{reason}"
    );
    let (refusal, reason) = ask(&[]);
    assert_eq!(refusal, "state_unknown");
    assert!(reason.contains("no state that is known, and must be \"on\""), "{reason}");
}

#[test]
fn a_membership_counts_only_then() {
    let folder = folder("");
    let (evening, night) = (["--at", "2026-12-24 20:00"], ["--at", "2026-12-24 22:00"]);
    assert_eq!(asked(&folder, "heidi", "/ingress/b/", &evening).0, Value::Null);
    let (refusal, reason) = asked(&folder, "heidi", "/ingress/b/", &night);
    assert_eq!(refusal, "access_denied");
    assert!(reason.contains("the membership of evening does not count: it is Thursday 22:00"), "{reason}");
    assert_eq!(asked(&folder, "grace", "/ingress/b/", &evening).0, "access_denied");
    let entity = |at: &[&str; 2]| folder.explain(&["--user", "heidi", "--entity", "light.bed_light", at[0], at[1]]);
    let said = entity(&evening);
    assert!(said.out.contains("because: configured group evening gives read"), "{}", said.out);
    let said = entity(&night);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("\nthe membership of evening does not count: it is Thursday 22:00"), "{}", said.out);
    let lines = [
        json!({"user": "heidi", "entity": "light.bed_light", "access": "read", "at": "2026-12-24 20:00"}),
        json!({"user": "heidi", "method": "GET", "url": "/ingress/b/", "at": "2026-12-24 22:00", "state": {"a.b": "c"}}),
        json!({"user": "heidi", "method": "GET", "url": "/ingress/b/", "at": "tonight"}),
        json!({"user": "heidi", "method": "GET", "url": "/ingress/b/", "state": {"A": "c"}}),
    ];
    let input = lines.map(|line| format!("{line}\n")).concat();
    let answers = folder.explain_lines(&["--cases", "-"], &input).answers();
    assert_eq!((&answers[0]["decision"], &answers[1]["decision"]), (&json!("permit"), &json!("deny")));
    assert_eq!((&answers[1]["at"], &answers[1]["state"]["a.b"]), (&json!("2026-12-24 22:00"), &json!("c")));
    assert!(answers[2]["error"].as_str().unwrap().contains("no moment"), "{}", answers[2]);
    assert!(answers[3]["error"].as_str().unwrap().contains("no entity id"), "{}", answers[3]);
}

#[test]
fn a_moment_that_the_clocks_skip_is_none() {
    let folder = folder("");
    let at = |at| folder.explain(&["--user", "grace", "--url", "/ingress/a/", "--at", at]);
    let said = at("2026-03-29 02:30");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    assert!(said.err.contains("does not exist in Europe/Berlin"), "{}", said.err);
    assert_eq!(at("2026-10-25 02:30").code, 3, "it is there twice");
}

#[test]
fn a_test_names_its_circumstances_and_is_of_no_time_without() {
    let test = |more: &str, expect: &str| {
        let url = "url = \"/ingress/a/guests\"";
        format!("[[test]]\nuser = \"grace\"\n{url}\n{more}\nexpect = \"{expect}\"\n")
    };
    let then = "from = \"192.168.7.7\"\nat = \"2026-12-24 20:00\"\n";
    let on = format!("{then}state = {{ \"input_boolean.guest_mode\" = \"on\" }}");
    let entity = "[[test]]\nuser = \"heidi\"\nentity = \"light.bed_light\"\naccess = \"read\"\n";
    let all = [
        test(&on, "permit"),
        test(then, "deny"),
        test("from = \"192.168.7.7\"", "deny"),
        format!("{entity}at = \"2026-12-24 20:00\"\nexpect = \"permit\"\n"),
        format!("{entity}expect = \"deny\"\n"),
    ];
    let said = folder(&all.concat()).run("check", &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = folder(&test("from = \"192.168.7.7\"", "permit")).run("check", &[]);
    assert!(said.err.contains("nobody says when (`at`)"), "{}", said.err);
    let said = folder(&test("at = \"20:00\"", "deny")).run("check", &[]);
    assert!(said.err.contains("\"20:00\" is no moment"), "{}", said.err);
}
