//! Home Assistant's own answers, one by one: every vector that its code made, and what a running one showed.
//!
//! In each file `via_user` is what a user of Home Assistant gets; where it raises (`error:...`) the request fails there
//! and is denied here.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test's helpers may panic as the test may, and the number of vectors is its output"
)]

#[path = "permission_vectors/allocation.rs"]
mod allocation;
#[path = "permission_vectors/fuller_random.rs"]
mod fuller_random;
#[path = "permission_vectors/fuller_reference.rs"]
mod fuller_reference;
#[path = "permission_vectors/random.rs"]
mod random;
#[path = "permission_vectors/reference.rs"]
mod reference;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vestibule::home_assistant::AuthFile;
use vestibule::home_assistant::registries::{self, RegistryBytes, RegistryFile};
use vestibule::permission::{
    Device, DeviceRecord, EntityRecord, Registry, RegistryRecords, UserPermissions, merge_policies, system_group_policy,
};

const KEYS: [&str; 3] = ["read", "control", "edit"];

fn of_user<'a>(is_owner: bool, policies: impl IntoIterator<Item = &'a Value>) -> UserPermissions {
    if is_owner { UserPermissions::owner() } else { UserPermissions::compile(policies) }
}

#[test]
fn every_check_is_answered_as_home_assistant_answers_its_users() {
    let vectors = fixture("check.json");
    let registries: Vec<_> = (0..list(&vectors["registries"]).len()).map(|i| stored(&i.to_string())).collect();
    let mut checks = Tally::new("check.json, checks");
    let mut access_all = Tally::new("check.json, access_all");
    for group in list(&vectors["groups"]) {
        let registry = &registries[usize::try_from(group["registry"].as_u64().unwrap()).unwrap()];
        let user = UserPermissions::compile([&group["policy"]]);
        for check in list(&group["checks"]) {
            let (entity, key, via_user) = (text(&check[0]), text(&check[1]), &check[3]);
            let ours = user.check(registry, entity, key).is_permit();
            checks.compare(&(via_user == &json!(true)), &ours, || format!("{entity} {key}: {}", group["policy"]));
            let raises = via_user.as_str().is_some_and(|text| text.starts_with("error:"));
            assert_eq!(raises, user.illegal().is_some(), "{}", group["policy"]);
        }
        for key in KEYS {
            let via_user = &group["access_all"][key][1];
            let ours = user.access_all_entities(key).is_permit();
            access_all.compare(&(via_user == &json!(true)), &ours, || format!("{key}: {}", group["policy"]));
        }
    }
    checks.finish(vectors["n_checks"].as_u64().unwrap());
    access_all.finish(3 * list(&vectors["groups"]).len() as u64);
}

#[test]
fn every_entity_has_the_device_and_area_that_home_assistant_finds_for_it() {
    let vectors = fixture("check.json");
    let mut tally = Tally::new("check.json, resolved devices and areas");
    let mut total = 0;
    for (index, expected) in list(&vectors["registries"]).iter().enumerate() {
        let registry = stored(&index.to_string());
        let resolved = expected["resolved"].as_object().unwrap();
        total += resolved.len() as u64;
        assert_eq!(registry.entities().count(), resolved.len());
        for (entity, theirs) in resolved {
            let device = registry.device_of(registry.entity(entity).unwrap());
            let ours = json!([device.map(Device::id), device.and_then(Device::area_id)]);
            tally.compare(theirs, &ours, || entity.clone());
        }
    }
    tally.finish(total);
}

#[test]
fn every_merge_gives_the_policy_that_home_assistant_makes_or_fails_where_it_fails() {
    let vectors = fixture("merge.json");
    let mut tally = Tally::new("merge.json");
    for vector in list(&vectors["vectors"]) {
        tally.compare(&vector.get("merged").cloned(), &merged(&vector["policies"]), || vector.to_string());
    }
    tally.finish(vectors["n"].as_u64().unwrap());
}

