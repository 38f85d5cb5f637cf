//! The keys of programs as they are kept: they end by their day and by revocation, and a store that fails brings none
//! back.

use vestibule::config::Conditions;
use vestibule::session::{ApiKeyToken, ApiKeys, FoundKey, KeyBounds, KeyError, NewKey, Pass};

use super::*;

async fn open(store: SessionStore, clock: &Clock) -> ApiKeys {
    let (sessions, _) = Sessions::open(&settings(SessionStore::Memory), clock.clone()).expect("open");
    ApiKeys::open(&settings(store), &sessions, clock.clone()).await
}

fn about(name: &str, expires: Timestamp) -> NewKey {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let bounds = KeyBounds::parse(&texts(&["GET"]), &texts(&["/api/{*rest}"]), &texts(&["10.0.0.0/8"]), true);
    NewKey {
        name: name.to_owned(),
        user: "bob".parse().expect("an id"),
        addon: "a".parse().expect("a slug"),
        bounds: bounds.expect("bounds"),
        expires,
        pass: None,
    }
}

fn counts(keys: &ApiKeys, token: &ApiKeyToken) -> bool {
    matches!(keys.find(token.digest()), Ok(FoundKey::Live(_)))
}

#[tokio::test]
async fn a_key_ends_with_its_last_millisecond_and_is_remembered_for_thirty_days() {
    let clock = Clock::manual(START);
    let keys = open(SessionStore::Memory, &clock).await;
    let day = 1440 * MINUTE;
    let (token, key) = keys.make(about("short", START.saturating_add(day))).await.expect("made");
    assert!(key.last_used().is_none());
    clock.set(START.saturating_add(day - Duration::from_millis(1)));
    assert!(counts(&keys, &token));
    assert_eq!(key.last_used(), Some(clock.now()));
    clock.set(START.saturating_add(day));
    assert!(matches!(keys.find(token.digest()), Ok(FoundKey::Over)));
    assert!(keys.standing(&key).is_err());
    clock.set(Timestamp::from_millis(START.as_millis() - 1));
    assert!(!counts(&keys, &token), "one from the future");
    for (later, remembered) in [(31 * day, true), (31 * day + Duration::from_millis(1), false)] {
        clock.set(START.saturating_add(later));
        keys.make(about("another", START.saturating_add(100 * day))).await.expect("made");
        assert_eq!(matches!(keys.find(token.digest()), Ok(FoundKey::Over)), remembered);
    }
    assert!(matches!(keys.find(ApiKeyToken::random().digest()), Ok(FoundKey::Unknown)));
}

