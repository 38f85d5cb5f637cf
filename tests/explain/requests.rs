//! `vestibule explain` about a request: the add-on that it goes to, the rules that are for it, and what each of them
//! says.

use serde_json::{Value, json};

use crate::{Folder, case};

const ADDONS: &str = r#"
home_assistant.emails = { bob = "bob@home.example" }

[[addon]]
slug = "a"
upstream = "http://127.0.0.1:1"
path = "/ingress/a"
host = "a.home.example"

[[addon.protect]]
methods = ["POST"]
path = "/api/covers/{cover}/open"
entity = "cover.{cover}"
access = "control"

[[addon.protect]]
path = "/api/call"
body = "/entity_id"
access = "control"

[[addon.protect]]
path = "/settings/{*rest}"
require = "admin"

[[addon.protect]]
path = "/settings/danger"
require = "owner"

[[addon.protect]]
path = "/by-query"
query = "entity_id"
access = "control"

[[addon.protect]]
path = "/locks/{*rest}"
fresh = "5m"

[[addon]]
slug = "d"
upstream = "http://127.0.0.1:1"
path = "/ingress/d"
second_factor = true

[[addon]]
slug = "b"
upstream = "http://127.0.0.1:1"
path = "/ingress/b"
access = { users = ["bob"] }

[[addon]]
slug = "c"
upstream = "http://127.0.0.1:1"
path = "/ingress/c"
tokens = true
allow_missing_origin = true
role = { admin = ["system-admin"], viewer = ["system-users"] }
role_required = true
identity_headers = { groups = "X-Groups", is_admin = "X-Admin", email = "X-Email" }
user_map = { bob = "robert" }
cors = { origins = ["https://app.example"], credentials = true }
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.configure(ADDONS);
    folder
}

impl Folder {
    fn ask(&self, user: &str, method: &str, url: &str, more: &[&str]) -> Value {
        let arguments = ["--user", user, "--method", method, "--url", url, "--json"];
        let said = self.explain(&[&arguments[..], more].concat());
        let answer: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
        let code = if answer["decision"] == "permit" { 0 } else { 3 };
        assert_eq!(said.code, code, "{answer:#}");
        answer
    }
}

#[test]
fn the_rule_the_entity_and_the_group_are_named() {
    let folder = folder();
    let said =
        folder.explain(&["--user", "grace", "--method", "POST", "--url", "/ingress/a/api/covers/garage_door/open"]);
    assert_eq!(said.code, 0);
    let lines: Vec<&str> = said.out.lines().collect();
    let because = "rule 1 (/api/covers/{cover}/open) asks for control on cover.garage_door: group custom-kitchen (Kitchen \
                   staff) gives control by `area_ids`: area kitchen (Kitchen) of device \
                   9c5ea066edd58afdb83931a3db3ea81c (Garage Door)";
    assert_eq!(lines[0], "permit: grace may POST /ingress/a/api/covers/garage_door/open");
    assert_eq!(lines[1], format!("because: {because}"));
    assert!(
        lines[2].starts_with("user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen"),
        "{lines:?}"
    );
    assert_eq!(lines[3], "add-on: a, which sees /api/covers/garage_door/open");
    assert_eq!(lines[4], format!("permit: {because}"));
    let asked = "asked: with a session, from the local network, sent by a page of the add-on's own origin";
    assert_eq!(lines[5], asked);

    let answer = folder.ask("grace", "POST", "https://A.home.example/api/covers/hall_window/open?x", &[]);
    assert_eq!(answer["refusal"], "entity_denied");
    assert_eq!((&answer["addon"], &answer["path"]), (&json!("a"), &json!("/api/covers/hall_window/open")));
    let reason = "rule 1 (/api/covers/{cover}/open) asks for control on cover.hall_window: no group of the user gives \
                  control on it";
    assert_eq!(answer["reason"], reason);
    let rule = json!({
        "rule": 1, "path": "/api/covers/{cover}/open", "entity": "cover.hall_window", "access": "control",
        "decision": "deny", "reason": reason,
    });
    assert_eq!(answer["rules"], json!([rule]));
}

