//! What the process gives up before it serves, as the kernel tells it.

use std::fs;

use crate::kept;
use crate::support::{PATIENCE, RawAddon, Vestibule};

/// A line of a file of `/proc` about a process or one of its threads.
fn line(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether system calls of its threads are filtered (2) or not (0).
fn filters(vestibule: &Vestibule) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{}/task", vestibule.pid())).unwrap();
    threads.map(|thread| line(thread.unwrap().path().join("status").to_str().unwrap(), "Seccomp:")).collect()
}

fn await_stopped(vestibule: &mut Vestibule) {
    vestibule.signal("TERM");
    assert!(vestibule.await_end(PATIENCE).success());
}

#[test]
fn every_thread_is_held_a_crash_leaves_no_core_and_everything_works() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    assert!(vestibule.is_live(&cookie));
    let filters = filters(&vestibule);
    assert!(filters.len() > 2 && filters.iter().all(|filter| filter == "2"), "{filters:?}");
    assert_eq!(line(&format!("/proc/{}/status", vestibule.pid()), "NoNewPrivs:"), "1");
    assert_eq!(line(&format!("/proc/{}/limits", vestibule.pid()), "Max core file size"), "0 0 bytes");
    assert!(!vestibule.stderr().contains("Landlock"), "{}", vestibule.stderr());
}

#[test]
fn what_the_sandbox_does_not_allow_is_told_at_the_reload_and_counts_at_the_next_start() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let reloaded = vestibule.command_ok(&["reload"]);
    assert!(!reloaded.contains("sandbox"), "{reloaded}");
    vestibule.reconfigure(|config| {
        config.set("assertion", "keys", "\"elsewhere/keys\"");
    });
    vestibule.await_line(&["`sandbox` changes at the next start"]);
    await_stopped(&mut vestibule);
    vestibule.start_again();
    let reloaded = vestibule.command_ok(&["reload"]);
    assert!(!reloaded.contains("sandbox"), "{reloaded}");
}

#[test]
fn the_operator_can_do_without() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    await_stopped(&mut vestibule);
    let text = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    vestibule.write_config(&format!("sandbox = false\n{text}"));
    vestibule.start_again();
    vestibule.await_line(&["no sandbox"]);
    assert!(filters(&vestibule).iter().all(|filter| filter == "0"));
}
