//! Sessions survive the worst, and damage is spoken of.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kept;
use crate::support::expectation::BOB;
use crate::support::home::password_of;
use crate::support::{Ask, BOTH, Extra, PATIENCE, Protocol, RawAddon, RawClient, Vestibule, assert_id, eventually};

#[test]
fn a_session_outlives_kill_9() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    let made = Instant::now();
    let mut client = RawClient::connect(vestibule.https());
    while made.elapsed() < Duration::from_secs(2) {
        assert_eq!(client.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200);
    }
    vestibule.kill_9();
    vestibule.start_again();
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        assert_id(&addon.one(), &BOB);
    }
}

#[test]
fn a_revocation_is_on_disk_before_it_is_acknowledged() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let made = Instant::now();
    while made.elapsed() < Duration::from_secs(2) {
        assert!(vestibule.is_live(&bob) && vestibule.is_live(&carol));
    }
    vestibule.revoke("bob");
    vestibule.kill_9();
    vestibule.start_again();
    assert!(!vestibule.is_live(&bob), "revoked stays revoked");
    assert!(vestibule.is_live(&carol));
}

#[test]
fn s75_who_was_deactivated_while_nothing_ran_gets_no_old_session_back() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    vestibule.signal("TERM");
    vestibule.await_end(PATIENCE);
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    vestibule.start_again();
    vestibule.await_line(&["user_changed"]);
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(true));
    eventually("bob may sign in again", || (vestibule.sign_in("bob", &password_of("bob")).status == 303).then_some(()));
    assert!(!vestibule.is_live(&bob), "what ended while nothing ran stays ended");
    assert!(vestibule.is_live(&carol), "others go on");
}

#[test]
fn a_corrupt_session_file_is_spoken_of_and_vestibule_serves_on() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    vestibule.cookie("bob");
    vestibule.kill_9();
    let garbage = b"this is no database ".repeat(1000);
    fs::write(vestibule.path("state/sessions.redb"), &garbage).unwrap();
    vestibule.start_again();
    vestibule.await_line(&["sessions.redb"]);
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    assert_id(&addon.one(), &BOB);
    // One that is being written has another name a moment later.
    let entries = fs::read_dir(vestibule.path("state")).unwrap();
    let files = entries.filter_map(|entry| fs::read(entry.unwrap().path()).ok());
    assert!(files.into_iter().any(|bytes| bytes == garbage), "what may still be rescued is not written over");
}

#[test]
fn a_truncated_session_file_is_spoken_of_and_vestibule_serves_on() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    vestibule.cookie("bob");
    vestibule.kill_9();
    let store = vestibule.path("state/sessions.redb");
    let bytes = fs::read(&store).unwrap();
    fs::write(&store, &bytes[..bytes.len() / 3]).unwrap();
    vestibule.start_again();
    vestibule.await_line(&["sessions.redb"]);
    let cookie = vestibule.cookie("bob");
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn a_running_server_is_not_disturbed_by_a_second_one() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    let second = vestibule.command(&["serve"]);
    assert!(!second.status.success(), "the second one ends: {second:?}");
    assert!(vestibule.is_live(&cookie));
    assert!(vestibule.command_ok(&["sessions", "list"]).contains("bob"), "the control socket is still the first one's");
}

#[test]
fn sessions_outlive_a_restart() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    vestibule.signal("TERM");
    assert!(vestibule.await_end(PATIENCE).success());
    vestibule.start_again();
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn a_full_disk_is_spoken_of_and_vestibule_serves_on() {
    let addon = RawAddon::start();
    let limited = |_: &std::path::Path| Extra { file_limit: Some(1), ..Extra::default() };
    let vestibule = Vestibule::start_with(kept(&addon), |_| {}, limited);
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    assert_id(&addon.one(), &BOB);
    vestibule.await_line(&["sessions.redb"]);
    let revoked = vestibule.command(&["sessions", "revoke", "--user", "bob"]);
    assert!(!revoked.status.success(), "what is not on disk is not acknowledged: {revoked:?}");
    assert!(String::from_utf8_lossy(&revoked.stderr).contains("not stored"), "{revoked:?}");
    assert!(!vestibule.is_live(&cookie), "but it holds");
}

#[test]
fn sessions_of_before_are_there_when_the_disk_is_full() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    vestibule.signal("TERM");
    assert!(vestibule.await_end(PATIENCE).success());
    vestibule.limit_files(Some(1));
    vestibule.start_again();
    assert!(vestibule.is_live(&bob) && vestibule.is_live(&carol), "no session is lost silently");
    let alice = vestibule.cookie("alice");
    assert!(vestibule.is_live(&alice), "and new ones are served from memory");
    vestibule.signal("TERM");
    vestibule.await_end(PATIENCE);
    vestibule.limit_files(None);
    vestibule.start_again();
    assert!(vestibule.is_live(&bob) && vestibule.is_live(&carol), "the file was not harmed");
}
