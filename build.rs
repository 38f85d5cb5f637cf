//! Tells the binary which commit it was built from, where there is a repository.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/refs/heads");
    println!("cargo::rustc-env=VESTIBULE_COMMIT={}", commit().unwrap_or_else(|| "unknown".to_owned()));
}

/// The first digits of the commit; none from an archive of the sources.
fn commit() -> Option<String> {
    let answer = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
    Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty())
}