#[test]
fn the_users_of_the_home_may_do_to_each_entity_what_they_may_in_home_assistant() {
    let vectors = fixture("home_users.json");
    let registry = stored("home");
    let mut checks = Tally::new("home_users.json, checks");
    let mut merges = Tally::new("home_users.json, merged policies and access_all");
    for user in list(&vectors["users"]) {
        let policies = policies_of(&user["groups"]);
        let is_owner = user["is_owner"].as_bool().unwrap();
        let ours = of_user(is_owner, &policies);
        if !is_owner {
            merges
                .compare(&Some(user["merged_policy"].clone()), &merged(&json!(policies)), || user["name"].to_string());
        }
        for key in KEYS {
            let theirs = user["access_all"][key].as_bool().unwrap();
            merges.compare(&theirs, &ours.access_all_entities(key).is_permit(), || format!("{}: {key}", user["name"]));
            for entity in list(&vectors["entity_ids"]) {
                let allowed = &user["allowed"];
                let theirs = allowed == "all" || list(&allowed[key]).contains(entity);
                let answer = ours.check(&registry, text(entity), key).is_permit();
                checks.compare(&theirs, &answer, || format!("{}: {key} {entity}", user["name"]));
            }
        }
    }
    let users = list(&vectors["users"]).len() as u64;
    checks.finish(users * 3 * list(&vectors["entity_ids"]).len() as u64);
    merges.finish(users * 3 + users - 1);
}

#[test]
fn a_running_2024_3_shows_each_user_the_entities_that_we_let_them_read() {
    let vectors = fixture("home_2024_visible.json");
    let users = list(&vectors["users"]);
    let registry = stored("home-2024.3");
    let everything = list(&users.iter().find(|user| user["is_owner"] == true).unwrap()["states"]);
    let mut tally = Tally::new("home_2024_visible.json");
    for user in users {
        let ours = of_user(user["is_owner"].as_bool().unwrap(), &policies_of(&user["groups"]));
        let shown: BTreeSet<_> = list(&user["states"]).iter().map(text).collect();
        for entity in everything.iter().map(text) {
            let readable = ours.check(&registry, entity, "read").is_permit();
            tally.compare(&shown.contains(entity), &readable, || format!("{}: {entity}", user["username"]));
        }
    }
    tally.finish((users.len() * everything.len()) as u64);
}

#[test]
fn the_users_of_every_auth_file_may_do_to_a_light_what_home_assistant_lets_them() {
    let vectors = fixture("auth_store.json");
    let mut tally = Tally::new("auth_store.json, read_light and control_light");
    let mut columns = 0;
    for case in list(&vectors["cases"]) {
        let Some(users) = case["result"]["users"].as_object() else { continue };
        columns += 2 * users.len() as u64;
        let file = AuthFile::parse(case["file"].to_string().as_bytes()).unwrap();
        for user in file.users() {
            let policies = user.groups.iter().filter_map(|id| Some(&file.groups().get(id)?.policy));
            let ours = of_user(user.is_owner, policies);
            for (key, column) in [("read", "read_light"), ("control", "control_light")] {
                let theirs = &users[user.id.as_str()][column];
                let what = || format!("{}: {} {column}", case["name"], user.id);
                let raises = theirs.as_str().is_some_and(|text| text.starts_with("error:"));
                assert!(theirs.is_boolean() || raises, "{}: {theirs}", what());
                assert_eq!(raises, ours.illegal().is_some(), "{}", what());
                let permits = ours.check(&Registry::default(), "light.x", key).is_permit();
                tally.compare(&(theirs == &json!(true)), &permits, what);
            }
        }
    }
    tally.finish(columns);
}

#[test]
fn an_empty_registry_is_no_stand_in_for_one_that_cannot_be_read() {
    let taken_back = json!({"entities": {"area_ids": {"vault": {"control": {}}}, "all": {"control": true}}});
    let user = UserPermissions::compile([&taken_back]);
    let records = json!({"entities": {"lock.vault": {"device_id": "d"}}, "devices": {"d": {"area_id": "vault"}}});
    assert!(!user.check(&upstream_registry(&records), "lock.vault", "control").is_permit());
    assert!(user.check(&Registry::default(), "lock.vault", "control").is_permit());
}

