//! The rules of the engine written down a second time, straight from the specification and as plainly as possible:
//! no compiling, no indexes, only the records and the policies as they stand in the files.

use serde_json::{Map, Value, json};
use vestibule::permission::{EntityRecord, RegistryRecords};

/// Home Assistant raises: every request of the user fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Raises;

/// Whether a user whose groups have these policies may use this key on this entity.
pub(crate) fn check(policies: &[Value], records: &RegistryRecords, entity: &str, key: &str) -> Result<bool, Raises> {
    if !policies.iter().all(Value::is_object) {
        return Err(Raises);
    }
    let merged = merge(&policies.iter().collect::<Vec<_>>())?;
    let selectors = match merged.get("entities") {
        None | Some(Value::Null) => return Ok(false),
        Some(Value::Bool(true)) => return Ok(true),
        Some(selectors) => selectors,
    };
    if ["entity_ids", "device_ids", "area_ids", "domains", "all"].iter().any(|name| selectors[name] == true) {
        return Ok(true);
    }
    let device = device_of(records, entity);
    let area = device.as_deref().and_then(|device| area_of(records, device));
    let look_up = |selector: &str, id: Option<&str>| selectors.get(selector).and_then(|ids| ids.get(id?));
    let opinions = [
        look_up("entity_ids", Some(entity)),
        look_up("device_ids", device.as_deref()),
        look_up("area_ids", area.as_deref()),
        look_up("domains", entity.split('.').next()),
        selectors.get("all"),
    ];
    let first = opinions.into_iter().flatten().find_map(|opinion| match opinion {
        Value::Bool(true) => Some(true),
        Value::Object(keys) => keys.get(key).filter(|value| !value.is_null()).map(|value| value == true),
        _ => None,
    });
    Ok(first.unwrap_or(false))
}

/// Whether every group's policy holds nothing but true, null and objects down to the access keys, where the answer is
/// a plain OR over selectors and groups.
pub(crate) fn is_plain(policy: &Value, depth: usize) -> bool {
    match policy {
        Value::Null | Value::Bool(true) => true,
        Value::Object(below) => depth > 0 && below.values().all(|value| is_plain(value, depth - 1)),
        _ => false,
    }
}

fn merge(values: &[&Value]) -> Result<Value, Raises> {
    let mut result = Value::Null;
    for value in values {
        match value {
            Value::Null => {}
            Value::Bool(true) => return Ok(json!(true)),
            Value::Object(object) => {
                let mut merged = result.as_object().cloned().unwrap_or_else(Map::new);
                for key in object.keys() {
                    let below: Vec<_> = values.iter().filter_map(|other| other.get(key)).collect();
                    merged.insert(key.clone(), merge(&below)?);
                }
                result = Value::Object(merged);
            }
            _ => return Err(Raises),
        }
    }
    Ok(result)
}

pub(crate) fn device_of(records: &RegistryRecords, entity: &str) -> Option<String> {
    let by_id = records.entities.iter().find(|record| record.id == entity);
    let record = by_id.or_else(|| records.entities.iter().find(|record| record.entity_id == entity))?;
    let device = record.device_id.clone()?;
    if records.devices.iter().any(|candidate| candidate.id == device) || child_exists(records, &device) {
        return Some(device);
    }
    part_of(records, record, &device)
}

fn part_of(records: &RegistryRecords, entity: &EntityRecord, composite: &str) -> Option<String> {
    let entry = entity.config_entry_id.clone()?;
    let mut parts: Vec<_> = records
        .devices
        .iter()
        .filter(|device| device.composite_device_id.as_deref() == Some(composite))
        .filter(|device| device.config_entry_ids == [entry.clone()])
        .collect();
    // A stable sort: the part with the same subentry comes first, the others keep their order.
    parts.sort_by_key(|device| device.config_subentry_id != entity.config_subentry_id);
    parts.first().map(|device| device.id.clone())
}

fn child_exists(records: &RegistryRecords, id: &str) -> bool {
    let parent_exists = |parent: &str| records.devices.iter().any(|device| device.id == parent);
    records.child_devices.iter().any(|child| child.id == id && parent_exists(&child.parent_device_id))
}

pub(crate) fn area_of(records: &RegistryRecords, id: &str) -> Option<String> {
    if let Some(device) = records.devices.iter().find(|device| device.id == id) {
        return device.area_id.clone();
    }
    let child = records.child_devices.iter().find(|child| child.id == id)?;
    child.area_id.clone().or_else(|| area_of(records, &child.parent_device_id))
}