#[test]
fn a_sign_in_of_a_moment_ago_and_a_second_factor_are_supposed_where_that_is_said() {
    let folder = folder();
    let ask = |url: &str, flags: &[&str]| folder.ask("alice", "GET", url, flags);
    let old = ask("/ingress/a/locks/door", &[]);
    assert_eq!((&old["refusal"], &old["fresh"]), (&json!("not_fresh"), &json!(false)), "{old:#}");
    let reason = "rule 6 (/locks/{*rest}) asks for a sign-in within 5m: the user's sign-in is too old";
    assert_eq!(old["reason"], reason);
    assert_eq!(ask("/ingress/a/locks/door", &["--second-factor"])["refusal"], "not_fresh");
    assert_eq!(ask("/ingress/a/locks/door", &["--fresh"])["decision"], "permit");
    let without = ask("/ingress/d/", &["--fresh"]);
    assert_eq!(without["refusal"], "no_second_factor");
    assert!(without["reason"].as_str().unwrap().contains("d asks for a second factor"), "{without:#}");
    assert_eq!(ask("/ingress/d/", &["--second-factor"])["decision"], "permit");
}

#[test]
fn every_step_before_the_rules_is_named_too() {
    let folder = folder();
    for (user, url, refusal, reason) in [
        ("grace", "/nowhere", "unknown_route", "no add-on"),
        ("grace", "/ingress/b/", "access_denied", "b is for others"),
        ("erin", "/ingress/a/", "inactive_user", "refused before anything"),
        ("grace", "/ingress/a/../b", "ambiguous_path", "read this path alike"),
        ("owner", "/ingress/a//settings", "ambiguous_path", "different ways"),
        ("alice", "/ingress/a/settings/danger", "path_needs_owner", "rule 4"),
        (
            "bob",
            "/ingress/a/Settings/danger",
            "path_needs_admin",
            "rule 3 (/settings/{*rest}) asks for an administrator",
        ),
    ] {
        let answer = folder.ask(user, "GET", url, &[]);
        assert_eq!((&answer["decision"], &answer["refusal"]), (&json!("deny"), &json!(refusal)), "{answer:#}");
        assert!(answer["reason"].as_str().unwrap().contains(reason), "{answer:#}");
    }
    assert_eq!(folder.ask("alice", "GET", "/ingress/a/settings", &[])["decision"], "permit");
    let free = folder.ask("heidi", "GET", "/ingress/a/", &[]);
    assert_eq!((&free["decision"], &free["rules"]), (&json!("permit"), &json!([])));
    assert_eq!(
        folder.ask("dave", "GET", "/ingress/a/", &[])["entry"],
        json!({"local": "permit", "elsewhere": "not_local"})
    );
}

/// S-173: as the gate does.
#[test]
fn where_a_request_leads_and_how_deep_it_acts_can_be_asked() {
    let folder = folder();
    let decided = |method: &str, path: &str, more: &[&str]| {
        let answer = folder.ask("grace", method, &format!("/ingress/a{path}"), more);
        (answer["decision"].as_str().unwrap().to_owned(), answer["refusal"].as_str().map(str::to_owned))
    };
    let (permit, deny) = (|| ("permit".to_owned(), None), |why: &str| ("deny".to_owned(), Some(why.to_owned())));
    let to = |destination: &'static str| ["--destination", destination];
    assert_eq!(decided("MOVE", "/x", &to("/ingress/a/y")), permit());
    assert_eq!(decided("MOVE", "/x", &to("/ingress/a/settings/y")), deny("path_needs_admin"));
    assert_eq!(decided("COPY", "/settings/y", &to("/ingress/a/x")), deny("path_needs_admin"));
    assert_eq!(decided("MOVE", "/x", &to("/ingress/b/y")), deny("foreign_destination"));
    assert_eq!(decided("MOVE", "/x", &to("https://other.example/ingress/a/y")), deny("foreign_destination"));
    assert_eq!(decided("PROPFIND", "/", &["--depth", "0"]), permit());
    for more in [&[][..], &["--depth", "1"], &["--depth", "infinity"], &["--depth", "0, 0"]] {
        assert_eq!(decided("PROPFIND", "/", more).0, "deny", "{more:?}");
    }
    let said = folder.explain(&["--user", "grace", "--url", "/ingress/a/x", "--destination", "/ingress/a/y"]);
    assert!(said.err.contains("only MOVE and COPY"), "{}", said.err);
}

