//! The groups of `config.toml`: the example of the documents, and every reason that they can be.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Folder, case, root};

/// The example of the documents: what stands between the first fences of TOML behind this heading.
fn example(document: &str, heading: &str) -> String {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let (_, rest) = text.split_once(heading).unwrap();
    let (_, rest) = rest.split_once("```toml\n").unwrap();
    let lines = rest.split_once("```").unwrap().0.trim_end().lines();
    lines.map(|line| line.split("   #").next().unwrap().trim()).collect::<Vec<_>>().join("\n") + "\n"
}

/// A home with a guest bedroom: a fan that stands in it, and a window whose device does.
fn folder(groups: &str) -> Folder {
    let folder = Folder::new();
    let change = |file: &str, list: &str, id: (&str, &str)| {
        let path = folder.path().join("home/.storage").join(file);
        let mut text: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let entries = text.pointer_mut(&format!("/data/{list}")).unwrap().as_array_mut().unwrap().iter_mut();
        entries.filter(|entry| entry[id.0] == id.1).for_each(|entry| entry["area_id"] = json!("guest_bedroom"));
        fs::write(path, text.to_string()).unwrap();
    };
    change("core.entity_registry", "entities", ("entity_id", "fan.ceiling_fan"));
    change("core.device_registry", "devices", ("id", "54610487c33ad3b801ab7e8bffca8985"));
    configure(folder.path(), groups);
    folder
}

fn configure(folder: &Path, groups: &str) {
    fs::write(folder.join("config.toml"), format!("home_assistant.config_dir = \"home\"\n{groups}")).unwrap();
}

/// What the guest example says of each: the entity, the access key, permit or deny, the kind of reason and its
/// selector.
const GUEST: [(&str, &str, &str, &str, &str); 14] = [
    ("sun.sun", "read", "permit", "configured_rule", "all"),
    ("lock.basic_lock", "read", "permit", "configured_rule", "all"),
    ("lock.basic_lock", "control", "deny", "no_rule", ""),
    ("light.bed_light", "control", "permit", "configured_rule", "domains"),
    ("light.not_registered", "control", "permit", "configured_rule", "domains"),
    ("light.bed_light", "edit", "deny", "no_rule", ""),
    ("media_player.bedroom", "control", "permit", "configured_rule", "domains"),
    ("fan.ceiling_fan", "control", "permit", "configured_rule", "areas"),
    ("cover.kitchen_window", "control", "permit", "configured_rule", "areas"),
    ("cover.hall_window", "control", "deny", "no_rule", ""),
    ("cover.hall_window", "read", "permit", "configured_rule", "all"),
    ("lock.front_door", "read", "permit", "configured_rule", "entity_ids"),
    ("lock.front_door", "control", "deny", "taken_back", "entity_ids"),
    ("lock.front_door", "edit", "deny", "no_rule", ""),
];

#[test]
fn the_guest_example_means_what_it_says() {
    let of_the_design = example("docs/design/permissions.md", "## 6. Our choices");
    let guests = format!("[permissions]\ngroups = \"config\"\n\n{of_the_design}");
    assert_eq!(example("docs/configuration.md", "How it is decided"), guests, "both documents have the same one");
    let folder = folder(&guests);
    let lines: Vec<_> = GUEST.iter().map(|(entity, access, ..)| case("frank", entity, access)).collect();
    let answers = folder.explain_lines(&["--cases", "-"], &lines.join("\n")).answers();
    for (answer, (entity, access, decision, kind, selector)) in answers.iter().zip(GUEST) {
        let because = &answer["because"];
        let ours = (answer["decision"].as_str().unwrap(), because["kind"].as_str().unwrap());
        assert_eq!(
            (ours, because["selector"].as_str().unwrap_or("")),
            ((decision, kind), selector),
            "{entity} {access}"
        );
    }
    assert_eq!(answers.len(), GUEST.len());
    let nobody = folder.json("alice", "sun.sun");
    assert_eq!((&nobody["decision"], &nobody["policies_of"]), (&json!("deny"), &json!("config")));
    assert_eq!(folder.one("owner", "lock.front_door", "control").code, 0, "the owner is not restricted");
}

