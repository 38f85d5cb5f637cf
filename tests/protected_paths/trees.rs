//! A method that acts on everything below its path needs every rule that stands there (S-173), and no name that some
//! server trims leads around a rule (S-174).

use serde_json::Value;

use crate::support::{Ask, BOTH, Protocol, RawAddon, RawClient, Vestibule};
use crate::{both, protected, reason};

/// `grace` may control lights; `frank` may see what is in the living room; `bob` may control everything, `carol` see
/// it.
const TREE: &str = r#"
[[addon.protect]]
path = "/files/secret/{*rest}"
require = "admin"

[[addon.protect]]
path = "/rooms/{light}/log/{day}"
entity = "light.{light}"
access = "control"

[[addon.protect]]
path = "/any/{domain}/{name}"
entity = "{domain}.{name}"
access = "read"

[[addon.protect]]
path = "/asks"
query = "entity_id"
access = "read"

[[addon.protect]]
methods = ["GET"]
path = "/read/{*rest}"
require = "admin"

[[addon.protect]]
methods = ["PUT"]
path = "/write/{*rest}"
require = "admin"

[[addon.protect]]
path = "/live/x"
websocket = true
require = "admin"
"#;

fn ask(method: &str, path: &str) -> Ask {
    Ask::new(method, &format!("/ingress/a{path}"))
}

fn to(method: &str, from: &str, destination: &str) -> Ask {
    ask(method, from).field("Destination", format!("https://p.test/ingress/a{destination}"))
}

#[test]
fn s173_a_tree_is_judged_by_every_rule_below_it() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let [alice, bob] = ["alice", "bob"].map(|user| vestibule.cookie(user));
    for method in ["DELETE", "PROPFIND", "REPORT", "LOCK", "COPY", "MOVE", "SEARCH", "ACL"] {
        for path in ["/", "/files", "/files/", "/FILES"] {
            let of = |cookie: &str| both(&vestibule, &addon, cookie, &ask(method, path));
            assert_eq!((of(&bob), of(&alice)), (403, 200), "{method} {path}");
        }
        if method != "SEARCH" {
            assert_eq!(both(&vestibule, &addon, &bob, &ask(method, "/free/x")), 200, "{method}: nothing is below");
            assert_eq!(both(&vestibule, &addon, &bob, &ask(method, "/files/other")), 200, "{method}: nothing is below");
            assert_eq!(both(&vestibule, &addon, &bob, &ask(method, "/live")), 200, "{method}: that is for WebSockets");
        }
    }
    assert_eq!(both(&vestibule, &addon, &bob, &ask("SEARCH", "/free")), 403, "its body says where it looks");
    for method in ["GET", "PUT", "PROPPATCH", "MKCOL", "UNLOCK", "OPTIONS", "PATCH"] {
        assert_eq!(both(&vestibule, &addon, &bob, &ask(method, "/files")), 200, "{method} acts on one resource");
    }
    let answer = vestibule.ask(Protocol::H1, &ask("DELETE", "/files").cookie(&bob));
    assert_eq!(reason(&vestibule, &answer), "path_needs_admin");
}

#[test]
fn s173_both_trees_of_a_move_are_judged() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let [alice, bob] = ["alice", "bob"].map(|user| vestibule.cookie(user));
    for method in ["MOVE", "COPY"] {
        for (from, destination) in
            [("/free", "/files"), ("/files", "/free"), ("/free", "/"), ("/free", "/files/"), ("/free", "/files?x")]
        {
            let of = |cookie: &str| both(&vestibule, &addon, cookie, &to(method, from, destination));
            assert_eq!((of(&bob), of(&alice)), (403, 200), "{method} {from} {destination}");
        }
        assert_eq!(both(&vestibule, &addon, &bob, &to(method, "/free", "/files/other")), 200, "{method}");
        // What is copied is read, and what lies where it goes is written: whatever those requests would need.
        let of = |from, destination| both(&vestibule, &addon, &bob, &to(method, from, destination));
        assert_eq!([of("/read/x", "/free"), of("/read", "/free"), of("/free", "/read/x")], [403, 403, 200], "{method}");
        assert_eq!([of("/free", "/write/x"), of("/free", "/write")], [403, 403], "{method}");
        for destination in ["/free.", "/free%20", "/free%20/x", "/free::$DATA"] {
            assert_eq!(of("/free", destination), 400, "{method} {destination}");
        }
        let blank = ask(method, "/free").field("Destination", "/ingress/a/x /ingress/a/files/secret");
        assert_eq!(both(&vestibule, &addon, &bob, &blank), 403, "{method}: that is no address of ours");
    }
}

