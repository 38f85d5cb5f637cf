//! A check allocates nothing, whatever decides it.

use std::path::Path;
use std::sync::Arc;

use allocation_counter::measure;
use vestibule::config::{Conditions, ConfiguredGroup, GroupSource, Permissions};
use vestibule::home_assistant::{read_folder, read_registries};
use vestibule::identity::DirectoryCell;
use vestibule::permission::{ConfiguredPolicy, Opinions};

#[test]
fn neither_loading_the_snapshot_nor_a_check_allocates() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/home");
    let registry = read_registries(&home).unwrap();
    let entities: Vec<String> = registry.entities().map(|entity| entity.record().entity_id.clone()).collect();
    let registry = Some(Arc::new(registry));
    let cell = DirectoryCell::default();
    drop(cell.load());
    let mut judged = 0;
    for source in [GroupSource::HomeAssistant, GroupSource::Config, GroupSource::Both] {
        let configured = Permissions { source, groups: vec![group()] };
        cell.replace(read_folder(&home).unwrap().directory(&configured).with_registry(registry.clone()));
        let users: Vec<_> = cell.load().users().cloned().collect();
        let counted = measure(|| {
            for user in &users {
                for entity in entities.iter().map(String::as_str).chain(["sun.sun", "nodot", ""]) {
                    for key in ["read", "control", "edit", "else"] {
                        let directory = cell.load();
                        let rights = directory.rights(user).unwrap();
                        std::hint::black_box(rights.check(entity, key));
                        std::hint::black_box(rights.access_all_entities(key));
                        judged += 2;
                    }
                }
            }
        });
        assert_eq!(counted.count_total, 0, "{source:?}");
    }
    println!("{judged} checks, 0 allocations");
    assert!(measure(|| drop(std::hint::black_box(Box::new(judged)))).count_total > 0, "allocations are counted");
}

/// One with a rule in every selector.
fn group() -> ConfiguredGroup {
    let says = Opinions { read: Some(true), control: Some(false), ..Opinions::default() };
    let rule = |id: &str| [(id.to_owned(), says)].into_iter().collect();
    let policy = ConfiguredPolicy {
        entity_ids: rule("lock.basic_lock"),
        device_ids: rule("d3b57375f79894e091e98ff220986eaf"),
        domains: rule("light"),
        areas: rule("kitchen"),
        labels: rule("guests_ok"),
        all: Opinions { edit: Some(true), ..Opinions::default() },
    };
    ConfiguredGroup {
        id: "all".into(),
        members: ["bob", "frank", "grace", "heidi"].map(str::to_owned).to_vec(),
        policy,
        conditions: Conditions::default(),
    }
}
