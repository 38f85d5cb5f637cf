//! The unit, as systemd judges it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::tools::{Tool, find};
use crate::{content, shipped};

#[test]
fn systemd_takes_the_unit_and_finds_little_that_it_exposes() {
    let Some(systemd) = find(Tool::SystemdAnalyze) else { return };
    // A root of its own, where the program is: systemd looks whether it can be run.
    let root = tempfile::tempdir().unwrap();
    let units = root.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    fs::create_dir_all(root.path().join("usr/bin")).unwrap();
    let program = root.path().join("usr/bin/vestibule");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["vestibule.service", "vestibule.socket"] {
        fs::copy(shipped(&format!("packaging/systemd/{name}")), units.join(name)).unwrap();
    }
    // What a unit depends on without saying so.
    for target in ["sysinit", "basic", "shutdown", "network-online"] {
        fs::write(units.join(format!("{target}.target")), "[Unit]\n").unwrap();
    }
    let root = format!("--root={}", root.path().display());
    let mut verify = Command::new(&systemd);
    verify.env("SYSTEMD_LOG_LEVEL", "warning").args(["verify", "--man=no", &root, "vestibule.service"]);
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let about_ours: Vec<_> = said.lines().filter(|line| line.contains("vestibule")).collect();
    assert!(about_ours.is_empty(), "{about_ours:#?}");
    let mut security = Command::new(&systemd);
    security.args(["security", "--offline=yes", "--no-pager", "--threshold=20", &root, "vestibule.service"]);
    content(&mut security);
}
