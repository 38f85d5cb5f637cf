//! Homes of any size, as records and as the JSON that Home Assistant writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use vestibule::permission::{
    ConfiguredPolicy, DeviceRecord, EntityRecord, Opinions, Policies, Registry, RegistryRecords, UserPermissions,
};

/// One device for five entities, in ten areas. Each entity and each device has an area and a label besides.
pub(crate) fn registry(entities: usize) -> Registry {
    let device = |i: usize| DeviceRecord {
        id: format!("device_{i}"),
        area_id: Some(format!("area_{}", i % 10)),
        labels: vec![format!("of_device_{}", i % 10)],
        ..DeviceRecord::default()
    };
    let entity = |i: usize| EntityRecord {
        entity_id: format!("light.number_{i}"),
        id: format!("{i:032x}"),
        device_id: Some(format!("device_{}", i / 5)),
        area_id: Some(format!("corner_{}", i % 10)),
        labels: vec![format!("of_entity_{}", i % 10)],
        ..EntityRecord::default()
    };
    Registry::new(RegistryRecords {
        entities: (0..entities).map(entity).collect(),
        devices: (0..entities.div_ceil(5)).map(device).collect(),
        ..RegistryRecords::default()
    })
}

/// A policy that uses every selector, so that a check by area has passed entities and devices in vain before.
pub(crate) fn of_home_assistant(rules: usize) -> UserPermissions {
    UserPermissions::compile([&policy(rules)])
}

/// The same in the fuller dialect: a check by the device's area has passed every other place in vain.
pub(crate) fn configured(rules: usize) -> UserPermissions {
    let policy = configured_policy(rules);
    UserPermissions::of_groups(&Policies { home_assistant: Vec::new(), configured: vec![&policy] })
}

/// A configured group that speaks of other things only, and Home Assistant's to decide.
pub(crate) fn both(rules: usize) -> UserPermissions {
    let mut ours = configured_policy(rules);
    ours.entity_ids.retain(|id, _| id != DIRECT);
    ours.areas.retain(|id, _| !id.starts_with("area_"));
    let theirs = policy(rules);
    UserPermissions::of_groups(&Policies { home_assistant: vec![&theirs], configured: vec![&ours] })
}

fn policy(rules: usize) -> Value {
    let control = json!({"read": true, "control": true});
    let read = json!({"read": true});
    let many =
        |name: &str, rule: &Value| (0..rules).map(|i| (format!("{name}{i}"), rule.clone())).collect::<Map<_, _>>();
    json!({"entities": {
        "entity_ids": many("switch.number_", &control),
        "device_ids": many("another_device_", &control),
        "area_ids": many("area_", &read),
        "domains": {"weather": read},
        "all": {"unused": true},
    }})
}

fn configured_policy(rules: usize) -> ConfiguredPolicy {
    let control = Opinions { read: Some(true), control: Some(true), ..Opinions::default() };
    let read = Opinions { read: Some(true), ..Opinions::default() };
    let many = |name: &str, rule| (0..rules).map(|i| (format!("{name}{i}"), rule)).collect::<BTreeMap<_, _>>();
    ConfiguredPolicy {
        entity_ids: many("switch.number_", control),
        device_ids: many("another_device_", control),
        domains: many("domain_", control),
        areas: many("area_", read),
        labels: many("label_", control),
        all: Opinions::default(),
    }
}

/// Writes the files of a home with so many entities and a fifth as many devices into a `.storage` folder. Records are
/// those of the home in `examples/`, under other ids, so that they have the fields and the length of real ones.
pub(crate) fn write(storage: &Path, entities: usize, users: usize) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/home/.storage");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(example.join(name)).expect("it ships")).expect("it is JSON")
    };
    let many = |name: &str, list: &str, count: usize, rename: &dyn Fn(&mut Value, usize)| {
        let mut file = read(name);
        let templates = file["data"][list].as_array().expect("a list").clone();
        let records = templates.into_iter().cycle().take(count).enumerate().map(|(i, mut record)| {
            rename(&mut record, i);
            record
        });
        file["data"][list] = records.collect();
        file
    };
    let write = |name: &str, file: &Value| fs::write(storage.join(name), file.to_string()).expect("room on the disk");
    let devices = entities / 5;
    let entity_registry = many("core.entity_registry", "entities", entities, &|record, i| {
        record["entity_id"] = json!(format!("light.number_{i}"));
        record["id"] = json!(format!("{i:032x}"));
        record["device_id"] = json!(format!("{:032x}", i % devices));
    });
    let device_registry = many("core.device_registry", "devices", devices, &|record, i| {
        record["id"] = json!(format!("{i:032x}"));
    });
    write("core.entity_registry", &entity_registry);
    write("core.device_registry", &device_registry);
    for name in ["core.area_registry", "core.label_registry", "auth_provider.homeassistant"] {
        write(name, &read(name));
    }
    write("auth", &auth(users));
}

/// Users in forty lists of groups, one of which has a policy of a thousand rules.
fn auth(users: usize) -> Value {
    let group = |i: usize| json!({"id": format!("group-{i}"), "name": "A group", "policy": policy(if i == 0 { 333 } else { 10 })});
    let user = |i: usize| {
        json!({
            "id": format!("{i:032x}"), "name": "A user", "is_owner": false, "is_active": true, "system_generated": false,
            "local_only": false, "group_ids": [format!("group-{}", i % 20), format!("group-{}", i % 40 / 20)],
        })
    };
    let token = |i: usize| {
        json!({
            "id": format!("{i:032x}"), "user_id": format!("{:032x}", i % users), "client_id": "http://homeassistant.local:8123/",
            "client_name": null, "client_icon": null, "token_type": "normal", "created_at": "2026-11-20T10:00:00.000000+00:00",
            "access_token_expiration": 1800.0, "token": "0".repeat(128), "jwt_key": "1".repeat(128), "last_used_at": null,
            "last_used_ip": null, "expire_at": null, "credential_id": null, "version": "2026.11.0",
        })
    };
    json!({"version": 1, "minor_version": 1, "key": "auth", "data": {
        "users": (0..users).map(user).collect::<Vec<_>>(),
        "groups": (0..20).map(group).collect::<Vec<_>>(),
        "credentials": [],
        "refresh_tokens": (0..users * 3).map(token).collect::<Vec<_>>(),
    }})
}

/// Has a rule of its own in every policy.
pub(crate) const DIRECT: &str = "switch.number_7";
