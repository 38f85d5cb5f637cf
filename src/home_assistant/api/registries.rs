//! The registries over the WebSocket: entities, devices, areas and labels, as their files have them.
//!
//! The API lists devices and their parts together, tells of split devices apart, and calls an area's id by another
//! name.

use serde_json::{Map, Value, json};

/// What the API says, list by list.
pub(in crate::home_assistant) struct Lists {
    pub(super) entities: Vec<Value>,
    pub(super) devices: Vec<Value>,
    /// `config/device_registry/list_composite_splits`: which devices came of which former one.
    pub(super) splits: Map<String, Value>,
    pub(super) areas: Vec<Value>,
    pub(super) labels: Vec<Value>,
}

/// The contents of the four files, in the order in which they are read.
pub(in crate::home_assistant) fn registries(lists: Lists) -> [Vec<u8>; 4] {
    let Lists { entities, devices, splits, mut areas, labels } = lists;
    let is_part = |device: &Value| device.get("parent_device_id").is_some_and(|parent| !parent.is_null());
    let (parts, mut devices): (Vec<Value>, Vec<Value>) = devices.into_iter().partition(is_part);
    for (composite, split) in &splits {
        let ids = split.get("split_ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for device in devices.iter_mut().filter(|device| device.get("id").is_some_and(|id| ids.contains(id))) {
            put(device, "composite_device_id", composite.as_str().into());
        }
    }
    for area in &mut areas {
        let id = area.get("area_id").cloned().unwrap_or_default();
        put(area, "id", id);
    }
    let device_file = json!({ "version": 1, "data": { "devices": devices, "child_devices": parts } });
    let file = |name: &str, list: Vec<Value>| json!({ "version": 1, "data": { name: list } });
    let files = [file("entities", entities), device_file, file("areas", areas), file("labels", labels)];
    files.map(|file| file.to_string().into_bytes())
}

fn put(record: &mut Value, field: &str, value: Value) {
    if let Some(fields) = record.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home_assistant::registries::{RegistryBytes, parse};

    #[test]
    fn lists_of_the_api_are_read_as_files_are() {
        let list = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
        let lists = Lists {
            entities: list(
                r#"[{"entity_id": "light.a", "id": "e1", "device_id": "part", "area_id": null, "labels": [], "name": null,
                     "original_name": "A", "config_entry_id": "ce1", "config_subentry_id": null}]"#,
            ),
            devices: list(
                r#"[{"id": "whole", "name": "W", "name_by_user": null, "area_id": "kitchen", "labels": [],
                     "config_entry_id": "ce1", "config_entries": ["ce1"], "parent_device_id": null},
                    {"id": "part", "name": "P", "name_by_user": null, "area_id": null, "labels": [],
                     "parent_device_id": "whole"}]"#,
            ),
            splits: serde_json::from_str(r#"{"old": {"split_ids": ["whole"], "primary_id": "whole"}}"#).unwrap(),
            areas: list(r#"[{"area_id": "kitchen", "name": "Kitchen", "floor_id": null, "labels": ["warm"]}]"#),
            labels: list(r#"[{"label_id": "warm", "name": "Warm"}]"#),
        };
        let [entities, devices, areas, labels] = registries(lists);
        let bytes = RegistryBytes { entities: &entities, devices: &devices, areas: &areas, labels: &labels };
        let registry = parse(&bytes).unwrap();
        assert_eq!((registry.entities().count(), registry.areas().count(), registry.labels().count()), (1, 1, 1));
        assert!(registry.device("whole").is_some());
    }
}
