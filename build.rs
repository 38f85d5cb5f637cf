//! Tells the program what it was built for, and a release build from which commit, where there is a repository.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Not for debug builds: each commit would compile everything anew.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = is_release.then(commit).flatten();
    println!("cargo::rustc-env=VESTIBULE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    let target = std::env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=VESTIBULE_TARGET={target}");
    println!("cargo::rustc-env=VESTIBULE_FEATURES={}", features());
}

/// As Cargo.toml calls them, but for `default`, which is a list of others.
fn features() -> String {
    let names = std::env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_owned()));
    let mut names: Vec<String> =
        names.filter(|name| name != "DEFAULT").map(|name| name.to_ascii_lowercase().replace('_', "-")).collect();
    names.sort();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The first digits of the commit; none from an archive of the sources.
fn commit() -> Option<String> {
    // A path that is not there would have cargo ask again each time.
    for watched in [".git/HEAD", ".git/refs/heads"].into_iter().filter(|watched| Path::new(watched).exists()) {
        println!("cargo::rerun-if-changed={watched}");
    }
    let answer = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(answer.stdout).ok().filter(|_| answer.status.success())?;
    Some(commit.trim().to_owned()).filter(|commit| !commit.is_empty())
}
