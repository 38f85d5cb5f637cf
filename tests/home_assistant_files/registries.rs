//! The registries: read beside the users' files, kept and watched as they are, and independent of them.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;
use vestibule::clock::{Clock, Timestamp};
use vestibule::config;
use vestibule::home_assistant::{Condition, FileProblem, HomeAssistant, read_registries};
use vestibule::identity::Health;
use vestibule::server;

use crate::stopwatch::Stopwatch;
use crate::support::{HOME, HOME_2024, Home, PATIENCE, SOON, Watched};

const ENTITIES: &str = "core.entity_registry";
const DEVICES: &str = "core.device_registry";
const AREAS: &str = "core.area_registry";
const LABELS: &str = "core.label_registry";

#[test]
fn both_homes_registries_are_read_fully() {
    // Entities, devices, parts of devices, areas, labels, as they stand in the files.
    for (home, counts) in [(HOME, [129, 71, 4, 6, 3]), (HOME_2024, [92, 52, 0, 6, 3])] {
        let home = Home::of(home);
        let assistant = home.open();
        let registry = assistant.registry().unwrap();
        let ids = |file: &str, list: &str, id: &str| {
            let file: Value = serde_json::from_slice(&fs::read(home.file(file)).unwrap()).unwrap();
            let entries = file["data"][list].as_array().cloned().unwrap_or_default();
            entries.iter().map(|entry| entry[id].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        let entities = ids(ENTITIES, "entities", "entity_id");
        let (devices, parts) = (ids(DEVICES, "devices", "id"), ids(DEVICES, "child_devices", "id"));
        let (areas, labels) = (ids(AREAS, "areas", "id"), ids(LABELS, "labels", "label_id"));
        assert_eq!([entities.len(), devices.len(), parts.len(), areas.len(), labels.len()], counts);
        assert_eq!(registry.entities().count(), entities.len());
        assert!(entities.iter().all(|id| registry.entity(id).is_some()));
        assert!(devices.iter().chain(&parts).all(|id| registry.device(id).is_some()));
        assert_eq!(registry.areas().map(|area| area.id.clone()).collect::<BTreeSet<_>>(), areas);
        assert_eq!(registry.labels().map(|label| label.label_id.clone()).collect::<BTreeSet<_>>(), labels);
        let status = assistant.status();
        assert!(matches!(status.registries, Condition::Good { .. }), "{status:?}");
        assert_eq!(status.entities, entities.len());
    }
}

#[tokio::test]
async fn a_registry_renamed_over_the_old_one_is_seen_within_two_seconds() {
    for (file, list) in [(ENTITIES, "entities"), (DEVICES, "devices"), (AREAS, "areas"), (LABELS, "labels")] {
        let home = Home::of(HOME);
        let watched = Watched::start(home.open());
        let mut notifier = watched.home.directory().subscribe();
        notifier.mark_unchanged();
        let users = watched.home.snapshot().unwrap();
        let began = Stopwatch::start();
        home.edit(file, |file| drop(file["data"][list].as_array_mut().unwrap().drain(1..)));
        let expected = read_registries(home.path()).unwrap();
        let size = |r: &vestibule::permission::Registry| {
            (
                r.entities().count(),
                r.areas().count(),
                r.labels().count(),
                r.entities().filter(|e| r.device_of(e).is_some()).count(),
            )
        };
        watched.until_registry(file, |registry| size(registry) == size(&expected)).await;
        began.assert_within(SOON, file);
        timeout(PATIENCE, notifier.changed()).await.expect("the bell rings").unwrap();
        assert!(Arc::ptr_eq(&users, &watched.home.snapshot().unwrap()), "{file}: the users are not swapped with it");
    }
}

#[tokio::test]
async fn a_truncated_registry_keeps_the_last_good_ones_and_the_users_and_recovers() {
    for file in [ENTITIES, DEVICES, AREAS, LABELS] {
        let home = Home::of(HOME);
        let watched = Watched::start(home.open());
        let before = watched.home.registry().unwrap();
        let whole = fs::read(home.file(file)).unwrap();
        home.write(file, &whole[..whole.len() / 2]);
        watched.until_registries("it says so", |condition| matches!(condition, Condition::Stale { .. })).await;
        let status = watched.home.status();
        let told = faults(&status.registries);
        assert!(told.len() == 1 && told[0].contains(file) && told[0].contains("EOF"), "{told:?}");
        assert!(Arc::ptr_eq(&before, &watched.home.registry().unwrap()), "{file}: all four stay");
        assert!(matches!(status.condition, Condition::Good { .. }), "{file}: the users are none the worse");

        home.write(file, &whole);
        watched.until_registries("it recovers", |condition| matches!(condition, Condition::Good { .. })).await;
    }
}

#[tokio::test]
async fn while_a_registry_is_broken_the_users_go_on_changing() {
    let home = Home::of(HOME);
    home.write(ENTITIES, b"{");
    let watched = Watched::start(home.open());
    assert!(watched.home.registry().is_none());
    assert!(matches!(watched.home.status().registries, Condition::Absent { .. }));
    home.edit("auth", |file| file["data"]["users"][0]["name"] = "Renamed".into());
    watched.until("a new name", |users| users.users().any(|user| user.name.as_deref() == Some("Renamed"))).await;

    home.write(ENTITIES, &fs::read(crate::support::repository(HOME).join(".storage").join(ENTITIES)).unwrap());
    watched.until_registry("it is mended", |registry| registry.entities().count() == 129).await;
}

#[tokio::test]
async fn while_the_users_file_is_broken_the_registries_go_on_changing() {
    let home = Home::of(HOME);
    home.write("auth", b"{");
    let watched = Watched::start(home.open());
    assert_eq!(watched.home.directory().load().health(), Health::Absent);
    assert_eq!(watched.home.registry().unwrap().labels().count(), 3);
    home.edit(LABELS, |file| file["data"]["labels"] = Value::Array(Vec::new()));
    watched.until_registry("no labels", |registry| registry.labels().count() == 0).await;
    assert_eq!(watched.home.directory().load().health(), Health::Absent);
}

#[tokio::test]
async fn a_home_without_labels_and_areas_has_none_and_one_that_loses_them_keeps_them() {
    let home = Home::of(HOME);
    let labels = fs::read(home.file(LABELS)).unwrap();
    fs::remove_file(home.file(LABELS)).unwrap();
    fs::remove_file(home.file(AREAS)).unwrap();
    let watched = Watched::start(home.open());
    let registry = watched.home.registry().unwrap();
    assert_eq!((registry.entities().count(), registry.areas().count(), registry.labels().count()), (129, 0, 0));
    assert!(matches!(watched.home.status().registries, Condition::Good { .. }));

    home.write(LABELS, &labels);
    watched.until_registry("the first label", |registry| registry.labels().count() == 3).await;
    fs::remove_file(home.file(LABELS)).unwrap();
    watched.until_registries("it is missed", |condition| matches!(condition, Condition::Stale { .. })).await;
    assert!(faults(&watched.home.status().registries)[0].contains("disappeared"));
    assert_eq!(watched.home.registry().unwrap().labels().count(), 3);
}

#[test]
fn without_entities_or_devices_there_is_no_registry_and_both_are_told() {
    let home = Home::of(HOME);
    fs::remove_file(home.file(ENTITIES)).unwrap();
    fs::remove_file(home.file(DEVICES)).unwrap();
    let assistant = home.open();
    assert!(assistant.registry().is_none(), "an empty one could permit what a device or area takes back");
    let status = assistant.status();
    let told = faults(&status.registries);
    assert!(matches!(status.registries, Condition::Absent { .. }));
    assert_eq!((told.len(), status.entities), (2, 0), "{told:?}");
    assert!(told[0].contains(ENTITIES) && told[1].contains(DEVICES), "{told:?}");
    assert!(matches!(status.condition, Condition::Good { .. }));
    assert_eq!(read_registries(home.path()).unwrap_err().len(), 2);
}

#[tokio::test]
async fn after_max_stale_the_registries_are_withdrawn_and_the_users_stay() {
    const NOON: Timestamp = Timestamp::from_millis(1_795_323_000_000);
    let home = Home::of(HOME);
    let clock = Clock::manual(NOON);
    let settings = config::HomeAssistant {
        source: config::HomeSource::Files(home.path().to_owned()),
        api: None,
        time_zone: None,
        max_stale: Duration::from_hours(1),
    };
    let watched =
        Watched::start(Arc::new(HomeAssistant::open(&settings, &config::Permissions::default(), clock.clone())));
    home.write(DEVICES, b"");
    watched.until_registries("it is refused", |condition| matches!(condition, Condition::Stale { .. })).await;
    assert!(watched.home.registry().is_some());
    clock.set(NOON.saturating_add(Duration::from_hours(1)));
    watched.until_registries("it is too old", |condition| matches!(condition, Condition::Absent { .. })).await;
    assert!(watched.home.registry().is_none());
    assert_eq!(watched.home.status().entities, 0);
    assert_eq!(watched.home.directory().load().health(), Health::Good);
}

#[test]
fn check_warns_of_a_registry_that_cannot_be_used() {
    let home = Home::of(HOME);
    let file = home.path().join("config.toml");
    fs::write(&file, "home_assistant.config_dir = \".\"\n").unwrap();
    let warnings = || config::load(&file, &server::ThisWorld(config::Purpose::Check)).unwrap().warnings.to_string();
    assert!(!warnings().contains("registries"), "{}", warnings());
    home.write(DEVICES, b"{");
    let told = warnings();
    assert!(told.contains("registries cannot be used") && told.contains(DEVICES) && told.contains("EOF"), "{told}");
}

fn faults(condition: &Condition) -> Vec<String> {
    let line = |problem: &FileProblem| format!("{}: {}", problem.path.display(), problem.reason());
    match condition {
        Condition::Good { .. } => Vec::new(),
        Condition::Stale { why, .. } | Condition::Absent { why } => why.iter().map(line).collect(),
    }
}
