//! `options` of an add-on: over the manifest's defaults, judged by its schema, and shown where they are wrong.

use serde_json::json;
use vestibule::cli::Exit;

use crate::harness::{Folder, HOME, accepted, addon, refused};

const MANIFEST: &str = "name: Broker\nversion: \"1\"\nslug: broker\ndescription: d\narch: [amd64]\n\
    options: {logins: [], port: 1883, level: null}\n\
    schema:\n  logins:\n    - username: str\n      password: password(8,)\n  port: port\n  level: list(info|debug)?\n  name: str\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("broker/config.yaml", MANIFEST);
    folder
}

/// The options begin at 5:11.
fn config(options: &str) -> String {
    format!(
        "{HOME}[[addon]]\nmanifest = \"broker/config.yaml\"\noptions = {options}\npath = \"/b\"\nupstream = \"http://127.0.0.1:1\"\n"
    )
}

/// What `check` says of these options.
fn said(options: &str) -> String {
    let (exit, out, err) = folder().check(config(options));
    assert_eq!(exit, Exit::Mistaken, "{out}{err}");
    err
}

#[test]
fn options_take_the_place_of_the_manifests_defaults() {
    let loaded = folder().load(config("{ name = \"home\", port = 1884 }")).unwrap();
    let options = &loaded.settings.addons[0].package.options;
    assert_eq!(options.reveal(), &json!({ "logins": [], "port": 1884, "name": "home" }));
    assert_eq!(format!("{options:?}"), "Options(..)");
    let loaded = folder().load(config("{}").replace("options = {}\n", "")).unwrap();
    let defaults = json!({ "logins": [], "port": 1883, "level": null });
    assert_eq!(loaded.settings.addons[0].package.options.reveal(), &defaults, "without any: as its author left them");
    let as_table = config("{}").replace("options = {}\n", "") + "[addon.options]\nname = \"home\"\nlevel = \"info\"\n";
    assert_eq!(folder().load(as_table).unwrap().settings.addons[0].package.options.reveal()["level"], "info");
}

#[test]
fn a_wrong_option_is_shown_where_it_stands() {
    for (options, at, words) in [
        (
            "{ name = \"home\", port = \"1883\" }",
            "5:35",
            ["wrong type: this is text", "expected a port from 1 to 65535"],
        ),
        (
            "{ name = \"home\", port = 70000 }",
            "5:35",
            ["not a value that this option may have", "the manifest's schema says"],
        ),
        ("{ name = 5 }", "5:20", ["wrong type: this is a number", "expected text"]),
        ("{ name = \"home\", level = \"loud\" }", "5:36", ["expected `info` or `debug`", "write one of these words"]),
        ("{ port = 1883 }", "5:11", ["the option `name` is missing", "add `name`, text"]),
        ("{ name = \"home\", logins = 5 }", "5:37", ["expected a list", "in brackets"]),
        (
            "{ name = \"home\", logins = [{ username = \"una\" }] }",
            "5:38",
            ["the option `password` is missing", "8 characters"],
        ),
        ("{ name = 2026-11-22 }", "5:20", ["no option is a date", "put it in quotes"]),
    ] {
        let said = said(options);
        assert!(said.contains(&format!("config.toml:{at}\n")), "{options}: not at {at}:\n{said}");
        assert!(said.contains("= hint: "), "{said}");
        for word in words {
            assert!(said.contains(word), "no {word:?} in\n{said}");
        }
    }
    refused(&addon("options = 5"), "7:11", &["expected a table of options, or a file with them"]);
}

#[test]
fn a_password_among_options_is_never_shown() {
    let said = said(
        "{ name = 5, logins = [{ username = \"una\", password = \"hunter2\" }, { username = 5, password = \"hunter2-hunter2\" }] }",
    );
    assert!(said.contains(": 3 mistakes") && !said.contains("hunter2"), "{said}");
}

#[test]
fn an_option_that_the_manifest_does_not_know_is_left_out_with_a_warning() {
    let (exit, out, err) = folder().check(config("{ name = \"home\", prot = 1884 }"));
    assert_eq!(exit, Exit::Done, "{err}");
    assert!(out.ends_with(", 1 warning\n") && err.contains("config.toml:5:28\n"), "{out}{err}");
    assert!(err.contains("unknown option `prot`") && err.contains("did you mean `port`?"), "{err}");
    let loaded = folder().load(config("{ name = \"home\", prot = 1884 }")).unwrap();
    assert_eq!(loaded.settings.addons[0].package.options.reveal()["port"], 1883);
}

#[test]
fn options_may_stand_in_a_file_of_their_own_with_its_own_lines() {
    let folder = folder();
    folder.write("broker/options.json", "{\n  \"name\": \"home\",\n  \"port\": 1885\n}\n");
    let loaded = folder.load(config("\"broker/options.json\"")).unwrap();
    assert_eq!(loaded.settings.addons[0].package.options.reveal()["port"], 1885);
    assert!(loaded.files.iter().any(|file| file.ends_with("broker/options.json")), "it is watched");
    folder.write("broker/options.json", "{\n  \"name\": \"home\",\n  \"port\": true\n}\n");
    let (_, _, err) = folder.check(config("\"broker/options.json\""));
    assert!(err.contains("broker/options.json:3:11\n") && err.contains("expected a port"), "{err}");
    folder.write("broker/options.json", "{\n  \"name\": \n");
    let (_, _, err) = folder.check(config("\"broker/options.json\""));
    assert!(err.contains("broker/options.json:") && err.contains(": 1 mistake"), "{err}");
    let (_, _, err) = folder.check(config("\"broker/nowhere.json\""));
    assert!(err.contains("broker/nowhere.json") && err.contains("cannot be read"), "{err}");
}

#[test]
fn without_a_manifest_or_a_schema_anything_goes() {
    let settings = accepted(&addon("options = { a = [1, 2.5, \"x\", { b = true }] }")).settings;
    assert_eq!(settings.addons[0].package.options.reveal(), &json!({ "a": [1, 2.5, "x", { "b": true }] }));
    let folder = Folder::new();
    folder.write("broker/config.yaml", MANIFEST.split("schema:").next().unwrap());
    let loaded = folder.load(config("{ anything = \"goes\" }")).unwrap();
    let expected = json!({ "logins": [], "port": 1883, "level": null, "anything": "goes" });
    assert_eq!(loaded.settings.addons[0].package.options.reveal(), &expected);
}
