//! `vestibule explain` and what else says why: operators ask what a user may do to an entity, and are told the decision
//! and the whole reason.
//!
//! The binary is run as they run it, on the home in `examples/` or on a changed copy of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test is a test too, and clippy exempts only the functions marked so"
)]

mod circumstances;
mod groups;

mod manual;
mod requests;
mod trials;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a configuration, and a copy of the home that it names.
struct Folder(TempDir);

/// How a command ended, and what it said on each stream.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let storage = folder.path().join("home/.storage");
        fs::create_dir_all(&storage).unwrap();
        for entry in fs::read_dir(root().join("examples/home/.storage")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), storage.join(entry.file_name())).unwrap();
        }
        fs::write(folder.path().join("config.toml"), "home_assistant.config_dir = \"home\"\n").unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Replaces one text in `.storage/auth`.
    fn change_auth(&self, from: &str, to: &str) {
        self.change("auth", from, to);
    }

    /// Replaces one text in a file of `.storage`, wherever it stands.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join("home/.storage").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let text = serde_json::from_str::<Value>(&text).unwrap().to_string();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Writes a configuration of this text on this home.
    fn configure(&self, text: &str) {
        // Behind everything else, so that no line moves. `check` looks whether ports are free, and others may have the usual
        // ones.
        let listen = "[listen]\nhttps = [\"127.0.0.1:0\"]\noperations = false";
        let text = format!("home_assistant.config_dir = \"home\"\n{text}\n{listen}\n");
        fs::write(self.path().join("config.toml"), text).unwrap();
    }

    fn explain(&self, arguments: &[&str]) -> Said {
        self.explain_lines(arguments, "")
    }

    /// With this on standard input.
    fn explain_lines(&self, arguments: &[&str], input: &str) -> Said {
        self.run_with("explain", arguments, input)
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Said {
        self.run_with(command, arguments, "")
    }

    fn run_with(&self, command: &str, arguments: &[&str], input: &str) -> Said {
        let name = command;
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.arg(name).arg("--config").arg(self.path().join("config.toml")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        // A command that takes no input may have ended before it was written.
        let _ = writer.join().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn one(&self, user: &str, entity: &str, access: &str) -> Said {
        self.explain(&["--user", user, "--entity", entity, "--access", access])
    }

    fn json(&self, user: &str, entity: &str) -> Value {
        let said = self.explain(&["--user", user, "--entity", entity, "--json"]);
        assert_eq!(said.out.lines().count(), 1, "{}{}", said.out, said.err);
        serde_json::from_str(&said.out).unwrap()
    }
}

impl Said {
    /// The answers, one of each line.
    fn answers(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn case(user: &str, entity: &str, access: &str) -> String {
    json!({"user": user, "entity": entity, "access": access}).to_string()
}

#[test]
fn every_user_of_the_home_may_do_to_each_entity_what_they_may_in_home_assistant() {
    let vectors = fs::read(root().join("tests/fixtures/vectors/home_users.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let (mut input, mut expected) = (String::new(), Vec::new());
    for user in vectors["users"].as_array().unwrap() {
        for access in ["read", "control", "edit"] {
            for entity in vectors["entity_ids"].as_array().unwrap() {
                let allowed = &user["allowed"];
                let permit = allowed == "all" || allowed[access].as_array().unwrap().contains(entity);
                expected.push(if permit { "permit" } else { "deny" });
                writeln!(input, "{}", case(user["id"].as_str().unwrap(), entity.as_str().unwrap(), access)).unwrap();
            }
        }
    }
    let folder = Folder::new();
    let said = folder.explain_lines(&["--cases", "-"], &input);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let answers = said.answers();
    assert_eq!((answers.len(), expected.len()), (11 * 3 * 132, 11 * 3 * 132));
    let differs = |(answer, theirs): &(&Value, &&str)| answer["decision"] != ***theirs;
    let mismatches: Vec<_> = answers.iter().zip(&expected).filter(differs).collect();
    println!("home_users.json through explain: {} compared, {} mismatches", answers.len(), mismatches.len());
    assert!(mismatches.is_empty(), "{mismatches:?}");
    assert!(answers.iter().all(|answer| !answer["reason"].as_str().unwrap().is_empty()));
    for (answer, line) in answers.iter().zip(input.lines()) {
        let asked: Value = serde_json::from_str(line).unwrap();
        let repeated = json!({"user": answer["user"], "entity": answer["entity"], "access": answer["access"]});
        assert_eq!(repeated, asked, "the answers are in the order of the questions");
    }
}

#[test]
fn the_reason_names_group_selector_device_and_area() {
    let folder = Folder::new();
    insta::assert_snapshot!(folder.one("grace", "sensor.statistics_issues_issue_2", "control").out, @r#"
    permit: grace may control sensor.statistics_issues_issue_2
    because: group custom-kitchen (Kitchen staff) gives control by `area_ids`: area kitchen (Kitchen) of device 681a77e182012c98f92e7c21ae07db19 (Statistics issues)
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights)
    entity: sensor.statistics_issues_issue_2, registered as d75fd9460d4b41cac41d4aa58e1c10fb; device 681a77e182012c98f92e7c21ae07db19 (Statistics issues); area kitchen (Kitchen) of that device; its own area kuche_ost does not count
    "#);
    insta::assert_snapshot!(folder.one("grace", "light.bed_light", "control").out, @r#"
    permit: grace may control light.bed_light
    because: group custom-lights (Lights) gives control by `domains`: light
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights)
    entity: light.bed_light, registered as 87d98929475482d8398c467bd20c5282; device e350a36921b2075e6bb500b586eab9a5 (Bed Light); area garden (Garden) of that device
    "#);
    insta::assert_snapshot!(folder.one("frank", "light.kitchen_ceiling", "edit").out, @r#"
    permit: frank may edit light.kitchen_ceiling
    because: group custom-guests (Guests) gives edit by `entity_ids`: light.kitchen_ceiling
    user: 58c50fbf54e3424a8679b60b36e9c601 (Frank Guest), in custom-guests (Guests)
    entity: light.kitchen_ceiling, registered as 7e3b215685105bc04cf5588a92abe558; no device and so no area; its own area living_room does not count
    "#);
    insta::assert_snapshot!(folder.one("frank", "switch.ac", "control").out, @r#"
    deny: frank may not control switch.ac
    because: no group of the user gives control on it
    user: 58c50fbf54e3424a8679b60b36e9c601 (Frank Guest), in custom-guests (Guests)
    entity: switch.ac, registered as cc8a898e308f6cd372a4bf061728ba24; device 39be6cec169e0f4b9f5f34a94281a515 (AC); area living_room (Living Room) of that device
    "#);
    insta::assert_snapshot!(folder.one("heidi", "sun.sun", "read").out, @r#"
    deny: heidi may not read sun.sun
    because: the user is in no group
    user: 57c20cb62dfc4ad896625dd7dc64a825 (Heidi Nogroup), in no group
    entity: sun.sun, not in the registry; no device and so no area
    "#);
    insta::assert_snapshot!(folder.one("owner", "any text\n", "").out, @r#"
    permit: owner may "" "any text\n"
    because: the owner is restricted by nothing
    user: 28f6cd66c32b44b5a7afb42ffd3e8c74 (Olivia Owner), in system-admin (Administrators)
    entity: "any text\n", not in the registry; no device and so no area
    "#);
}

#[test]
fn who_is_refused_before_any_policy_is_asked_is_told_beside_the_decision() {
    let folder = Folder::new();
    insta::assert_snapshot!(folder.one("erin", "sun.sun", "read").out, @r#"
    permit: erin may read sun.sun
    but: this user is refused before any policy is asked, wherever they come from (inactive_user)
    because: group system-users (Users) allows everything: its `entities` is true
    user: 17c8dcb49af44d52946736c873614067 (Erin Inactive), in system-users (Users)
    entity: sun.sun, not in the registry; no device and so no area
    "#);
    insta::assert_snapshot!(folder.one("dave", "switch.power_strip_with_2_sockets_outlet_4", "read").out, @r#"
    permit: dave may read switch.power_strip_with_2_sockets_outlet_4
    but: this user is refused before any policy is asked, when they do not come from the local network (not_local)
    because: group system-users (Users) allows everything: its `entities` is true
    user: 9409fe5cf4f3471898a077583e0be11a (Dave Local), in system-users (Users)
    entity: switch.power_strip_with_2_sockets_outlet_4, registered as bae4afdb939069c4ea89ccffc9616b68; device b63f06f6eafc30da5fb818bef9b013c1 (Outlet 4), part of device 26c1d6fd59f9956983613b389a6855c7; area bedroom (Bedroom) of device 26c1d6fd59f9956983613b389a6855c7
    "#);
    assert_eq!(
        folder.json("erin", "sun.sun")["entry"],
        json!({"local": "inactive_user", "elsewhere": "inactive_user"})
    );
    assert_eq!(folder.json("dave", "sun.sun")["entry"], json!({"local": "permit", "elsewhere": "not_local"}));
    let own = folder.json("bec8ee10ae0943ae8e505c8abf6ee05a", "sun.sun");
    assert_eq!(own["entry"], json!({"local": "system_user", "elsewhere": "system_user"}));
    assert_eq!(own["decision"], "permit");
}

#[test]
fn json_says_all_that_the_decision_stands_on() {
    let answer = Folder::new().json("grace", "sensor.statistics_issues_issue_2");
    let device = "681a77e182012c98f92e7c21ae07db19";
    let kitchen = json!({"id": "custom-kitchen", "name": "Kitchen staff"});
    let expected = json!({
        "user": "grace",
        "entity": "sensor.statistics_issues_issue_2",
        "access": "read",
        "decision": "permit",
        "reason": "group custom-kitchen (Kitchen staff) gives read by `area_ids`: area kitchen (Kitchen) of device \
                   681a77e182012c98f92e7c21ae07db19 (Statistics issues)",
        "because": {"kind": "rule", "selector": "area_ids", "id": "kitchen", "group": kitchen},
        "user_id": "b211218298de457d88188731bebd4254",
        "user_name": "Grace Kitchen",
        "groups": [kitchen, {"id": "custom-lights", "name": "Lights"}],
        "configured_groups": [],
        "policies_of": "home-assistant",
        "entry": {"local": "permit", "elsewhere": "permit"},
        "registered": {
            "entity_id": "sensor.statistics_issues_issue_2",
            "id": "d75fd9460d4b41cac41d4aa58e1c10fb",
            "own_area": "kuche_ost",
            "own_labels": [],
            "named_device": null,
            "device": {"id": device, "name": "Statistics issues", "part_of": null, "labels": []},
            "area": {"id": "kitchen", "name": "Kitchen", "of_device": device},
        },
    });
    assert_eq!(answer, expected);
}

#[test]
fn the_exit_code_says_permit_deny_or_mistake() {
    let folder = Folder::new();
    let frank = "58c50fbf54e3424a8679b60b36e9c601";
    let code = |arguments: &[&str]| folder.explain(arguments).code;
    assert_eq!(code(&["--user", "frank", "--entity", "switch.ac"]), 0);
    assert_eq!(code(&["--user", frank, "--entity", "switch.ac", "--access", "read", "--json"]), 0);
    assert_eq!(code(&["--user", "frank", "--entity", "switch.ac", "--access", "control"]), 3);
    assert_eq!(code(&["--user", "Frank", "--entity", "switch.ac"]), 2);
    for mistake in [
        &["--user", "frank"][..],
        &["--entity", "switch.ac"],
        &["--cases", "-", "--user", "frank"],
        &["--cases", "-", "--access", "read"],
        &["--cases", "/nowhere/at/all"],
        &["--user", "frank", "--method", "GET"],
    ] {
        let said = folder.explain(mistake);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{mistake:?}");
        assert!(!said.err.is_empty(), "{mistake:?}");
    }
    fs::write(folder.path().join("config.toml"), "home_assistant.config_dir = \"elsewhere\"\n").unwrap();
    assert_eq!(code(&["--user", "frank", "--entity", "switch.ac"]), 2);
}

#[test]
fn a_malformed_line_is_answered_in_its_place_and_the_command_ends_with_a_mistake() {
    let (deny, permit) = (case("nobody", "switch.ac", "read"), case("owner", "switch.ac", "read"));
    let folder = Folder::new();
    let said =
        folder.explain_lines(&["--cases", "-"], &format!("{deny}\nnot JSON\n\n{{\"user\": \"frank\"}}\n{permit}"));
    let answers = said.answers();
    assert_eq!((said.code, answers.len()), (2, 5));
    assert_eq!((&answers[0]["decision"], &answers[0]["because"]["kind"]), (&json!("deny"), &json!("unknown_user")));
    assert_eq!(answers[0]["reason"], "there is no user nobody in Home Assistant's files");
    for (at, line) in [(1, 2), (2, 3), (3, 4)] {
        assert_eq!(answers[at]["line"], line);
        assert!(answers[at]["error"].is_string() && answers[at].get("decision").is_none(), "{}", answers[at]);
    }
    assert_eq!(answers[4]["decision"], "permit");
    assert_eq!(folder.explain_lines(&["--cases", "-"], &format!("{deny}\n")).code, 0);
}

#[test]
fn twenty_thousand_lines_of_a_file_are_answered() {
    let folder = Folder::new();
    let file = folder.path().join("cases.jsonl");
    fs::write(&file, format!("{}\n", case("grace", "light.bed_light", "control")).repeat(20_000)).unwrap();
    let said = folder.explain(&["--cases", file.to_str().unwrap()]);
    assert_eq!((said.code, said.out.lines().count()), (0, 20_000));
    assert!(said.out.lines().all(|line| line.contains(r#""decision":"permit""#)));
}

#[test]
fn an_illegal_policy_denies_and_is_shown_with_its_place() {
    let folder = Folder::new();
    folder.change_auth(r#""switch":{"read":true}"#, r#""switch":{"read":1}"#);
    let said = folder.one("grace", "light.bed_light", "control");
    assert_eq!(said.code, 3);
    insta::assert_snapshot!(said.out, @r#"
    deny: grace may not control light.bed_light
    because: the policy of group custom-lights (Lights) is illegal, and its members are denied everything until it is mended: a number at entities.domains.switch.read, where only true, an object or null may stand
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights)
    entity: light.bed_light, registered as 87d98929475482d8398c467bd20c5282; device e350a36921b2075e6bb500b586eab9a5 (Bed Light); area garden (Garden) of that device
    "#);
    let because = &folder.json("grace", "light.bed_light")["because"];
    assert_eq!(because["group"]["id"], "custom-lights");
    assert_eq!(because["path"], json!(["entities", "domains", "switch", "read"]));
    assert_eq!(folder.one("frank", "switch.ac", "read").code, 0, "who is not in that group is not concerned");
}

#[test]
fn without_the_registries_everything_is_denied_even_to_the_owner() {
    let folder = Folder::new();
    fs::write(folder.path().join("home/.storage/core.device_registry"), "{").unwrap();
    for user in ["owner", "bob", "frank"] {
        let answer = folder.json(user, "light.kitchen_ceiling");
        assert_eq!(
            (&answer["decision"], &answer["because"]["kind"]),
            (&json!("deny"), &json!("no_registry")),
            "{user}"
        );
        assert!(answer["reason"].as_str().unwrap().contains("core.device_registry: "), "{answer}");
    }
}

#[test]
fn of_two_users_with_one_user_name_the_first_is_meant_and_an_id_comes_before_a_user_name() {
    let (frank, heidi) = ("58c50fbf54e3424a8679b60b36e9c601", "57c20cb62dfc4ad896625dd7dc64a825");
    let folder = Folder::new();
    folder.change_auth(r#""username":"heidi""#, r#""username":"frank""#);
    assert_eq!(folder.json("frank", "switch.ac")["user_id"], frank);
    folder.change_auth(r#""username":"grace""#, &format!(r#""username":"{heidi}""#));
    assert_eq!(folder.json(heidi, "switch.ac")["user_id"], heidi);
}