#[test]
fn s173_depth_0_reaches_one_resource_and_depth_1_its_children() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let bob = vestibule.cookie("bob");
    let deep = |method: &str, path: &str, depth: &str| {
        both(&vestibule, &addon, &bob, &ask(method, path).field("Depth", depth))
    };
    assert_eq!(deep("PROPFIND", "/files", "0"), 200);
    assert_eq!(deep("LOCK", "/files", "0"), 200);
    assert_eq!(deep("PROPFIND", "/", "1"), 200, "nothing that is protected is a child of the root");
    assert_eq!(deep("PROPFIND", "/files", "1"), 403);
    for depth in ["infinity", "Infinity", "1,noroot", "00", "+0", "", "2", "0, infinity"] {
        assert_eq!(deep("PROPFIND", "/", depth), 403, "{depth:?}");
        assert_eq!(deep("LOCK", "/", depth), 403, "{depth:?}");
    }
    for method in ["COPY", "MOVE", "DELETE", "REPORT", "SEARCH", "ACL"] {
        assert_eq!(deep(method, "/", "0"), 403, "{method}: a header does not make it small");
    }
    let twice = ask("PROPFIND", "/").field("Depth", "0").field("Depth", "infinity");
    assert_eq!(both(&vestibule, &addon, &bob, &twice), 403);
    // What `Connection` names does not reach the add-on, which then reads no depth at all.
    let mut client = RawClient::connect(vestibule.https());
    let head = "PROPFIND /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nConnection: depth\r\nDepth: 0\r\nCookie:";
    client.send(format!("{head} {bob}\r\n\r\n").as_bytes());
    assert_eq!(client.answer().status, 403);
    addon.assert_no_request("its depth is gone");
}

#[test]
fn s173_what_a_tree_does_not_say_is_asked_of_all_entities() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let cookies = ["owner", "alice", "bob", "carol", "grace", "heidi"].map(|user| vestibule.cookie(user));
    for (method, path, expected) in [
        //                                    owner alice bob carol grace heidi
        ("DELETE", "/rooms/bed_light", [200, 200, 200, 403, 200, 403]),
        ("DELETE", "/rooms/bed_light/log", [200, 200, 200, 403, 200, 403]),
        ("DELETE", "/rooms", [200, 200, 200, 403, 403, 403]),
        ("PROPFIND", "/any", [200, 200, 200, 200, 403, 403]),
        ("PROPFIND", "/any/light", [200, 200, 200, 200, 403, 403]),
        ("PROPFIND", "/any/light/bed_light", [200, 200, 200, 200, 200, 403]),
        ("PROPFIND", "/any/light/bed_light/x", [200; 6]),
    ] {
        let statuses = cookies.clone().map(|cookie| both(&vestibule, &addon, &cookie, &ask(method, path)));
        assert_eq!(statuses, expected, "{method} {path}");
    }
}

/// S-102: `explain` knows no `Depth`, which is what a request without one is.
#[test]
fn s173_explain_judges_trees_as_the_gate_does_and_says_why() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let methods = ["GET", "DELETE", "PROPFIND", "REPORT", "LOCK", "COPY", "SEARCH", "PROPPATCH"];
    let paths = ["/", "/files", "/rooms/bed_light", "/rooms", "/any/light", "/free", "/read", "/secret.", "/a~1"];
    for user in ["bob", "grace"] {
        let cookie = vestibule.cookie(user);
        let cases: Vec<_> = methods.iter().flat_map(|method| paths.map(|path| (*method, path))).collect();
        let line = |(method, path): &(&str, &str)| {
            serde_json::json!({"user": user, "method": method, "url": format!("/ingress/a{path}")}).to_string()
        };
        let file = vestibule.path("cases.jsonl");
        std::fs::write(&file, cases.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
        let answers = vestibule.command_ok(&["explain", "--cases", file.to_str().unwrap()]);
        assert_eq!(answers.lines().count(), cases.len());
        for ((method, path), said) in cases.into_iter().zip(answers.lines()) {
            let answer = vestibule.ask(Protocol::H2, &ask(method, path).cookie(&cookie));
            let permit = serde_json::from_str::<Value>(said).unwrap()["decision"] == "permit";
            assert_eq!(permit, answer.status == 200, "{user} {method} {path}: {said}");
            addon.forget();
        }
    }
    let said = explained(&vestibule, "grace", "DELETE", "/rooms");
    let words = said["reason"].as_str().unwrap();
    assert!(
        words.contains("rule 2 (/rooms/{light}/log/{day}) stands below the path, and DELETE acts on all of it"),
        "{words}"
    );
    assert!(words.contains("asks for control on all entities"), "{words}");
}

