//! The blueprints for Home Assistant: YAML, with inputs that there are and fields that events have.

use std::collections::BTreeSet;
use std::fs;

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::shipped;

/// What stands behind `before` in a text, up to the first character that no name has.
fn names_behind(text: &str, before: &str) -> BTreeSet<String> {
    let end = |rest: &str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    text.split(before).skip(1).map(|rest| rest.split_at(end(rest)).0.to_owned()).collect()
}

#[test]
fn blueprints_use_inputs_that_they_have_and_fields_that_events_have() {
    let documented = fs::read_to_string(shipped("docs/presence.md")).unwrap();
    let mut seen = 0;
    for file in fs::read_dir(shipped("packaging/blueprints")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let root = documents[0].as_mapping().expect("a mapping");
        for key in ["blueprint", "trigger", "action", "mode"] {
            assert!(root.iter().any(|(name, _)| name.as_str() == Some(key)), "{}: {key}", path.display());
        }
        for input in names_behind(&text, "!input ") {
            assert!(text.contains(&format!("\n    {input}:\n")), "{}: no input {input}", path.display());
        }
        for field in names_behind(&text, "trigger.event.data.") {
            assert!(documented.contains(&format!("`{field}`")), "{}: no field {field}", path.display());
        }
        for word in ["event_type: vestibule_event", "domain: automation", "integration: mobile_app"] {
            assert!(text.contains(word), "{}: {word}", path.display());
        }
        assert!(documented.contains(&format!("| `{}` |", path.file_name().unwrap().to_string_lossy())));
        seen += 1;
    }
    assert_eq!(seen, 4);
}