#[test]
fn the_cases_of_home_assistant_s_own_tests_hold() {
    let vectors = fixture("upstream.json");
    let mut tally = Tally::new("upstream.json, check and user");
    for case in list(&vectors["check"]) {
        let user = UserPermissions::compile([&case["policy"]]);
        compare_checks(&mut tally, case, &user, &upstream_registry(&case["registry"]));
        if list(&case["checks"]).is_empty() {
            tally.compare(&true, &user.illegal().is_some(), || format!("must be illegal: {}", case["policy"]));
        }
    }
    for case in list(&vectors["user"]) {
        let is_owner = case.get("is_owner") == Some(&json!(true));
        let user = of_user(is_owner, list(&case["policies"]));
        compare_checks(&mut tally, case, &user, &Registry::default());
    }
    tally.finish(51);

    let mut tally = Tally::new("upstream.json, merge and access_all");
    for case in list(&vectors["merge"]) {
        tally.compare(&case.get("merged").cloned(), &merged(&case["policies"]), || case.to_string());
    }
    for case in list(&vectors["access_all"]["cases"]) {
        let user = UserPermissions::compile([&json!({"entities": case[0]})]);
        tally.compare(&(case[2] == true), &user.access_all_entities(text(&case[1])).is_permit(), || case.to_string());
    }
    tally.finish(11);
}

fn compare_checks(tally: &mut Tally, case: &Value, user: &UserPermissions, registry: &Registry) {
    for check in list(&case["checks"]) {
        let ours = user.check(registry, text(&check[0]), text(&check[1])).is_permit();
        tally.compare(&(check[2] == true), &ours, || format!("{}: {check}", case["test"]));
    }
}

/// Counts what was compared and keeps what differed, so that a failure shows all of it.
struct Tally {
    what: &'static str,
    compared: u64,
    mismatches: Vec<String>,
}

impl Tally {
    fn new(what: &'static str) -> Self {
        Self { what, compared: 0, mismatches: Vec::new() }
    }

    fn compare<T: PartialEq + Debug>(&mut self, theirs: &T, ours: &T, what: impl FnOnce() -> String) {
        self.compared += 1;
        if theirs != ours {
            self.mismatches.push(format!("{}: Home Assistant {theirs:?}, we {ours:?}", what()));
        }
    }

    /// A vector that is silently skipped is a failure too.
    fn finish(self, expected: u64) {
        println!("{}: {} compared, {} mismatches", self.what, self.compared, self.mismatches.len());
        assert!(self.mismatches.is_empty(), "{}", self.mismatches.join("\n"));
        assert_eq!(self.compared, expected, "{}", self.what);
    }
}

fn merged(policies: &Value) -> Option<Value> {
    merge_policies(list(policies)).ok().map(|merged| Value::from(&merged))
}

fn policies_of(groups: &Value) -> Vec<Value> {
    let own = fixture("home_groups.json");
    let policy = |id: &str| system_group_policy(id).unwrap_or_else(|| own["policies"][id].clone());
    list(groups).iter().map(|id| policy(text(id))).collect()
}

fn upstream_registry(case: &Value) -> Registry {
    let records = |name: &str| case.get(name).and_then(Value::as_object).into_iter().flatten();
    let owned = |value: &Value| value.as_str().map(str::to_owned);
    Registry::new(RegistryRecords {
        entities: records("entities")
            .map(|(id, entity)| EntityRecord {
                entity_id: id.clone(),
                device_id: owned(&entity["device_id"]),
                ..EntityRecord::default()
            })
            .collect(),
        devices: records("devices")
            .map(|(id, device)| DeviceRecord {
                id: id.clone(),
                area_id: owned(&device["area_id"]),
                ..DeviceRecord::default()
            })
            .collect(),
        ..RegistryRecords::default()
    })
}

fn stored(name: &str) -> Registry {
    let folder = fixtures().join("registries").join(name);
    let [entities, devices, areas, labels] =
        RegistryFile::ALL.map(|file| std::fs::read(folder.join(file.name())).unwrap());
    let bytes = RegistryBytes { entities: &entities, devices: &devices, areas: &areas, labels: &labels };
    registries::parse(&bytes).unwrap()
}

fn fixture(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(name)).unwrap()).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vectors")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
