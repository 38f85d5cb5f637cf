//! `[permissions]` and `[[group]]`: what is wrong with a group is a mistake, and what Home Assistant does not have
//! (yet) is a warning with the nearest that it has.

use crate::harness::{HOME, accepted, addon, refused, warned};
use vestibule::config::GroupSource;
use vestibule::permission::Opinions;

/// A group with these lines in its policy; the first of them is line 9.
fn policy(lines: &str) -> String {
    format!(
        "{HOME}permissions.groups = \"both\"\n\n[[group]]\nid = \"guests\"\nmembers = [\"frank\"]\n[group.policy]\n{lines}\n\n{ADDON}"
    )
}

/// A group with these keys; the first of them is line 6.
fn group(lines: &str) -> String {
    format!("{HOME}permissions.groups = \"both\"\n\n[[group]]\n{lines}\n\n{ADDON}")
}

const ADDON: &str = "[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:8080\"\npath = \"/a\"\n";

#[test]
fn a_group_says_what_stands_there_and_nothing_else() {
    let loaded = accepted(&policy(
        "all = { read = true }\nareas = { kitchen = { control = true } }\nlabels = { private = false }\n\
         domains = { light = true }\nentity_ids = { \"lock.door\" = { read = true, control = false } }",
    ));
    let permissions = &loaded.settings.permissions;
    assert_eq!(permissions.source, GroupSource::Both);
    let [guests] = permissions.groups.as_slice() else { panic!("{permissions:?}") };
    assert_eq!((&*guests.id, guests.members.as_slice()), ("guests", &["frank".to_owned()][..]));
    let says = |read, control| Opinions { read, control, ..Opinions::default() };
    assert_eq!(guests.policy.all, says(Some(true), None));
    assert_eq!(guests.policy.areas["kitchen"], says(None, Some(true)));
    assert_eq!(guests.policy.entity_ids["lock.door"], says(Some(true), Some(false)));
    assert_eq!(guests.policy.labels["private"], Opinions::on_everything(false));
    assert_eq!(guests.policy.domains["light"], Opinions::on_everything(true));
    let renamed = accepted(&policy("area_ids = { kitchen = true }"));
    assert_eq!(renamed.settings.permissions.groups[0].policy.areas["kitchen"], Opinions::on_everything(true));
    assert_eq!(accepted(&addon("")).settings.permissions.source, GroupSource::HomeAssistant);
}

#[test]
fn a_selector_that_there_is_not_is_a_mistake_with_the_nearest() {
    refused(&policy("area = { kitchen = true }"), "9:1", &["unknown key `area`", "did you mean `areas`?"]);
    refused(&policy("entity_id = { \"lock.door\" = true }"), "9:1", &["`entity_id`", "`entity_ids`"]);
    refused(&policy("floors = { ground = true }"), "9:1", &["the keys that may stand here are entity_ids, device_ids"]);
    refused(&policy("all = { raed = true }"), "9:9", &["unknown key `raed`", "did you mean `read`?"]);
    refused(
        &policy("areas = { kitchen = true }\narea_ids = { kitchen = true }"),
        "10:12",
        &["one selector with two names"],
    );
}

#[test]
fn a_value_that_is_no_rule_is_a_mistake() {
    let rule = ["expected `true`, `false`, or a table of `read`, `control` and `edit`"];
    refused(&policy("areas = { kitchen = \"yes\" }"), "9:21", &rule);
    refused(&policy("all = 1"), "9:7", &rule);
    refused(&policy("areas = { kitchen = { read = \"yes\" } }"), "9:30", &["expected `true` or `false`"]);
    refused(&policy("domains = true"), "9:11", &["expected a table of ids", "or `all` for every entity"]);
    refused(&policy("entity_ids = [\"lock.door\"]"), "9:14", &["expected a table of ids"]);
    refused(&policy("entity_ids = { \"lock.*\" = true }"), "9:16", &["`lock.*` is not an entity id", "no patterns"]);
    refused(&policy("entity_ids = { \"Lock.Door\" = true }"), "9:16", &["is not an entity id", "lower-case"]);
    refused(&policy("domains = { \"light.a\" = true }"), "9:13", &["`light.a` is not a domain", "before the dot"]);
    warned(&policy("areas = { kitchen = {} }"), "9:21", &["this rule says nothing"]);
}

