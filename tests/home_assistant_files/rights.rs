//! What a user may do follows the files: the permissions that all requests share are made anew with each change, and
//! are always of one moment with the users and registries that they are judged by.

use std::fs;
use std::sync::Arc;

use serde_json::json;
use vestibule::config::{Conditions, ConfiguredGroup, GroupSource, Permissions};
use vestibule::identity::{Directory, Health};
use vestibule::permission::{ConfiguredPolicy, Denial, Opinions, Verdict};

use crate::stopwatch::Stopwatch;
use crate::support::{HOME, Home, SOON, Watched};

const DEVICES: &str = "core.device_registry";

/// What the directory answers about a user.
fn judged(directory: &Directory, user: &str, entity: &str, key: &str) -> Verdict {
    directory.rights(directory.named(user).unwrap()).unwrap().check(entity, key)
}

fn may(directory: &Directory, user: &str, entity: &str, key: &str) -> bool {
    judged(directory, user, entity, key).is_permit()
}

#[tokio::test]
async fn a_changed_policy_holds_within_two_seconds_and_what_was_loaded_before_stays_as_it_was() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    let mut notifier = watched.home.directory().subscribe();
    let before = Arc::clone(&watched.home.directory().load());
    let light = "light.kitchen_ceiling";
    let may_already = may(&before, "grace", light, "control");
    let began = Stopwatch::start();
    notifier.mark_unchanged();
    home.edit("auth", |file| {
        for group in file["data"]["groups"].as_array_mut().unwrap().iter_mut().filter(|g| g.get("policy").is_some()) {
            group["policy"] = json!({"entities": {"entity_ids": {light: {"control": !may_already}}}});
            if may_already {
                group["policy"] = json!({});
            }
        }
    });
    watched.until("another answer", |users| may(users, "grace", light, "control") != may_already).await;
    began.assert_within(SOON, "it holds");
    assert!(notifier.has_changed().unwrap(), "open exchanges are looked at again");
    assert_eq!(may(&before, "grace", light, "control"), may_already);
}

#[tokio::test]
async fn a_device_that_moves_into_another_area_takes_its_entities_permissions_along() {
    let home = Home::of(HOME);
    home.edit("auth", |file| {
        for group in file["data"]["groups"].as_array_mut().unwrap().iter_mut().filter(|g| g.get("policy").is_some()) {
            group["policy"] = json!({"entities": {"area_ids": {"kitchen": {"control": true}}}});
        }
    });
    let watched = Watched::start(home.open());
    let mut notifier = watched.home.directory().subscribe();
    notifier.mark_unchanged();
    let before = Arc::clone(&watched.home.directory().load());
    let registry = before.registry().unwrap();
    let in_kitchen = |entity: &&vestibule::permission::Entity| {
        registry
            .device_of(entity)
            .is_some_and(|device| device.area_id() == Some("kitchen") && device.parent_id().is_none())
    };
    let entity = registry.entities().find(in_kitchen).unwrap();
    let (id, device) = (entity.record().entity_id.clone(), registry.device_of(entity).unwrap().id().to_owned());
    assert!(may(&before, "frank", &id, "control"));
    home.edit(DEVICES, |file| {
        let devices = file["data"]["devices"].as_array_mut().unwrap();
        devices.iter_mut().filter(|it| it["id"] == device.as_str()).for_each(|it| it["area_id"] = json!("garage"));
    });
    watched.until("it is forbidden", |users| !may(users, "frank", &id, "control")).await;
    assert!(notifier.has_changed().unwrap(), "open exchanges are looked at again");
    assert!(may(&before, "frank", &id, "control"));
    let after = watched.home.directory().load();
    let (before, after) = (before.named("frank").unwrap(), after.named("frank").unwrap());
    assert!(Arc::ptr_eq(before, after), "the users were not read again");
}

#[test]
fn without_registries_nobody_may_do_anything_to_an_entity_not_even_the_owner() {
    let home = Home::of(HOME);
    fs::remove_file(home.file(DEVICES)).unwrap();
    let assistant = home.open();
    let directory = assistant.directory().load();
    for user in ["owner", "alice", "bob", "frank", "heidi"] {
        assert_eq!(
            judged(&directory, user, "light.kitchen_ceiling", "read"),
            Verdict::Deny(Denial::NoRegistry),
            "{user}"
        );
    }
}