/// A store that left out what a pass is held to would bring it back as a key that is not.
#[tokio::test]
async fn a_pass_is_held_to_the_same_after_a_restart() {
    let home = Home::new();
    let folder = home.folder.path().join("passes");
    fs::create_dir(&folder).expect("a folder");
    let store = || SessionStore::File(folder.join("sessions.redb"));
    let hours = ["sat,sun 8:00-20:00", "22:00-6:00"].map(|text| text.parse().expect("hours")).to_vec();
    let pass = Pass { group: "lamps".into(), conditions: Conditions { hours, ..Conditions::default() } };
    let made = NewKey { pass: Some(pass), ..about("a tablet", START.saturating_add(60 * MINUTE)) };
    let (token, _) = open(store(), &home.clock).await.make(made.clone()).await.expect("made");
    let again = open(store(), &home.clock).await;
    let Ok(FoundKey::Live(key)) = again.find(token.digest()) else { panic!("it is kept") };
    assert_eq!(*key.about(), made);
    let file = folder.join("sessions.keys");
    let text = fs::read_to_string(&file).expect("the file");
    fs::write(&file, text.replace(r#""group":"lamps","#, "")).expect("written");
    assert!(matches!(open(store(), &home.clock).await.find(token.digest()), Ok(FoundKey::Unknown)), "hours of nothing");
}

#[tokio::test]
async fn a_thousand_keys_are_the_most() {
    let clock = Clock::manual(START);
    let keys = open(SessionStore::Memory, &clock).await;
    for _ in 0..1000 {
        keys.make(about("one", START.saturating_add(MINUTE))).await.expect("made");
    }
    assert!(matches!(keys.make(about("more", START.saturating_add(MINUTE))).await, Err(KeyError::TooMany)));
}

#[tokio::test]
async fn a_key_that_has_ended_stays_ended_while_the_disk_fails_and_after_it() {
    let home = Home::new();
    let folder = home.folder.path().join("state");
    fs::create_dir(&folder).expect("a folder");
    let store = || SessionStore::File(folder.join("sessions.redb"));
    let keys = open(store(), &home.clock).await;
    let expires = START.saturating_add(60 * MINUTE);
    let (kept, _) = keys.make(about("kept", expires)).await.expect("made");
    let (token, key) = keys.make(about("ended", expires)).await.expect("made");
    let aside = home.folder.path().join("aside");
    fs::rename(&folder, &aside).expect("the disk fails");
    assert!(matches!(keys.revoke(key.id()).await, Err(KeyError::NotEnded(..))));
    assert!(!counts(&keys, &token), "at once");
    assert!(matches!(keys.make(about("new", expires)).await, Err(KeyError::NotKept(_))), "what is not kept is no key");
    assert!(keys.upkeep().await.is_err());
    assert_eq!((counts(&keys, &token), keys.list().len()), (false, 2));
    fs::rename(&aside, &folder).expect("the disk works");
    keys.upkeep().await.expect("kept");
    let file = folder.join("sessions.keys");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let again = open(store(), &home.clock).await;
    assert!(!counts(&again, &token) && counts(&again, &kept));
    assert!(matches!(again.revoke(key.id()).await, Err(KeyError::Unknown)), "it has ended");
}

#[tokio::test]
async fn the_last_use_is_kept_within_a_minute() {
    let home = Home::new();
    let store = || SessionStore::File(home.folder.path().join("sessions.redb"));
    let keys = open(store(), &home.clock).await;
    let (token, _) = keys.make(about("used", START.saturating_add(60 * MINUTE))).await.expect("made");
    home.clock.set(START.saturating_add(MINUTE - Duration::from_millis(1)));
    assert!(counts(&keys, &token));
    keys.upkeep().await.expect("kept");
    let last_used = |keys: &ApiKeys| keys.list()[0].last_used();
    assert_eq!(last_used(&open(store(), &home.clock).await), None, "not at every request");
    home.clock.set(START.saturating_add(MINUTE));
    keys.upkeep().await.expect("kept");
    let used = Some(START.saturating_add(MINUTE - Duration::from_millis(1)));
    assert_eq!(last_used(&open(store(), &home.clock).await), used);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_has_no_key_and_is_not_written_over() {
    let home = Home::new();
    let store = || SessionStore::File(home.folder.path().join("sessions.redb"));
    let file = home.folder.path().join("sessions.keys");
    let (token, _) =
        open(store(), &home.clock).await.make(about("one", START.saturating_add(MINUTE))).await.expect("made");
    let sound = fs::read_to_string(&file).expect("a text");
    for (from, to) in [("\"v\":1", "\"v\":2"), ("10.0.0.0/8", "everywhere"), ("\"revoked\"", "\"x\""), ("}", "")] {
        let damaged = sound.replace(from, to);
        assert_ne!(damaged, sound);
        fs::write(&file, &damaged).expect("written");
        let keys = open(store(), &home.clock).await;
        assert!(!counts(&keys, &token), "{damaged}");
        assert!(keys.make(about("two", START.saturating_add(MINUTE))).await.is_err());
        assert_eq!(fs::read_to_string(&file).expect("a text"), damaged);
    }
    fs::write(&file, &sound).expect("written");
    assert!(counts(&open(store(), &home.clock).await, &token));
}
