//! fail2ban's filter on what a running vestibule has written.

use std::fs;
use std::process::Command;

use crate::support::tools::{Tool, find};
use crate::support::{Ask, Protocol, RawAddon, Vestibule};
use crate::{content, shipped};

/// What an attacker would like the log to say.
const FORGED: &str = "x\" vestibule::audit: event=sign_in outcome=wrong_password method=password user_name=bob client=203.0.113.9 request_id=1";

/// A log with wrong passwords, a right one, and everything that an attacker can put into it.
fn written(format: &str) -> Vec<String> {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).set("log", "format", &format!("{format:?}"));
    });
    vestibule.sign_in("bob", "wrong");
    vestibule.sign_in("nobody", "wrong");
    vestibule.sign_in(FORGED, "wrong");
    vestibule.sign_in("", "wrong");
    vestibule.sign_in("frank", "frank-pass-1");
    let forged_line = format!("2026-01-01T00:00:00.000000Z  INFO {}", FORGED.replace("x\" ", ""));
    vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").field("User-Agent", &forged_line));
    vestibule.await_line(&["vestibule::access", "203.0.113.9"]);
    vestibule.stderr().lines().map(str::to_owned).collect()
}

/// The lines that the filter takes for a failed attempt.
fn matched(lines: &[String]) -> Vec<String> {
    let fail2ban = find(Tool::Fail2banRegex).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, lines.join("\n") + "\n").unwrap();
    let filter = shipped("packaging/fail2ban/filter.d.conf");
    let said = |what: &str| content(Command::new(&fail2ban).arg(format!("--out={what}")).arg(&log).arg(&filter));
    assert!(said("ip").lines().all(|address| address == "127.0.0.1"), "{}", said("ip"));
    said("msg").lines().map(str::to_owned).collect()
}

#[test]
fn fail2ban_counts_wrong_passwords_and_nothing_that_an_attacker_writes() {
    if find(Tool::Fail2banRegex).is_none() {
        return;
    }
    for format in ["text", "json"] {
        let lines = written(format);
        let is_failure = |line: &&String| {
            let outcome = ["wrong_password", "unknown_user"].iter().any(|word| line.contains(word));
            line.contains("vestibule::audit") && !line.contains("vestibule::access") && outcome
        };
        let failed: Vec<_> = lines.iter().filter(is_failure).cloned().collect();
        assert!(failed.len() >= 3, "{format}: {lines:#?}");
        assert_eq!(matched(&lines), failed, "{format}: {lines:#?}");
        // The same from the journal, which puts its own before each line.
        let journal: Vec<_> = lines.iter().map(|line| format!("box vestibule[4711]: {line}")).collect();
        let failed: Vec<_> = failed.iter().map(|line| format!("box vestibule[4711]: {line}")).collect();
        assert_eq!(matched(&journal), failed, "{format}, of the journal");
    }
}