#[test]
fn without_users_nobody_has_any_rights() {
    let home = Home::of(HOME);
    let owner = home.open().directory().load().named("owner").unwrap().clone();
    home.write("auth", b"{");
    let assistant = home.open();
    let directory = assistant.directory().load();
    assert_eq!(directory.health(), Health::Absent);
    assert!(directory.registry().is_some());
    assert!(directory.rights(&owner).is_none());
}

#[test]
fn an_illegal_policy_is_known_by_its_group_and_denies_its_members_alone() {
    let home = Home::of(HOME);
    let mut wrong = String::new();
    home.edit("auth", |file| {
        let groups = file["data"]["groups"].as_array_mut().unwrap();
        let group = groups.iter_mut().find(|group| group.get("policy").is_some()).unwrap();
        group["policy"] = json!({"entities": {"all": {"read": false}}});
        wrong = group["id"].as_str().unwrap().to_owned();
    });
    let assistant = home.open();
    let directory = assistant.directory().load();
    assert_eq!(directory.illegal().iter().map(|group| &*group.id).collect::<Vec<_>>(), [wrong.as_str()]);
    for user in directory.users().filter(|user| !user.is_owner) {
        let verdict = directory.rights(user).unwrap().check("sun.sun", "read");
        assert_eq!(verdict == Verdict::Deny(Denial::IllegalPolicy), user.is_in(&wrong), "{user:?}");
    }
}

/// A group of the configuration that lets its members read everything.
fn readers(members: &[&str], source: GroupSource) -> Permissions {
    let policy = ConfiguredPolicy {
        all: Opinions { read: Some(true), control: Some(false), ..Opinions::default() },
        ..ConfiguredPolicy::default()
    };
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    let conditions = Conditions::default();
    Permissions { source, groups: vec![ConfiguredGroup { id: "readers".into(), members, policy, conditions }] }
}

#[tokio::test]
async fn other_configured_groups_hold_at_once_and_outlive_a_change_of_the_files() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    let cell = watched.home.directory();
    let mut notifier = cell.subscribe();
    let asked = |user: &str, key: &str| may(&cell.load(), user, "sun.sun", key);
    assert!(!asked("heidi", "read") && asked("bob", "control"));
    notifier.mark_unchanged();
    watched.home.regroup(&readers(&["heidi", "bob"], GroupSource::Both));
    assert!(notifier.has_changed().unwrap(), "open exchanges are looked at again");
    assert!(asked("heidi", "read") && asked("bob", "read"));
    assert!(!asked("bob", "control"), "a `false` of ours is not lost");
    assert!(asked("alice", "control"), "who is in no group of ours is judged as before");
    let is_reader = |user: &str| cell.load().named(user).unwrap().is_in_any("readers");
    assert!(is_reader("heidi") && !is_reader("alice") && !is_reader("owner"));

    home.edit("auth", |file| file["data"]["users"][0]["name"] = "Renamed".into());
    watched.until("a new name", |users| users.users().any(|user| user.name.as_deref() == Some("Renamed"))).await;
    assert!(asked("heidi", "read"), "the groups are those of the configuration still");

    let id = cell.load().named("alice").unwrap().id.to_string();
    watched.home.regroup(&readers(&[&id], GroupSource::Config));
    assert!(asked("alice", "read") && !asked("alice", "control") && !asked("bob", "read") && !asked("heidi", "read"));
    watched.home.regroup(&readers(&["alice"], GroupSource::HomeAssistant));
    assert!(asked("alice", "control") && !asked("heidi", "read"));
    assert!(is_reader("alice"), "in `access` the group counts all the same");
}

#[test]
fn a_configured_group_is_no_rescue_from_files_that_cannot_be_read() {
    let home = Home::of(HOME);
    let heidi = home.open().directory().load().named("heidi").unwrap().clone();
    home.write(DEVICES, b"{");
    let assistant = home.open();
    assistant.regroup(&readers(&["heidi"], GroupSource::Config));
    let verdict = assistant.directory().load().rights(&heidi).unwrap().check("sun.sun", "read");
    assert_eq!(verdict, Verdict::Deny(Denial::NoRegistry));
    home.write("auth", b"{");
    let assistant = home.open();
    assistant.regroup(&readers(&["heidi"], GroupSource::Config));
    assert!(assistant.directory().load().rights(&heidi).is_none());
}