#[test]
fn a_group_needs_an_id_of_its_own_and_members() {
    let members = "members = [\"frank\"]";
    refused(&group(members), "5:1", &["`id` is missing", "add id = \"guests\""]);
    refused(&group("id = \"guests\""), "5:1", &["`members` is missing", "user names or user ids"]);
    refused(&group(&format!("id = \"my guests\"\n{members}")), "6:6", &["not an id of a group"]);
    refused(
        &group(&format!("id = \"system-users\"\n{members}")),
        "6:6",
        &["`system-users` is a group of Home Assistant"],
    );
    refused(
        &group(&format!("id = \"custom-guests\"\n{members}")),
        "6:6",
        &["is a group of Home Assistant", "choose another"],
    );
    let twice = group(&format!("id = \"a\"\n{members}\n[[group]]\nid = \"a\"\n{members}"));
    refused(&twice, "9:6", &["two groups with one id", "first here"]);
    refused(&group("id = \"a\"\nmembers = \"frank\""), "7:11", &["expected a list"]);
}

#[test]
fn whose_groups_count_is_one_of_three_words_and_groups_that_do_not_are_warned_about() {
    refused(&format!("{HOME}permissions.groups = \"homeassistant\"\n{ADDON}"), "3:22", &["\"home-assistant\"?"]);
    warned(&format!("{HOME}permissions.groups = \"config\"\n{ADDON}"), "3:22", &["there are none", "[[group]]"]);
    let idle = policy("all = true").replace("\"both\"", "\"home-assistant\"");
    warned(&idle, "8:1", &["do not count", "groups = \"both\" or \"config\""]);
    accepted(&group("id = \"a\"\nmembers = [\"frank\"]").replace("\"both\"", "\"home-assistant\""));
}

#[test]
fn what_home_assistant_does_not_have_is_warned_about_with_the_nearest_that_it_has() {
    warned(&group("id = \"a\"\nmembers = [\"fronk\"]"), "7:12", &["no user `fronk`", "did you mean \"frank\"?"]);
    warned(&group("id = \"a\"\nmembers = [\"zoë\"]"), "7:12", &["no user `zoë`", "stands for nobody"]);
    warned(&policy("entity_ids = { \"lock.dor\" = true }"), "9:16", &["no entity `lock.dor`", "\"lock.door\"?"]);
    warned(&policy("entity_ids = { \"sun.sun\" = true }"), "9:16", &["no entity `sun.sun`", "then all is well"]);
    warned(&policy("areas = { kitchn = true }"), "9:11", &["no area `kitchn`", "did you mean \"kitchen\"?"]);
    warned(
        &policy("areas = { \"Küche Ost\" = true }"),
        "9:11",
        &["no area `Küche Ost`", "did you mean \"kuche_ost\"?"],
    );
    warned(&policy("area_ids = { cellar = true }"), "9:14", &["no area `cellar`", "this rule says nothing"]);
    warned(&policy("labels = { Private = true }"), "9:12", &["no label `Private`", "did you mean \"private\"?"]);
    warned(&policy("device_ids = { \"Front door\" = true }"), "9:16", &["no device `Front door`", "\"d1\"?"]);
    warned(&policy("domains = { ligth = true }"), "9:13", &["has the domain `ligth`", "did you mean `light`?"]);
    accepted(&policy("domains = { vacuum = true }"));
}

#[test]
fn access_names_groups_of_this_file_as_it_names_those_of_home_assistant() {
    let with = |access: &str| {
        format!("{}access = {{ groups = [\"{access}\"] }}\n", group("id = \"family\"\nmembers = [\"frank\"]"))
    };
    accepted(&with("family"));
    accepted(&with("system-users"));
    refused(&with("famly"), "13:22", &["no group `famly`", "did you mean \"family\"?"]);
}
