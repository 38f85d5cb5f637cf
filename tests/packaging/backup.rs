//! A home is lost and comes back, with its certificates, its keys and a session that a browser still has.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{RawAddon, Vestibule};

const PASSPHRASE: &str = "correct horse battery staple\n";

fn run(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.args(arguments).current_dir(folder).env_remove("VESTIBULE_CONFIG").stdin(Stdio::null());
    command.output().expect("the binary runs")
}

#[track_caller]
fn refused(output: &Output, code: i32, word: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(word) && said.contains("hint: "), "{word}: {said}");
}

#[test]
fn a_session_survives_the_way_to_another_machine() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let folder = vestibule.folder().to_owned();
    fs::write(folder.join("passphrase"), PASSPHRASE).unwrap();
    let backup = ["backup", "home.age", "--passphrase-file", "passphrase"];
    let with_sessions = [&backup[..], &["--sessions"]].concat();

    refused(&run(&with_sessions, &folder), 1, "a running vestibule writes to");
    assert!(!folder.join("home.age").exists(), "nothing is left of what failed");
    vestibule.signal("TERM");
    assert!(vestibule.await_end(crate::support::PATIENCE).success());
    let made = run(&with_sessions, &folder);
    assert!(made.status.success(), "{made:?}");
    let sealed = fs::read(folder.join("home.age")).unwrap();
    assert_eq!(fs::metadata(folder.join("home.age")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    assert!(!run(&with_sessions, &folder).status.success(), "an older backup is not written over");

    // The machine is lost; what was made on it is gone.
    let kept = tempfile::tempdir().unwrap();
    fs::rename(folder.join("home.age"), kept.path().join("home.age")).unwrap();
    let config = fs::read_to_string(folder.join("config.toml")).unwrap();
    let state = fs::read(folder.join("state/sessions.redb")).unwrap();
    fs::remove_dir_all(folder.join("state")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != "passphrase" {
            fs::remove_file(path).unwrap();
        }
    }
    let from = kept.path().join("home.age");
    let restore = ["--config", "config.toml", "restore", from.to_str().unwrap(), "--passphrase-file", "passphrase"];
    fs::write(folder.join("wrong"), "another passphrase\n").unwrap();
    let mut with_wrong = restore;
    with_wrong[5] = "wrong";
    refused(&run(&with_wrong, &folder), 1, "does not open with this passphrase");

    // A file that is there already holds all of it up.
    fs::write(folder.join("config.toml"), "mine").unwrap();
    let held = run(&restore, &folder);
    refused(&held, 1, "would write over");
    assert_eq!(fs::read_to_string(folder.join("config.toml")).unwrap(), "mine");
    assert!(!folder.join("state").exists(), "everything or nothing");
    fs::remove_file(folder.join("config.toml")).unwrap();

    let restored = run(&restore, &folder);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(fs::read_to_string(folder.join("config.toml")).unwrap(), config);
    assert_eq!(fs::read(folder.join("state/sessions.redb")).unwrap(), state);
    assert_eq!(fs::metadata(folder.join("state/sessions.redb")).unwrap().permissions().mode() & 0o777, 0o600);
    vestibule.start_again();
    assert!(vestibule.is_live(&cookie), "the browser is still signed in");
}

#[test]
fn a_backup_has_no_sessions_unless_they_are_asked_for_and_no_weak_passphrase() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
    });
    vestibule.cookie("bob");
    let folder = vestibule.folder();
    fs::write(folder.join("weak"), "elevenchars\n").unwrap();
    refused(&run(&["backup", "a.age", "--passphrase-file", "weak"], folder), 1, "fewer than 12 characters");
    fs::write(folder.join("passphrase"), PASSPHRASE).unwrap();
    let made = run(&["backup", "a.age", "--passphrase-file", "passphrase"], folder);
    assert!(made.status.success(), "it may run meanwhile: {made:?}");
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("config.toml");
    let restore = ["--config", target.to_str().unwrap(), "restore", "a.age", "--passphrase-file", "passphrase"];
    let restored = run(&restore, folder);
    let said = String::from_utf8_lossy(&restored.stdout).into_owned();
    assert!(restored.status.success(), "{restored:?}");
    assert!(target.exists() && said.contains("config.toml"), "{said}");
    assert!(!said.contains("sessions"), "{said}");
    assert!(!said.contains(".storage"), "Home Assistant's files are its own: {said}");

    fs::write(folder.join("config.toml"), "[listen\n").unwrap();
    assert_eq!(run(&["backup", "b.age", "--passphrase-file", "passphrase"], folder).status.code(), Some(2));
    assert!(!folder.join("b.age").exists(), "nobody knows what a broken configuration names");
}
