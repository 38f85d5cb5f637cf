//! What operators get wrong, each with the hint that fits; what a parser makes of TOML is in `file`.

use crate::harness::{Folder, addon, refused, refused_in};

fn rule(lines: &str) -> String {
    addon(&format!("[[addon.protect]]\n{lines}"))
}

#[test]
fn a_regular_expression_is_no_path() {
    for path in ["^/api", "/api/.*", "/api/.+", "/api/[0-9]+", "/(a|b)", "/x$", "/[^/]+/y", "/v([1-9])+"] {
        let told = ["looks like a regular expression", "`{*rest}` at the end"];
        refused(&rule(&format!("path = \"{path}\"\nrequire = \"admin\"")), "8:8", &told);
    }
    refused(&rule("path = '/\\d'\nrequire = \"admin\""), "8:8", &["looks like a regular expression"]);
}

#[test]
fn a_port_beyond_all_ports_is_told_as_one() {
    let listen = |address: &str| addon(&format!("\n[listen]\nhttps = [\"{address}\"]"));
    refused(&listen("127.0.0.1:70000"), "9:10", &["not an address", "a port is a number from 1 to 65535"]);
    refused(&listen("[::1]:x"), "9:10", &["a port is a number from 1 to 65535"]);
    refused(&listen("home:70000"), "9:10", &["names are not looked up"]);
    let upstream = addon("").replace("http://127.0.0.1:8080", "http://127.0.0.1:70000");
    refused(&upstream, "5:12", &["port is not a number from 1 to 65535"]);
}

#[test]
fn a_path_of_windows_is_told_as_one() {
    for path in ["'C:\\ha'", "\"C:/ha\"", "'ha\\config'"] {
        let text = addon("").replace("config_dir = \"home\"", &format!("config_dir = {path}"));
        refused(&text, "1:29", &["not a folder", "a path of Windows", "with `/`"]);
    }
    let chain = "certificates = [{ chain = 'C:\\home.crt', key = 'C:\\home.key' }]";
    let (_, _, said) = Folder::new().check(addon(&format!("\n[tls]\n{chain}")));
    assert_eq!(said.matches("a path of Windows").count(), 2, "{said}");
}

#[test]
fn a_key_that_is_twice_in_one_line_is_shown_in_both_places() {
    let text = addon("access = { admin_only = true, admin_only = true }");
    refused(&text, "7:31", &["duplicate key", "first here"]);
    let secret = addon("headers = { X-Key = \"hunter2\", X-Key = \"hunter3\" }");
    let (_, _, said) = Folder::new().check(&secret);
    assert!(said.contains("duplicate key") && !said.contains("hunter"), "{said}");
}

#[test]
fn a_manifest_that_is_not_there_is_told_at_its_line() {
    let told = ["cannot be read: No such file", "nowhere/config.yaml"];
    refused(&addon("manifest = \"nowhere/config.yaml\""), "7:12", &told);
    let folder = Folder::new();
    std::fs::create_dir(folder.path("addon")).unwrap();
    refused_in(&folder, &addon("manifest = \"addon\""), "7:12", &["not a regular file"]);
}

#[test]
fn a_mistake_in_the_path_of_a_rule_hides_no_other() {
    let said = |lines: &str| Folder::new().check(rule(lines)).2;
    let both = said("path = \"/x//y\"\nquery = \"a b\"\naccess = \"see\"\nrequire = \"nobody\"");
    for told in ["an empty segment", "not the name of a parameter", "unknown word `see`", "unknown word `nobody`"] {
        assert!(both.contains(told), "no {told:?}: {both}");
    }
    let placeholder = said("path = \"x\"\nentity = \"light.{lamp}\"\naccess = \"control\"");
    assert!(placeholder.contains(": 1 mistake"), "its placeholders cannot be told from a broken path: {placeholder}");
    let missing = said("query = \"a\"\naccess = \"see\"");
    assert!(missing.contains("`path` is missing") && missing.contains("unknown word `see`"), "{missing}");
}

#[test]
fn names_that_people_see_lead_to_the_ids_that_are_meant() {
    refused(&addon("access = { groups = [\"Users\"] }"), "7:22", &["did you mean \"system-users\"?"]);
    let said = Folder::new().check(addon("access = { users = [\"Frank Guest\"] }")).2;
    assert!(said.contains("did you mean \"frank\"?"), "{said}");
}
