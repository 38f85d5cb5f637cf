//! What is shipped beside the program: alerts and a dashboard that name what there is, a filter for fail2ban that reads what a
//! running vestibule writes, a unit that systemd takes, and backups that bring a home back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod addon;
mod backup;
mod blueprints;
mod fail2ban;
mod monitoring;
mod unit;

/// A file of the repository.
fn shipped(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program, and returns what it said on both streams when it was content.
#[track_caller]
fn content(command: &mut std::process::Command) -> String {
    let output = command.stdin(std::process::Stdio::null()).output().unwrap_or_else(|err| panic!("{command:?}: {err}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}");
    said
}