fn explained(vestibule: &Vestibule, user: &str, method: &str, path: &str) -> Value {
    let url = format!("/ingress/a{path}");
    let said = vestibule.command(&["explain", "--user", user, "--method", method, "--url", &url, "--json"]);
    serde_json::from_slice(&said.stdout).unwrap()
}

#[test]
fn s173_with_default_deny_a_tree_is_open_only_where_a_rule_opens_all_of_it() {
    let rules = r#"
default = "deny"

[[addon.protect]]
path = "/files/{*rest}"

[[addon.protect]]
path = "/page"

[[addon.protect]]
methods = ["DELETE", "PROPFIND"]
path = "/items/{item}"
"#;
    let (addon, vestibule) = protected(RawAddon::start(), rules);
    let owner = vestibule.cookie("owner");
    for (method, path, expected) in [
        ("PROPFIND", "/files", 200),
        ("DELETE", "/files/x", 200),
        ("PROPFIND", "/page", 403),
        ("DELETE", "/page", 403),
        ("PROPFIND", "/", 403),
        ("PROPFIND", "/items/x", 403),
        // Who lists DELETE for a path means what DELETE does there, as add-ons without WebDAV do.
        ("DELETE", "/items/x", 200),
        ("DELETE", "/items", 403),
    ] {
        assert_eq!(both(&vestibule, &addon, &owner, &ask(method, path)), expected, "{method} {path}");
    }
    let alone = ask("PROPFIND", "/page").field("Depth", "0");
    assert_eq!(both(&vestibule, &addon, &owner, &alone), 200);
    let answer = vestibule.ask(Protocol::H1, &ask("PROPFIND", "/page").cookie(&owner));
    assert_eq!(reason(&vestibule, &answer), "path_not_open");
    let said = explained(&vestibule, "owner", "PROPFIND", "/page");
    assert!(said["reason"].as_str().unwrap().contains("no rule opens everything below this path"), "{said}");
}

#[test]
fn s174_a_name_that_some_server_trims_is_refused_where_there_are_rules() {
    let (addon, vestibule) = protected(RawAddon::start(), TREE);
    let (open, without) = protected(RawAddon::start(), "");
    let (owner, other) = (vestibule.cookie("owner"), without.cookie("owner"));
    for segment in [
        "secret.",
        "secret%2e",
        "secret...",
        "secret%20",
        "secret%20.",
        "%20secret",
        "secret%C2%A0",
        "secret%E3%80%80",
        "secret%E2%80%8C",
        "%EF%BB%BFsecret",
        "se%C2%ADcret",
        "...",
        "secret::$DATA",
        "secret::%24data",
        "secret%3A$I30:$INDEX_ALLOCATION",
        "secret:",
        "SECRET~1",
        "secret~1.txt",
        "s~12",
    ] {
        for path in
            [format!("/files/{segment}"), format!("/files/{segment}/x"), format!("/{segment}"), format!("/{segment}/")]
        {
            assert_eq!(both(&vestibule, &addon, &owner, &ask("GET", &path)), 400, "{path}");
            assert_eq!(both(&without, &open, &other, &ask("GET", &path)), 200, "{path}: no rule, no judgement");
        }
        let answer = vestibule.ask(Protocol::H1, &ask("GET", &format!("/files/{segment}")).cookie(&owner));
        assert_eq!(reason(&vestibule, &answer), "ambiguous_path", "{segment}");
    }
    for segment in
        ["a.b", ".hidden", "a%20b", "12:30", "urn:x:y", "~user", "file~", "a~b", "x$", "verylongname~1", "%C3%A9"]
    {
        let path = format!("/files/{segment}");
        assert_eq!(both(&vestibule, &addon, &owner, &ask("GET", &path)), 200, "{path}");
    }
    let allowed = "[[addon.protect]]\npath = \"/notes/{*rest}\"\nrequire = \"admin\"\nallow_ambiguous_path = true\n";
    let (addon, vestibule) = protected(RawAddon::start(), allowed);
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    assert_eq!(both(&vestibule, &addon, &alice, &ask("GET", "/notes/Mr.")), 200, "a rule says so");
    assert_eq!(both(&vestibule, &addon, &bob, &ask("GET", "/notes/Mr.")), 403);
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &ask("DELETE", "/notes/Mr.").cookie(&bob)).status, 403);
    }
}
