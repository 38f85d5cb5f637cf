//! `[[test]]`: what the operator expects is tried by `check`, and one that fails is shown with its line and the reason.

use crate::Folder;

const ADDON: &str = "
[[addon]]
slug = \"a\"
upstream = \"http://127.0.0.1:1\"
path = \"/ingress/a\"
[[addon.protect]]
path = \"/settings/{*rest}\"
require = \"admin\"
[[addon.protect]]
path = \"/call\"
body = \"/entity_id\"
access = \"control\"
";

/// `check` on an add-on and one test, whose first line is 14 of the file.
fn check(test: &str) -> (i32, String) {
    let folder = Folder::new();
    folder.configure(&format!("{ADDON}\n[[test]]\n{test}\n"));
    let said = folder.run("check", &[]);
    (said.code, said.err)
}

#[track_caller]
fn passes(test: &str) {
    let (code, err) = check(test);
    assert_eq!(code, 0, "{err}");
}

#[track_caller]
fn fails(test: &str, at: &str, words: &[&str]) {
    let (code, err) = check(test);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains(": 1 mistake"), "{err}");
    let place = format!("config.toml:{at}\n");
    for word in [place.as_str(), "hint: "].into_iter().chain(words.iter().copied()) {
        assert!(err.contains(word), "no {word:?}:\n{err}");
    }
}

#[test]
fn a_test_that_comes_out_as_expected_passes() {
    passes("user = \"grace\"\nentity = \"light.bed_light\"\naccess = \"control\"\nexpect = \"permit\"");
    passes("user = \"heidi\"\nentity = \"light.bed_light\"\naccess = \"control\"\nexpect = \"deny\"");
    passes("user = \"alice\"\nurl = \"/ingress/a/settings\"\nexpect = \"permit\"");
    passes("user = \"bob\"\nurl = \"/ingress/a/settings\"\nwebsocket = true\nexpect = \"deny\"");
    let call =
        "user = \"grace\"\nmethod = \"POST\"\nurl = \"/ingress/a/call\"\nbody = '{\"entity_id\": \"light.bed_light\"}'";
    passes(&format!("{call}\nexpect = \"permit\""));
}

/// S-144
#[test]
fn how_a_request_is_sent_is_part_of_a_test() {
    let ask = "user = \"bob\"\nurl = \"https://home.example/ingress/a/\"\nwebsocket = true";
    passes(&format!("{ask}\nexpect = \"permit\""));
    passes(&format!("{ask}\norigin = \"https://home.example\"\nexpect = \"permit\""));
    for refused in ["origin = \"https://evil.example\"", "origin = \"none\"", "token = true"] {
        passes(&format!("{ask}\n{refused}\nexpect = \"deny\""));
    }
    passes("user = \"dave\"\nurl = \"/ingress/a/\"\nfrom = \"203.0.113.9\"\nexpect = \"deny\"");
    let no_address = "user = \"dave\"\nurl = \"/ingress/a/\"\nfrom = \"home\"\nexpect = \"deny\"";
    fails(no_address, "18:8", &["\"home\" is no address", "expected the client's address"]);
}

#[test]
fn one_that_comes_out_otherwise_is_shown_with_the_reason() {
    let wrong = "user = \"heidi\"\nentity = \"light.bed_light\"\naccess = \"control\"\nexpect = \"permit\"";
    fails(wrong, "19:10", &["a test fails: denied, because the user is in no group", "expected \"permit\""]);
    let open = "user = \"alice\"\nurl = \"/ingress/a/settings\"\nexpect = \"deny\"";
    fails(open, "18:10", &["a test fails: permitted, because rule 1 (/settings/{*rest})", "expected \"deny\""]);
    let shut = "user = \"bob\"\nurl = \"/ingress/a/SETTINGS/x\"\nexpect = \"permit\"";
    fails(shut, "18:10", &["rule 1 (/settings/{*rest}) asks for an administrator: the user is not one"]);
}

#[test]
fn one_that_cannot_be_decided_is_a_mistake() {
    fails("user = \"nobody\"\nurl = \"/\"\nexpect = \"deny\"", "15:1", &["there is no user nobody"]);
    fails("user = \"bob\"\nmethod = \"get\"\nurl = \"/\"\nexpect = \"deny\"", "15:1", &["there is no method \"get\""]);
    fails("user = \"bob\"\nurl = \"/.vestibule/\"\nexpect = \"deny\"", "15:1", &["own pages"]);
    fails("url = \"/\"\nexpect = \"deny\"", "15:1", &["`user` is missing"]);
    fails("user = \"bob\"\nurl = \"/\"", "15:1", &["`expect` is missing"]);
    fails("user = \"bob\"\nurl = \"/\"\nexpect = \"allow\"", "18:10", &["unknown word", "\"permit\" or \"deny\""]);
    fails("user = \"bob\"\nexpect = \"deny\"", "15:1", &["asks for nothing"]);
    let both = "user = \"bob\"\nurl = \"/\"\nentity = \"light.a\"\naccess = \"read\"\nexpect = \"deny\"";
    fails(both, "15:1", &["for an entity and for a request"]);
    fails("user = \"bob\"\nentity = \"light.a\"\nexpect = \"deny\"", "15:1", &["`access` is missing"]);
}

#[test]
fn without_home_assistants_registries_check_says_that_nothing_was_tried() {
    let folder = Folder::new();
    let test = "[[test]]\nuser = \"bob\"\nurl = \"/ingress/a/settings\"\nexpect = \"deny\"";
    folder.configure(&format!("{ADDON}\n{test}\n"));
    std::fs::write(folder.path().join("home/.storage/core.device_registry"), "{").unwrap();
    let said = folder.run("check", &[]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(
        said.err.contains("the tests cannot be tried: ") && said.err.contains("core.device_registry"),
        "{}",
        said.err
    );
}
