//! Home Assistant's own files, as Home Assistant wrote them: what its loader makes of 36 auth files, and two real
//! homes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own helpers may panic as the test may")]

mod registries;
mod rights;
#[path = "../support/stopwatch.rs"]
mod stopwatch;
mod support;

use std::collections::BTreeMap;
use std::fs;

use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule::config;
use vestibule::home_assistant::{AuthFile, Condition, HomeAssistant, Outcome, read_folder};
use vestibule::identity::{Health, User};
use vestibule::ids::UserId;
use zeroize::Zeroizing;

use stopwatch::Stopwatch;
use support::{HOME, HOME_2024, Home, SOON, Watched, copy, repository};

#[test]
fn every_auth_file_is_loaded_as_home_assistant_loads_it() {
    let vectors = fs::read(repository("tests/fixtures/vectors/auth_store.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let (mut refused, mut values) = (0, 0);
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let expected = &case["result"];
        let parsed = AuthFile::parse(case["file"].to_string().as_bytes());
        if expected.get("error").is_some() {
            assert!(parsed.is_err(), "{name}: Home Assistant would not start with it");
            refused += 1;
            continue;
        }
        let file = parsed.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        values += compare(name, &described(&file), expected);
    }
    println!(
        "auth_store.json: {} files compared ({refused} refused, {values} values in the others), 0 mismatches",
        cases.len()
    );
    assert_eq!(cases.len(), 36);
}

#[test]
fn the_auth_files_of_home_assistant_s_own_tests_are_loaded_as_they_expect() {
    let vectors = fs::read(repository("tests/fixtures/vectors/upstream.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let cases = vectors["auth_store_load"].as_array().unwrap();
    let mut values = 0;
    for case in cases {
        // Where there is no file there, there is no data here: that no file is not none is held elsewhere.
        let file = if case["file"].is_null() { json!({"version": 1, "data": null}) } else { case["file"].clone() };
        let parsed = AuthFile::parse(file.to_string().as_bytes()).unwrap();
        let mut expected = case["expect"].clone();
        let groups = expected["groups"].as_array_mut().unwrap();
        groups.sort_by_key(|id| id.as_str().unwrap().to_owned());
        for user in expected["users"].as_object_mut().unwrap().values_mut() {
            for token in user["tokens"].as_object_mut().unwrap().values_mut() {
                // Which version of Home Assistant made a token is nothing that we ask.
                token.as_object_mut().unwrap().remove("version");
            }
        }
        let tokens = |user: &User| -> BTreeMap<String, Value> {
            let theirs = parsed.refresh_tokens().iter().filter(|token| token.user_id == user.id);
            theirs.map(|token| (token.id.clone(), json!({"token_type": token.token_type.as_str()}))).collect()
        };
        let groups = |user: &User| user.groups.iter().map(ToString::to_string).collect::<Vec<_>>();
        let users: BTreeMap<String, Value> = parsed
            .users()
            .iter()
            .map(|user| (user.id.to_string(), json!({"groups": groups(user), "tokens": tokens(user)})))
            .collect();
        let ids: Vec<&str> = parsed.groups().keys().map(|id| &**id).collect();
        assert_eq!(json!({"groups": ids, "users": users}), expected, "{}", case["test"]);
        values += leaves(&expected);
    }
    println!("upstream.json, auth_store_load: {values} values in {} files compared, 0 mismatches", cases.len());
    assert_eq!(cases.len(), 3);
}

/// What we made of a file, in the words of the vectors.
fn described(file: &AuthFile) -> Value {
    let groups: BTreeMap<&str, Value> = file
        .groups()
        .iter()
        .map(|(id, group)| (&**id, json!([group.name, group.policy, group.system_generated])))
        .collect();
    let users: BTreeMap<&str, Value> =
        file.users().iter().map(|user| (user.id.as_str(), user_of(file, user))).collect();
    let owner = |id: &str| file.refresh_token(id).map(|token| token.user_id.to_string());
    let owners: BTreeMap<&str, _> =
        file.refresh_tokens().iter().map(|token| (token.id.as_str(), owner(&token.id))).collect();
    json!({"groups": groups, "users": users, "token_owner": owners})
}

fn user_of(file: &AuthFile, user: &User) -> Value {
    let tokens: BTreeMap<&str, Value> = file
        .refresh_tokens()
        .iter()
        .filter(|token| token.user_id == user.id)
        .map(|token| {
            let key: String = token.jwt_key.reveal().chars().take(4).collect();
            (&*token.id, json!({"token_type": token.token_type.as_str(), "jwt_key": key, "expire_at": token.expire_at}))
        })
        .collect();
    json!({
        "name": user.name, "is_owner": user.is_owner, "is_active": user.is_active, "groups": user.groups.iter().map(|g| &**g).collect::<Vec<_>>(),
        "system_generated": user.system_generated, "local_only": user.local_only, "is_admin": user.is_admin(), "tokens": tokens,
    })
}

/// Compares all that the vectors say, but for the two columns that the permission engine answers; counts the values.
/// The vectors have flags as they stand in the file.
fn compare(name: &str, ours: &Value, theirs: &Value) -> usize {
    let mut theirs = theirs.clone();
    for user in theirs["users"].as_object_mut().unwrap().values_mut() {
        let user = user.as_object_mut().unwrap();
        user.retain(|column, _| column != "read_light" && column != "control_light");
        for flag in ["is_owner", "is_active", "system_generated", "local_only"] {
            let truth = match &user[flag] {
                Value::Bool(truth) => *truth,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                _ => false,
            };
            user.insert(flag.to_owned(), truth.into());
        }
    }
    assert_eq!(*ours, theirs, "{name}");
    leaves(&theirs)
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(leaves).sum::<usize>().max(1),
        Value::Array(items) => items.iter().map(leaves).sum::<usize>().max(1),
        _ => 1,
    }
}

#[test]
fn both_homes_are_read_fully() {
    for home in [HOME, HOME_2024] {
        let directory = read_folder(&repository(home)).unwrap().directory(&config::Permissions::default());
        assert_eq!(directory.health(), Health::Good);
        assert_eq!(directory.users().count(), 11, "{home}");
        assert_eq!(directory.groups().count(), 7, "{home}");
        for (login, _, name, groups) in PEOPLE {
            let user = directory.named(login).unwrap_or_else(|| panic!("{home}: {login}"));
            assert_eq!((user.username(), user.name.as_deref()), (Some(login), Some(name)), "{home}");
            assert_eq!(user.groups.iter().map(|g| &**g).collect::<Vec<_>>(), groups, "{home}: {login}");
            assert_eq!(user.is_owner, login == "owner");
            assert_eq!(user.is_active, login != "erin");
            assert_eq!(user.local_only, login == "dave");
            assert_eq!(user.is_admin(), matches!(login, "owner" | "alice"));
            assert!(!user.system_generated && !user.has_mfa && user.password_digest.is_some(), "{home}: {login}");
        }
        let system: Vec<_> = directory.users().filter(|user| user.system_generated).collect();
        assert_eq!(system.len(), 1);
        assert_eq!((system[0].username(), system[0].password_digest), (None, None));
    }
}

#[tokio::test]
async fn everybody_has_their_own_password_and_no_other() {
    for home in [HOME, HOME_2024] {
        let home = Home::of(home);
        let assistant = home.open();
        let outcomes = join_all(PEOPLE.map(|(login, password, ..)| verify(&assistant, login, password))).await;
        for ((login, ..), outcome) in PEOPLE.iter().zip(outcomes) {
            assert_eq!(outcome, Outcome::Right(id_of(&assistant, login)), "{login}");
        }
        assert_eq!(verify(&assistant, "alice", "bob-pass-1").await, Outcome::Wrong);
        assert_eq!(verify(&assistant, "alice", "alice-pass-1 ").await, Outcome::Wrong);
        assert_eq!(verify(&assistant, "alice", "").await, Outcome::Wrong);
    }
}

#[tokio::test]
async fn a_user_name_is_trimmed_and_case_folded_and_a_password_is_not() {
    let home = Home::of(HOME);
    let assistant = home.open();
    for (typed, password, login) in
        [("ALICE ", "alice-pass-1", "alice"), ("\u{a0}Zoë\t", "zoë-päss-1", "zoë"), ("ZOË", "zoë-päss-1", "zoë")]
    {
        assert_eq!(verify(&assistant, typed, password).await, Outcome::Right(id_of(&assistant, login)), "{typed}");
    }
    assert_eq!(verify(&assistant, "alice", "ALICE-PASS-1").await, Outcome::Wrong);
    assert_eq!(verify(&assistant, "zoe\u{308}", "zoë-päss-1").await, Outcome::Wrong);
}

#[tokio::test]
async fn an_unknown_user_costs_a_check_like_a_known_one() {
    let assistant = Home::of(HOME).open();
    for (count, login) in [(1, "nobody"), (2, "alice"), (3, ""), (4, "system-admin")] {
        assert_eq!(verify(&assistant, login, "wrong").await, Outcome::Wrong, "{login}");
        assert_eq!(assistant.verifier().checks(), count, "{login}");
    }
}

#[tokio::test]
async fn a_user_name_without_a_credential_makes_no_new_user() {
    let home = Home::of(HOME);
    home.edit("auth", |file| {
        file["data"]["credentials"].as_array_mut().unwrap().retain(|one| one["data"]["username"] != "alice");
    });
    let assistant = home.open();
    assert_eq!(verify(&assistant, "alice", "alice-pass-1").await, Outcome::Wrong);
    assert_eq!(assistant.verifier().checks(), 1);
}

#[tokio::test]
async fn without_a_readable_home_everybody_is_refused_and_the_process_goes_on() {
    let home = Home::of(HOME);
    home.write("auth", b"");
    let assistant = home.open();
    assert_eq!(assistant.directory().load().health(), Health::Absent);
    assert_eq!(verify(&assistant, "alice", "alice-pass-1").await, Outcome::Unavailable);
    let status = assistant.status();
    let Condition::Absent { why } = &status.condition else { panic!("{status:?}") };
    assert_eq!((why.len(), status.users), (1, 0));
    assert!(why[0].path.ends_with(".storage/auth"));

    let watched = Watched::start(assistant);
    home.write("auth", &fs::read(repository(HOME).join(".storage/auth")).unwrap());
    watched.until("it recovers by itself", |users| users.health() == Health::Good && users.users().count() == 11).await;
}

#[test]
fn a_second_factor_is_seen_and_a_broken_file_about_it_is_not_taken_for_none() {
    let home = Home::of(HOME);
    let id = |login: &str| {
        read_folder(home.path())
            .unwrap()
            .directory(&config::Permissions::default())
            .named(login)
            .unwrap()
            .id
            .to_string()
    };
    let (alice, bob) = (id("alice"), id("bob"));
    home.write("auth_module.totp", json!({"version": 1, "data": {"users": {alice: {}}}}).to_string().as_bytes());
    home.write("auth_module.notify", json!({"version": 1, "data": {"users": {bob: {}}}}).to_string().as_bytes());
    let directory = read_folder(home.path()).unwrap().directory(&config::Permissions::default());
    let mut with: Vec<&str> =
        PEOPLE.map(|one| one.0).into_iter().filter(|p| directory.named(p).unwrap().has_mfa).collect();
    with.sort_unstable();
    assert_eq!(with, ["alice", "bob"]);

    home.write("auth_module.totp", b"{\"version\": 1, \"data\":");
    let problems = read_folder(home.path()).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].path.ends_with("auth_module.totp"));
}

