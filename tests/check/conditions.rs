//! `networks`, `hours` and `when`, in `access`, in a rule and in a group: each mistake with its line and what to do.

use crate::harness::{Folder, refused_in, warned_in};

/// Eleven lines: what a test adds to the add-on begins on line twelve.
const BASE: &str = "[home_assistant]\nconfig_dir = \"home\"\nurl = \"http://ha.test\"\ntoken = { file = \"token\" }\n\
                    time_zone = \"Europe/Berlin\"\n\n[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"\n\
                    access = { when = { entity = \"sun.sun\", state = \"above_horizon\" } }\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("token", "eyJ0.eyJ1.c2ln\n");
    folder
}

/// A rule with this key, which is on line 14.
fn rule(key: &str) -> String {
    format!("{BASE}[[addon.protect]]\npath = \"/x\"\n{key}\n")
}

#[test]
fn the_three_keys_stand_in_access_in_rules_and_in_groups() {
    let keys = "networks = [\"192.168.0.0/16\", \"2001:db8::1\"]\nhours = [\"mon-fri 7:00-21:00\", \"sat,sun\"]\n\
                when = [{ entity = \"input_boolean.guest_mode\", state = [\"on\", \"maybe\"] }]\n";
    let group = format!("[[group]]\nid = \"guests\"\nmembers = [\"frank\"]\n{keys}");
    let loaded = folder().load(format!("{}{group}", rule(keys))).unwrap_or_else(|found| panic!("{found}"));
    let settings = &loaded.settings;
    let of_group = &settings.permissions.groups[0].conditions;
    assert_eq!(
        of_group.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["192.168.0.0/16", "2001:db8::1/128"]
    );
    assert_eq!((of_group.hours.len(), of_group.when[0].states.len()), (2, 2));
    let followed = settings.followed.as_ref().unwrap();
    let entities: Vec<_> = followed.entities.iter().map(ToString::to_string).collect();
    assert_eq!(entities, ["input_boolean.guest_mode", "sun.sun"]);
    assert_eq!(settings.home_assistant.time_zone.as_ref().unwrap().name(), "Europe/Berlin");
}

#[test]
fn each_mistake_has_its_line_and_a_hint() {
    for (key, place, words) in [
        ("networks = []", "14:12", ["no network: nobody is in it", "leave the key out"]),
        ("networks = [\"home\"]", "14:13", ["not a network", "a single address may stand alone"]),
        ("networks = [\"10.0.0.1/8\"]", "14:13", ["bits behind its prefix", "\"10.0.0.0/8\""]),
        ("networks = [\"0.0.0.0/0\"]", "14:13", ["holds everybody", "or leave the key out"]),
        ("hours = []", "14:9", ["no hours: it is never one of them", "leave the key out"]),
        ("hours = \"7-21\"", "14:9", ["no time of the week", "mon-fri 7:00-21:00"]),
        ("hours = [\"sat\", \"moon 7:00-8:00\"]", "14:17", ["a day is one of mon, tue", "22:00-6:00"]),
        ("hours = 7", "14:9", ["wrong type", "several stand in brackets"]),
        ("when = []", "14:8", ["no entity", "leave the key out"]),
        ("when = \"on\"", "14:8", ["wrong type", "input_boolean.guest_mode"]),
        ("when = { entity = \"a.b\" }", "14:8", ["`state` is missing", "add state = \"on\""]),
        ("when = { state = \"on\" }", "14:8", ["`entity` is missing", "input_boolean.guest_mode"]),
        ("when = { entity = \"a\", state = \"on\" }", "14:19", ["not an entity id", "with one dot"]),
        ("when = { entity = \"a.b\", state = [] }", "14:34", ["no state", "as Home Assistant has it"]),
        ("when = { entity = \"a.b\", state = \"unknown\" }", "14:34", ["is none", "refuses in any case"]),
        ("when = { entity = \"a.b\", state = \"\" }", "14:34", ["no entity has this state", "1 to 255"]),
        ("when = { entity = \"a.b\", is = \"on\", state = \"on\" }", "14:26", ["unknown key", "entity, state"]),
    ] {
        refused_in(&folder(), &rule(key), place, &words);
    }
    let zone = BASE.replace("Europe/Berlin", "Berlin");
    refused_in(&folder(), &zone, "5:13", &["no time zone \"Berlin\"", "IANA"]);
}

#[test]
fn a_state_needs_a_home_assistant_that_can_be_asked() {
    let without = |key: &str| BASE.lines().filter(|line| !line.starts_with(key)).collect::<Vec<_>>().join("\n") + "\n";
    refused_in(&folder(), &without("token"), "10:19", &["no token to ask with", "needs `home_assistant.token`"]);
    let nowhere = without("url").replace("token = { file = \"token\" }\n", "");
    refused_in(&folder(), &nowhere, "9:19", &["where Home Assistant listens", "add url"]);
    // The one that add-ons are served with will do.
    let other = format!("{}[supervisor]\nhome_assistant_token = {{ file = \"token\" }}\n", without("token"));
    assert!(folder().load(&other).unwrap_or_else(|found| panic!("{found}")).settings.followed.is_some());
    // Without `when` a token beside the folder is a mistake, as before.
    refused_in(&folder(), &without("access"), "4:9", &["a folder that says more", "states that `when` asks for"]);
}

#[test]
fn a_membership_that_may_be_lost_forbids_nothing() {
    let group = |policy: &str, keys: &str| {
        format!(
            "{BASE}[permissions]\ngroups = \"both\"\n[[group]]\nid = \"g\"\nmembers = [\"frank\"]\n{keys}\npolicy = {policy}\n"
        )
    };
    let when = "when = { entity = \"a.b\", state = \"on\" }";
    let takes = "{ all = { read = true }, domains = { light = { control = false } } }";
    let hours = "hours = \"sat,sun\"";
    let networks = "networks = [\"192.168.1.0/24\"]";
    for (keys, at) in [(when, "17:8"), (hours, "17:9"), (networks, "17:12")] {
        refused_in(
            &folder(),
            &group(takes, keys),
            at,
            &["forbids something, and may be lost", "opposite circumstances"],
        );
    }
    for keys in [when, hours, networks] {
        let text = group("{ all = { read = true } }", keys);
        assert!(folder().load(&text).is_ok(), "{text}");
    }
}

#[test]
fn there_are_few_groups_that_count_at_times() {
    let groups = |count: usize| {
        let group = |number| format!("[[group]]\nid = \"g{number}\"\nmembers = [\"frank\"]\nhours = \"sat\"\n");
        format!("{BASE}{}", (0..count).map(group).collect::<String>())
    };
    assert!(folder().load(groups(8)).is_ok());
    refused_in(&folder(), &groups(9), "44:1", &["more than 8 groups", "ask for it in `access`"]);
}

#[test]
fn hours_of_an_unknown_zone_are_told() {
    let text = rule("hours = \"7:00-8:00\"").replace("time_zone = \"Europe/Berlin\"\n", "\n");
    warned_in(&folder(), &text, "14:9", &["in which time zone", "add time_zone"]);
}
