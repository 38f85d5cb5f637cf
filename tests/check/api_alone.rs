//! Without Home Assistant's folder: what its API alone cannot decide is a mistake at the place that needs it, with a
//! hint; what it can decide is none.

use std::time::Duration;

use crate::client_authority::ClientAuthority;
use crate::harness::{Folder, refused_in};

/// Eight lines, so that what a test adds begins on line nine.
const ALONE: &str = "[home_assistant]\nurl = \"http://ha.test\"\ntoken = { file = \"token\" }\n\n\
                     [[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("token", "eyJ0.eyJ1.c2ln\n");
    folder
}

/// Rules that ask about entities, each in another way; the key that asks is on line 11.
fn rules() -> Vec<String> {
    let asks = [
        ("/x/{light}", "entity = \"light.{light}\""),
        ("/x", "query = \"entity_id\""),
        ("/x", "body = \"/entity_id\""),
        ("/x", "entities = [\"light.kitchen\"]"),
        ("/x", "all_entities = true"),
    ];
    let levels = ["read", "control", "edit"];
    asks.iter()
        .flat_map(|(path, ask)| levels.map(|access| format!("path = \"{path}\"\n{ask}\naccess = \"{access}\"\n")))
        .map(|rule| format!("[[addon.protect]]\n{rule}"))
        .collect()
}

fn column(rule: &str) -> usize {
    rule.lines().nth(2).unwrap().find('=').unwrap() + 3
}

#[test]
fn each_rule_about_entities_is_refused_at_its_own_line_reading_too() {
    for rule in rules() {
        let place = format!("11:{}", column(&rule));
        let words = ["no API tells the policies", "needs `home_assistant.config_dir`", "groups = \"config\""];
        refused_in(&folder(), &format!("{ALONE}{rule}"), &place, &words);
        for source in ["home-assistant", "both"] {
            let text = format!("{ALONE}{rule}[permissions]\ngroups = \"{source}\"\n");
            refused_in(&folder(), &text, &place, &words);
        }
    }
}

#[test]
fn two_add_ons_with_rules_are_two_mistakes() {
    let rule = &rules()[0];
    let second = "[[addon]]\nslug = \"b\"\nupstream = \"builtin:whoami\"\npath = \"/b\"\ntokens = true\n";
    let (_, _, said) = folder().check(format!("{ALONE}{rule}{rule}{second}{rule}"));
    assert_eq!(said.matches("no API tells the policies").count(), 3, "{said}");
    for line in ["11:10", "15:10", "21:10", "24:10"] {
        assert!(said.contains(&format!("config.toml:{line}")), "{line}: {said}");
    }
    assert_eq!(said.matches("no API tells the keys").count(), 1, "{said}");
}

#[test]
fn tokens_tests_and_groups_of_home_assistants_own_need_the_folder() {
    let needs = "needs `home_assistant.config_dir`";
    refused_in(&folder(), &format!("{ALONE}tokens = true\n"), "9:10", &["no API tells the keys", needs]);
    let held = |group: &str| format!("{ALONE}rights = {{ homeassistant_api = true }}\nentities = \"{group}\"\n");
    refused_in(&folder(), &held("custom-guests"), "10:12", &["no API tells the policy of this group", needs]);
    for test in ["entity = \"light.kitchen\"\naccess = \"read\"", "url = \"/a/\""] {
        let text = format!("{ALONE}[[test]]\nuser = \"frank\"\nexpect = \"permit\"\n{test}\n");
        refused_in(&folder(), &text, "9:1", &["a test is tried with Home Assistant's files", needs]);
    }
    let ours = "[[group]]\nid = \"custom-guests\"\nmembers = [\"frank\"]\n[group.policy]\nall = { read = true }\n";
    for accepted in [format!("{}{ours}", held("custom-guests")), held("system-users")] {
        let loaded = folder().load(&accepted);
        assert!(loaded.is_ok(), "{}\n{accepted}", loaded.unwrap_err());
    }
}

#[test]
fn what_the_api_tells_is_enough_for_all_else() {
    let ours = "[permissions]\ngroups = \"config\"\n\n[[group]]\nid = \"guests\"\nmembers = [\"frank\"]\n\
                [group.policy]\nall = { read = true }\nareas = { kitchen = { control = true } }\n";
    let plain = [
        "tokens = false\n",
        "access = { groups = [\"system-users\"], users = [\"frank\"], admin_only = true }\n",
        "[[addon.protect]]\npath = \"/x\"\nrequire = \"admin\"\n",
        "[[addon.protect]]\npath = \"/x\"\nrequire = \"owner\"\n",
        "[sign_in]\nmethods = [\"home-assistant\", \"password\"]\n",
    ];
    for text in plain.into_iter().map(str::to_owned).chain(rules().into_iter().map(|rule| format!("{rule}{ours}"))) {
        let loaded = folder().load(format!("{ALONE}{text}"));
        assert!(loaded.is_ok(), "{}\n{text}", loaded.unwrap_err());
    }
}

/// S-190: what cannot be followed is said once, at the key that makes it so, until the operator has decided.
#[test]
fn that_passwords_are_not_followed_is_a_warning_until_the_operator_says_for_how_long() {
    let folder = folder();
    let (_, _, said) = folder.check(ALONE);
    for words in ["config.toml:3:9", "no API tells that a password was changed", "ends after 1h", "`password_timeout`"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let session = |line: &str| format!("{ALONE}[session]\n{line}\n");
    let timeout = |text: &str| folder.load(text).unwrap().settings.session.password_timeout;
    assert_eq!(timeout(ALONE), Some(Duration::from_hours(1)));
    let decided = session("password_timeout = \"20m\"");
    assert_eq!(timeout(&decided), Some(Duration::from_mins(20)));
    let (_, _, said) = folder.check(&decided);
    assert!(!said.contains("password"), "{said}");
    let (_, _, said) = folder.check(session("password_timeout = \"13h\""));
    assert!(said.contains("longer than the absolute one"), "{said}");
}

#[test]
fn a_second_factor_that_nobody_can_be_known_to_have_is_told_and_a_certificate_is_one() {
    let folder = folder();
    folder.write("ca.crt", ClientAuthority::new("Home").pem());
    let decided = "[session]\npassword_timeout = \"12h\"\n";
    let told = "no API tells who has a second factor, so that this lets nobody in";
    let rule = "[[addon.protect]]\npath = \"/safe\"\nsecond_factor = true\n";
    for (lines, place) in [("second_factor = true\n", ":9:17"), (rule, ":11:17")] {
        let (_, out, said) = folder.check(format!("{ALONE}{lines}{decided}"));
        assert!(said.contains(told) && said.contains(place), "{out}{said}");
    }
    let certificate =
        "[tls]\nclient_ca = \"ca.crt\"\nclient_certificate = [{ common_name = \"a\", user = \"frank\" }]\n";
    for text in [format!("{ALONE}second_factor = false\n"), format!("{ALONE}{rule}{certificate}")] {
        let (_, out, said) = folder.check(text);
        assert!(!said.contains(told), "{out}{said}");
    }
}