#[tokio::test]
async fn a_truncated_file_keeps_the_users_and_says_so_and_recovers() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    let whole = fs::read(home.file("auth")).unwrap();
    home.write("auth", &whole[..whole.len() / 2]);
    watched.until_status("it says so", |condition| matches!(condition, Condition::Stale { .. })).await;
    assert_eq!(watched.home.directory().load().users().count(), 11);
    assert_eq!(watched.home.status().users, 11);
    assert!(matches!(verify(&watched.home, "alice", "alice-pass-1").await, Outcome::Right(_)));

    home.write("auth", &whole);
    watched.until_status("it recovers", |condition| matches!(condition, Condition::Good { .. })).await;
}

#[tokio::test]
async fn a_file_renamed_over_the_old_one_is_seen_within_two_seconds() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    watched.until("the first look", |users| users.health() == Health::Good).await;
    let began = Stopwatch::start();
    home.edit("auth", |file| user_in(file, "bec8ee10ae0943ae8e505c8abf6ee05a")["name"] = "Renamed".into());
    watched.until("it is seen", |users| users.users().any(|user| user.name.as_deref() == Some("Renamed"))).await;
    began.assert_within(SOON, "seen");
}

#[tokio::test]
async fn rapid_rewrites_end_with_the_last_one() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    for round in 0..200 {
        home.edit("auth", |file| user_in(file, "bec8ee10ae0943ae8e505c8abf6ee05a")["name"] = format!("{round}").into());
        if round % 20 == 0 {
            tokio::task::yield_now().await;
        }
    }
    watched.until("the last", |users| users.users().any(|user| user.name.as_deref() == Some("199"))).await;
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_still_watched() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    let storage = home.path().join(".storage");
    for name in ["One", "Two"] {
        fs::rename(&storage, home.path().join(format!("old-{name}"))).unwrap();
        copy(&repository(HOME).join(".storage"), &storage);
        home.edit("auth", |file| user_in(file, "bec8ee10ae0943ae8e505c8abf6ee05a")["name"] = name.into());
        watched.until(name, |users| users.users().any(|user| user.name.as_deref() == Some(name))).await;
    }
}