/// S-208: as the gate does.
#[test]
fn a_body_beside_a_judged_query_is_refused_here_too() {
    let folder = folder();
    let body = folder.path().join("body.json");
    std::fs::write(&body, "{}").unwrap();
    let url = "/ingress/a/by-query?entity_id=light.bed_light";
    assert_eq!(folder.ask("grace", "POST", url, &[])["decision"], "permit");
    let answer = folder.ask("grace", "POST", url, &["--body", body.to_str().unwrap()]);
    assert_eq!(answer["decision"], "deny", "{answer:#}");
    assert!(answer["reason"].as_str().unwrap().contains("take the body for a form"), "{answer:#}");
}

#[test]
fn a_rule_that_reads_the_body_says_that_it_needs_it() {
    let folder = folder();
    let url = "/ingress/a/api/call";
    let without = folder.ask("grace", "POST", url, &[]);
    assert_eq!((&without["decision"], &without["refusal"]), (&json!("deny"), &json!("entity_missing")));
    assert!(without["rules"][0]["reason"].as_str().unwrap().contains("needs the body"), "{without:#}");
    let body = folder.path().join("body.json");
    for (text, decision) in [
        (r#"{"entity_id": ["light.bed_light"]}"#, "permit"),
        (r#"{"entity_id": ["light.bed_light", "cover.hall_window"]}"#, "deny"),
        ("{", "deny"),
    ] {
        std::fs::write(&body, text).unwrap();
        let answer = folder.ask("grace", "POST", url, &["--body", body.to_str().unwrap()]);
        assert_eq!(answer["decision"], decision, "{text}");
    }
}

#[test]
fn what_is_no_request_is_a_mistake() {
    let folder = folder();
    for arguments in [
        &["--user", "grace", "--url", "ingress/a"][..],
        &["--user", "grace", "--url", "http://a.home.example/"],
        &["--user", "grace", "--url", "/ingress/a#x"],
        &["--user", "grace", "--url", "/.vestibule/"],
        &["--user", "grace", "--method", "get", "--url", "/"],
        &["--user", "grace", "--method", "TRACE", "--url", "/"],
        &["--user", "grace", "--method", "POST", "--websocket", "--url", "/"],
        &["--user", "nobody", "--url", "/ingress/a/"],
        &["--user", "grace", "--url", "/ingress/a/", "--body", "/nowhere/at/all"],
        &["--user", "grace", "--url", "/ingress/a/", "--entity", "light.a"],
        &["--user", "grace", "--url", "/ingress/a/", "--access", "read"],
        &["--user", "grace", "--method", "GET", "--entity", "light.a"],
        &["--url", "/ingress/a/"],
    ] {
        let said = folder.explain(arguments);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!said.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn cases_of_both_kinds_are_answered_in_order() {
    let folder = folder();
    let request = |method: &str, url: &str| json!({"user": "grace", "method": method, "url": url}).to_string();
    let lines = [
        request("POST", "/ingress/a/api/covers/garage_door/open"),
        case("grace", "light.bed_light", "control"),
        request("get", "/"),
        json!({"user": "grace", "method": "POST", "url": "/ingress/a/api/call", "body": "{\"entity_id\": \"light.bed_light\"}"}).to_string(),
        json!({"user": "nobody", "method": "GET", "url": "/ingress/a/"}).to_string(),
        json!({"user": "grace", "url": "/"}).to_string(),
    ];
    let said = folder.explain_lines(&["--cases", "-"], &lines.join("\n"));
    let decisions: Vec<Value> = said.answers().iter().map(|answer| answer["decision"].clone()).collect();
    assert_eq!(decisions, [json!("permit"), json!("permit"), Value::Null, json!("permit"), json!("deny"), Value::Null]);
    assert_eq!(said.code, 2, "two of them are no questions");
}

/// S-144: whose page sends it, from where and with what is asked as the gate asks it.
#[test]
fn s144_what_the_gate_refuses_for_how_it_is_sent_is_refused_here_too() {
    let folder = folder();
    let (a, c) = ("https://home.example/ingress/a/x", "https://home.example/ingress/c/x");
    let (own, other, app) = ("https://home.example", "https://evil.example", "https://app.example");
    for (method, url, more, refusal) in [
        ("POST", a, &["--origin", own][..], None),
        ("POST", a, &["--origin", other], Some("foreign_origin")),
        ("POST", a, &["--origin", "null"], Some("foreign_origin")),
        ("GET", a, &["--origin", other], None),
        ("POST", a, &["--origin", "none"], None),
        ("GET", a, &["--websocket"], None),
        ("GET", a, &["--websocket", "--origin", other], Some("foreign_origin")),
        ("GET", a, &["--websocket", "--origin", "none"], Some("missing_origin")),
        ("GET", c, &["--websocket", "--origin", "none"], None),
        ("POST", c, &["--origin", app], None),
        ("POST", c, &["--origin", other], Some("foreign_origin")),
        ("GET", c, &["--websocket", "--origin", app], Some("foreign_origin")),
        ("POST", c, &["--token", "--origin", other], None),
        ("GET", a, &["--token"], Some("no_session")),
    ] {
        let answer = folder.ask("bob", method, url, more);
        assert_eq!(answer["refusal"], json!(refusal), "{method} {url} {more:?}: {answer:#}");
    }
    let from = |from: &str| folder.ask("dave", "GET", "/ingress/a/x", &["--from", from])["refusal"].clone();
    assert_eq!([from("192.168.1.9"), from("203.0.113.9")], [json!(null), json!("not_local")]);
    let without_host = folder.explain(&["--user", "bob", "--url", "/ingress/a/x", "--origin", own]);
    assert_eq!(without_host.code, 2, "{}", without_host.err);
}

#[test]
fn it_says_what_the_add_on_is_told_of_the_user() {
    let folder = folder();
    let ask = |user: &str, more: &[&str]| folder.explain(&[&["--user", user, "--url", "/ingress/c/"], more].concat());
    let told = "told: the user name robert; the role viewer; the groups Users; no administrator; the \
                address bob@home.example";
    let said = ask("bob", &[]);
    assert_eq!((said.code, said.out.contains(told)), (0, true), "{}", said.out);
    let json: Value = serde_json::from_str(&ask("bob", &["--json"]).out).unwrap();
    let expected = json!({
        "account": "robert", "role": "viewer", "group_names": ["Users"], "is_admin": false, "email": "bob@home.example"
    });
    assert_eq!(json["told"], expected);
    let said = ask("alice", &[]);
    assert!(said.out.contains("told: no user name; the role admin"), "{}", said.out);
    let said = ask("frank", &[]);
    assert!(said.code == 3 && said.out.contains("none of the roles of c (`role_required`)"), "{}", said.out);
    let elsewhere = folder.explain(&["--user", "bob", "--url", "/ingress/a/x"]);
    assert!(!elsewhere.out.contains("told:"), "{}", elsewhere.out);
}

#[test]
fn it_says_which_paths_are_open_to_everybody() {
    let folder = Folder::new();
    folder.configure(
        "[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/ingress/a\"\n\
         access = { admin_only = true }\n[[addon.public]]\nmethods = [\"POST\"]\npath = \"/hook/{id}\"\n",
    );
    let ask = |method: &str, path: &str| {
        let url = format!("/ingress/a{path}");
        let said = folder.explain(&["--user", "bob", "--method", method, "--url", &url, "--json"]);
        let answer: Value = serde_json::from_str(&said.out).unwrap();
        (answer["decision"].clone(), answer["public"].clone())
    };
    assert_eq!(ask("POST", "/hook/a"), (json!("permit"), json!(true)));
    for (method, path) in [("GET", "/hook/a"), ("POST", "/hook/%61"), ("POST", "/hook")] {
        assert_eq!(ask(method, path), (json!("deny"), json!(false)), "{method} {path}");
    }
    let said = folder.explain(&["--user", "bob", "--method", "POST", "--url", "/ingress/a/hook/a"]);
    assert!(said.out.contains("open to everybody (`[[addon.public]]`)"), "{}", said.out);
}
