//! What a permission check costs, as a ratio to one plain look-up in a hash map of the same size: a direct entity may
//! cost three of them, an area eight, and neither may grow with the number of entities.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use vestibule::permission::{DeviceRecord, EntityRecord, Registry, RegistryRecords, UserPermissions};

fn checks(criterion: &mut Criterion) {
    for entities in [10, 10_000] {
        let registry = registry(entities);
        let user = user(RULES);
        // In the middle of the registry, and without a rule of its own in the policy.
        let by_area = format!("light.number_{}", entities / 2);
        assert!(user.check(&registry, DIRECT, "control").is_permit());
        assert!(user.check(&registry, &by_area, "read").is_permit());
        assert!(!user.check(&registry, &by_area, "edit").is_permit());
        let plain: HashMap<String, usize> = (0..entities).map(|i| (format!("light.number_{i}"), i)).collect();

        let mut group = criterion.benchmark_group("permission");
        group.bench_function(BenchmarkId::new("hash_map_look_up", entities), |b| {
            b.iter(|| plain.get(black_box(by_area.as_str())));
        });
        group.bench_function(BenchmarkId::new("direct_entity", entities), |b| {
            b.iter(|| user.check(&registry, black_box(DIRECT), black_box("control")));
        });
        group.bench_function(BenchmarkId::new("area", entities), |b| {
            b.iter(|| user.check(&registry, black_box(by_area.as_str()), black_box("read")));
        });
        group.bench_function(BenchmarkId::new("nothing_says_yes", entities), |b| {
            b.iter(|| user.check(&registry, black_box(by_area.as_str()), black_box("edit")));
        });
        group.finish();
    }
}

/// One device for five entities, in ten areas.
fn registry(entities: usize) -> Registry {
    let device = |i: usize| DeviceRecord {
        id: format!("device_{i}"),
        area_id: Some(format!("area_{}", i % 10)),
        ..DeviceRecord::default()
    };
    let entity = |i: usize| EntityRecord {
        entity_id: format!("light.number_{i}"),
        id: format!("{i:032x}"),
        device_id: Some(format!("device_{}", i / 5)),
        ..EntityRecord::default()
    };
    Registry::new(RegistryRecords {
        entities: (0..entities).map(entity).collect(),
        devices: (0..entities.div_ceil(5)).map(device).collect(),
        ..RegistryRecords::default()
    })
}

/// A policy that uses every selector, so that a check by area has passed entities and devices in vain before.
fn user(rules: usize) -> UserPermissions {
    let control = json!({"read": true, "control": true});
    let read = json!({"read": true});
    let many =
        |name: &str, rule: &Value| (0..rules).map(|i| (format!("{name}{i}"), rule.clone())).collect::<Map<_, _>>();
    let policy = json!({"entities": {
        "entity_ids": many("switch.number_", &control),
        "device_ids": many("another_device_", &control),
        "area_ids": many("area_", &read),
        "domains": {"weather": read},
        "all": {"unused": true},
    }});
    UserPermissions::compile(false, [&policy])
}

/// Rules in each of three selectors.
const RULES: usize = 1_000;

const DIRECT: &str = "switch.number_7";

criterion_group!(benches, checks);
criterion_main!(benches);