#[test]
fn with_both_the_guest_has_what_either_gives_and_nothing_that_ours_refuse() {
    let guests = example("docs/configuration.md", "How it is decided").replace("\"config\"", "\"both\"");
    let folder = folder(&guests);
    folder.change_auth(r#""light.kitchen_ceiling":true"#, r#""light.kitchen_ceiling":true,"lock.front_door":true"#);
    let kind = |entity: &str, access: &str| {
        let said = folder.explain(&["--user", "frank", "--entity", entity, "--access", access, "--json"]);
        serde_json::from_str::<Value>(&said.out).unwrap()["because"]["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind("light.kitchen_ceiling", "edit"), "rule", "of Home Assistant");
    assert_eq!(kind("light.kitchen_ceiling", "control"), "configured_rule");
    assert_eq!(kind("lock.front_door", "control"), "taken_back", "although Home Assistant gives it");
    assert_eq!(kind("lock.front_door", "edit"), "rule", "of which ours say nothing");
    assert_eq!(kind("cover.hall_window", "control"), "no_rule");
    let without = guests.replace("\"both\"", "\"home-assistant\"");
    configure(folder.path(), &without);
    assert_eq!(kind("lock.front_door", "control"), "rule");
    assert_eq!(kind("light.bed_light", "control"), "no_rule");
}

const HOUSE: &str = r#"
[permissions]
groups = "both"
[[group]]
id = "house"
members = ["grace"]
policy = { areas = { kuche_ost = { read = false }, bedroom = { edit = true } }, labels = { security = { control = false }, guests_ok = { edit = true } } }
[[group]]
id = "family"
members = ["grace"]
"#;

#[test]
fn the_reason_names_the_configured_group_and_how_the_entity_comes_by_area_or_label() {
    let folder = Folder::new();
    configure(folder.path(), HOUSE);
    insta::assert_snapshot!(folder.one("grace", "sensor.statistics_issues_issue_2", "read").out, @r"
    deny: grace may not read sensor.statistics_issues_issue_2
    because: configured group house refuses read by `areas`: area kuche_ost (Küche Ost) of the entity itself
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights); configured: house, family
    entity: sensor.statistics_issues_issue_2, registered as d75fd9460d4b41cac41d4aa58e1c10fb; device 681a77e182012c98f92e7c21ae07db19 (Statistics issues); area kitchen (Kitchen) of that device; its own area kuche_ost (Küche Ost) counts for configured groups alone
    ");
    insta::assert_snapshot!(folder.one("grace", "switch.power_strip_with_2_sockets_outlet_1", "edit").out, @r"
    permit: grace may edit switch.power_strip_with_2_sockets_outlet_1
    because: configured group house gives edit by `labels`: label guests_ok (Guests OK) of the entity itself
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights); configured: house, family
    entity: switch.power_strip_with_2_sockets_outlet_1, registered as b79faa7afdb95f0421a5bf44e10a5756; device 81aa40c08866aead0b4ca6e41ebc0e37 (Outlet 1), part of device cfcd204dfe0fb5b8b514857261c6a662; area bedroom (Bedroom) of that device; label guests_ok (Guests OK)
    ");
    insta::assert_snapshot!(folder.one("grace", "switch.power_strip_with_2_sockets_outlet_4", "edit").out, @r"
    permit: grace may edit switch.power_strip_with_2_sockets_outlet_4
    because: configured group house gives edit by `areas`: area bedroom (Bedroom) of device 26c1d6fd59f9956983613b389a6855c7, for device b63f06f6eafc30da5fb818bef9b013c1 (Outlet 4), part of device 26c1d6fd59f9956983613b389a6855c7
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights); configured: house, family
    entity: switch.power_strip_with_2_sockets_outlet_4, registered as bae4afdb939069c4ea89ccffc9616b68; device b63f06f6eafc30da5fb818bef9b013c1 (Outlet 4), part of device 26c1d6fd59f9956983613b389a6855c7; area bedroom (Bedroom) of device 26c1d6fd59f9956983613b389a6855c7
    ");
    insta::assert_snapshot!(folder.one("grace", "cover.garage_door", "control").out, @r"
    deny: grace may not control cover.garage_door
    because: configured group house refuses control by `labels`: label security (Security) of device 9c5ea066edd58afdb83931a3db3ea81c (Garage Door)
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights); configured: house, family
    entity: cover.garage_door, registered as 2e04e04ecc9699ca1fba4673acff0283; device 9c5ea066edd58afdb83931a3db3ea81c (Garage Door); area kitchen (Kitchen) of that device; label security (Security) of its device
    ");
    insta::assert_snapshot!(folder.one("grace", "cover.garage_door", "read").out, @r"
    permit: grace may read cover.garage_door
    because: group custom-kitchen (Kitchen staff) gives read by `area_ids`: area kitchen (Kitchen) of device 9c5ea066edd58afdb83931a3db3ea81c (Garage Door)
    user: b211218298de457d88188731bebd4254 (Grace Kitchen), in custom-kitchen (Kitchen staff), custom-lights (Lights); configured: house, family
    entity: cover.garage_door, registered as 2e04e04ecc9699ca1fba4673acff0283; device 9c5ea066edd58afdb83931a3db3ea81c (Garage Door); area kitchen (Kitchen) of that device; label security (Security) of its device
    ");
    let rule = &folder.json("grace", "sensor.statistics_issues_issue_2")["because"];
    let expected =
        json!({"kind": "taken_back", "selector": "areas", "of": "entity", "id": "kuche_ost", "group": "house"});
    assert_eq!(*rule, expected);
}