#[tokio::test]
async fn a_changed_password_counts_at_once_and_changes_the_digest() {
    let home = Home::of(HOME);
    let watched = Watched::start(home.open());
    let digest = |home: &HomeAssistant| home.directory().load().named("alice").unwrap().password_digest;
    let before = digest(&watched.home);
    home.edit("auth_provider.homeassistant", |file| {
        let users = file["data"]["users"].as_array_mut().unwrap();
        let bob = users.iter().find(|user| user["username"] == "bob").unwrap()["password"].clone();
        users.iter_mut().find(|user| user["username"] == "alice").unwrap()["password"] = bob;
    });
    watched.until("the digest changes", |users| users.named("alice").unwrap().password_digest != before).await;
    assert_eq!(verify(&watched.home, "alice", "alice-pass-1").await, Outcome::Wrong);
    assert!(matches!(verify(&watched.home, "alice", "bob-pass-1").await, Outcome::Right(_)));
}

const PEOPLE: [(&str, &str, &str, &[&str]); 10] = [
    ("owner", "owner-pass-1", "Olivia Owner", &["system-admin"]),
    ("alice", "alice-pass-1", "Alice Admin", &["system-admin"]),
    ("bob", "bob-pass-1", "Bob User", &["system-users"]),
    ("carol", "carol-pass-1", "Carol ReadOnly", &["system-read-only"]),
    ("dave", "dave-pass-1", "Dave Local", &["system-users"]),
    ("erin", "erin-pass-1", "Erin Inactive", &["system-users"]),
    ("frank", "frank-pass-1", "Frank Guest", &["custom-guests"]),
    ("grace", "grace-pass-1", "Grace Kitchen", &["custom-kitchen", "custom-lights"]),
    ("heidi", "heidi-pass-1", "Heidi Nogroup", &[]),
    ("zoë", "zoë-päss-1", "Zoë Ünïcode 日本", &["system-users"]),
];

async fn verify(home: &HomeAssistant, username: &str, password: &str) -> Outcome {
    home.verifier().verify(username.to_owned(), Zeroizing::new(password.to_owned())).await
}

fn id_of(home: &HomeAssistant, login: &str) -> UserId {
    home.directory().load().named(login).unwrap().id.clone()
}

fn user_in<'a>(file: &'a mut Value, id: &str) -> &'a mut Value {
    file["data"]["users"].as_array_mut().unwrap().iter_mut().find(|user| user["id"] == id).unwrap()
}
