//! `vestibule addons protect` and `vestibule addons token`, from outside.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value as Json;

use crate::support::{RawAddon, Vestibule};

/// One add-on that asks for what protection keeps back.
fn start(addon: &RawAddon) -> Vestibule {
    let rights = "rights = { hassio_api = true, hassio_role = \"admin\", full_access = true }";
    Vestibule::start(|config| {
        config.addon_with("greedy", addon, rights).addon("plain", addon);
    })
}

fn shown(vestibule: &Vestibule, slug: &str) -> Json {
    serde_json::from_str(&vestibule.command_ok(&["addons", "show", slug, "--json"])).unwrap()
}

#[test]
fn protection_is_on_until_the_operator_says_otherwise_and_survives_a_crash() {
    let addon = RawAddon::start();
    let mut vestibule = start(&addon);
    let before = shown(&vestibule, "greedy");
    assert_eq!((&before["protected"], &before["role"]), (&true.into(), &"manager".into()));
    assert!(!vestibule.path("state/supervisor.json").exists(), "nothing is written before something is decided");
    let said = vestibule.command_ok(&["addons", "protect", "greedy", "off"]);
    assert!(said.contains("greedy: protection is off"), "{said}");
    vestibule.kill_9();
    vestibule.start_again();
    let after = shown(&vestibule, "greedy");
    assert_eq!((&after["protected"], &after["role"]), (&false.into(), &"admin".into()));
    let rights = after["rights"].as_array().unwrap();
    let full = rights.iter().find(|line| line["right"] == "full_access").unwrap();
    assert_eq!((&full["granted"], &full["why"]), (&"yes".into(), &"protection is off".into()));
    assert_eq!(shown(&vestibule, "plain")["protected"], true);
    let again = vestibule.command_ok(&["addons", "protect", "greedy", "off"]);
    assert!(again.contains("already off"), "{again}");
    vestibule.command_ok(&["addons", "protect", "greedy", "on"]);
    assert_eq!(shown(&vestibule, "greedy")["role"], "manager");
    let mode = fs::metadata(vestibule.path("state/supervisor.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn every_decision_is_in_the_audit_log_and_no_token_is() {
    let addon = RawAddon::start();
    let vestibule = start(&addon);
    vestibule.command_ok(&["addons", "protect", "greedy", "off"]);
    let token = vestibule.command_ok(&["addons", "token", "greedy"]);
    vestibule.await_line(&["vestibule::audit", "event=protection", "result=off", "by=control", "addon=greedy"]);
    vestibule.await_line(&["vestibule::audit", "event=token_made", "by=control", "addon=greedy"]);
    assert!(!vestibule.stderr().contains(token.trim()));
}

#[test]
fn a_token_is_printed_once_and_only_its_digest_is_kept() {
    let addon = RawAddon::start();
    let vestibule = start(&addon);
    let first = vestibule.command_ok(&["addons", "token", "greedy"]);
    let first = first.trim();
    assert!(first.len() == 64 && first.bytes().all(|b| b.is_ascii_hexdigit()), "{first}");
    let kept = fs::read_to_string(vestibule.path("state/supervisor.json")).unwrap();
    assert!(!kept.contains(first), "{kept}");
    assert!(shown(&vestibule, "greedy")["token_made"].is_string());
    let refused = vestibule.command(&["addons", "token", "greedy"]);
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--rotate"), "{refused:?}");
    let lines = vestibule.command_ok(&["addons", "token", "greedy", "--rotate", "--env"]);
    let second = lines.lines().next().unwrap().strip_prefix("SUPERVISOR_TOKEN=").unwrap();
    assert!(second.len() == 64 && second != first && lines.contains(&["HASSIO_TOKEN=", second].concat()), "{lines}");
}

#[test]
fn an_unknown_add_on_and_a_broken_file_are_told_so() {
    let addon = RawAddon::start();
    let vestibule = start(&addon);
    for command in
        [&["addons", "protect", "nobody", "off"][..], &["addons", "token", "../x"], &["addons", "show", "nobody"]]
    {
        let refused = vestibule.command(command);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no add-on"), "{refused:?}");
    }
    fs::create_dir_all(vestibule.path("state")).unwrap();
    fs::write(vestibule.path("state/supervisor.json"), "{\"version\": 9}").unwrap();
    let refused = vestibule.command(&["addons", "show", "greedy"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("written by a newer vestibule"), "{refused:?}");
}

#[test]
fn a_manifest_that_turns_bad_keeps_the_configuration_in_force() {
    let addon = RawAddon::start();
    let manifest = "name: M\nversion: \"1\"\nslug: m\ndescription: d\narch: [amd64]\n";
    let vestibule = start(&addon);
    let config = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    fs::write(vestibule.path("m.yaml"), manifest).unwrap();
    vestibule.write_config(&[config.as_str(), "[[addon]]\nmanifest = \"m.yaml\"\n"].concat());
    vestibule.command_ok(&["reload"]);
    vestibule.command_ok(&["addons", "protect", "m", "off"]);
    fs::write(vestibule.path("m.yaml"), manifest.replace("amd64", "z80")).unwrap();
    let refused = vestibule.command(&["reload"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("m.yaml:5:8") && why.contains("unknown word `z80`"), "{why}");
    vestibule.command_ok(&["addons", "protect", "m", "on"]);
}
