//! What stands between an operator and the process: which configuration a command is about, answers for programs, and
//! what packages put beside the binary.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::kept;
use crate::support::{RawAddon, Vestibule};

const BINARY: &str = env!("CARGO_BIN_EXE_vestibule");

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn run(command: &mut Command) -> Output {
    command.env_remove("VESTIBULE_CONFIG").stdin(Stdio::null()).output().expect("the binary runs")
}

#[test]
fn a_configuration_is_found_here_and_by_the_environment_and_a_flag_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let about = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for (name, mistake) in [("config.toml", "here = 1"), ("other.toml", "there = 1")] {
        fs::write(folder.path().join(name), format!("{mistake}\n")).unwrap();
    }
    let mut here = Command::new(BINARY);
    assert!(about(&run(here.current_dir(&folder).arg("check"))).contains("`here`"));
    let mut by_environment = Command::new(BINARY);
    by_environment.current_dir(&folder).arg("check").stdin(Stdio::null()).env("VESTIBULE_CONFIG", "other.toml");
    assert!(about(&by_environment.output().unwrap()).contains("`there`"));
    let both = by_environment.args(["--config", "config.toml"]).output().unwrap();
    assert!(about(&both).contains("`here`") && !about(&both).contains("`there`"));
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn check_tells_programs_every_finding_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), "[limits]\nconnections = \"é\" # ü\nconections = 1\n").unwrap();
    let mut check = Command::new(BINARY);
    let output = run(check.current_dir(&folder).args(["check", "--json"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty(), "one answer, in one place");
    let answer = json(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!((&answer["ok"], answer["mistakes"].as_u64()), (&Value::Bool(false), Some(3)), "{answer}");
    let at = |line: u64| {
        let findings = answer["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["line"] == line)
            .unwrap_or_else(|| panic!("line {line}: {answer}"))
            .clone()
    };
    assert_eq!((&at(2)["column"], &at(2)["severity"]), (&Value::from(15), &Value::from("error")));
    assert!(at(3)["expected"].as_str().unwrap().contains("did you mean `connections`"), "{answer}");
    assert!(at(3)["file"].as_str().unwrap().ends_with("config.toml"));
}

#[test]
fn status_and_bans_are_told_to_programs_too() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        kept(&addon)(config);
        config.set("sign_in", "attempts_per_address", "2");
    });
    let status = json(&vestibule.command_ok(&["status", "--json"]));
    assert_eq!(
        (&status["ready"], &status["state"]["listeners"]),
        (&Value::Bool(true), &Value::from("open")),
        "{status}"
    );
    assert_eq!(status["addons"][0]["slug"], "a");
    assert!(status["started"].as_str().unwrap().ends_with('Z'), "{status}");
    assert_eq!(json(&vestibule.command_ok(&["bans", "list", "--json"])), serde_json::json!({ "bans": [] }));
    for _ in 0..8 {
        vestibule.sign_in("bob", "wrong");
    }
    let bans = json(&vestibule.command_ok(&["bans", "list", "--json"]));
    let until = bans["bans"][0]["until"].as_str().unwrap_or_else(|| panic!("{bans}"));
    assert!(until.ends_with('Z') && bans["bans"][0]["address"] == "127.0.0.1", "{bans}");
}

#[test]
fn completions_are_a_script_of_their_shell_and_manual_pages_name_every_command() {
    let output = run(Command::new(BINARY).args(["completions", "bash"]));
    let script = String::from_utf8(output.stdout).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("completions"), &script).unwrap();
    // The shell itself says whether it can read them, and completes a command with them.
    let typed = r#"source completions; COMP_WORDS=(vestibule sess); COMP_CWORD=1; _vestibule vestibule sess vestibule; echo "${COMPREPLY[@]}""#;
    let completed = Command::new("bash").current_dir(&folder).args(["-c", typed]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "sessions", "{completed:?}");

    let page = String::from_utf8(run(Command::new(BINARY).arg("man")).stdout).unwrap();
    for command in ["serve", "check", "explain", "sessions", "status", "completions"] {
        assert!(page.contains(&format!("vestibule\\-{command}(1)")), "{command}: {page}");
    }
    let of_one = String::from_utf8(run(Command::new(BINARY).args(["man", "status"])).stdout).unwrap();
    assert!(of_one.contains(".TH vestibule-status 1") && of_one.contains("\\-\\-json"), "{of_one}");
    let all = run(Command::new(BINARY).current_dir(&folder).args(["man", "--to", "pages/new"]));
    assert!(all.status.success(), "{all:?}");
    let written = fs::read_to_string(folder.path().join("pages/new/vestibule-sessions-list.1")).unwrap();
    assert!(written.contains("\\-\\-json") && folder.path().join("pages/new/vestibule.1").exists(), "{written}");
    let blocked = run(Command::new(BINARY).current_dir(&folder).args(["man", "--to", "completions/x"]));
    assert_eq!(blocked.status.code(), Some(1), "a file stands where the folder would be: {blocked:?}");
    let unknown = run(Command::new(BINARY).args(["man", "nonsense"]));
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("the commands are serve, check"));
}

#[test]
fn h_is_short_and_help_is_long_and_neither_has_colours_in_a_file() {
    let said = |arguments: &[&str]| String::from_utf8(run(Command::new(BINARY).args(arguments)).stdout).unwrap();
    let (short, long) = (said(&["-h"]), said(&["--help"]));
    assert!(short.lines().count() + 5 < long.lines().count(), "{short}\n{long}");
    assert!(!short.contains("Examples:") && long.contains("Examples:") && long.contains("Exit status:"), "{long}");
    assert!(
        said(&["check", "--help"]).contains("ports, places to write to") && !said(&["check", "-h"]).contains("ports")
    );
    let mistaken = run(Command::new(BINARY).args(["check", "--nonsense"]));
    assert_eq!(mistaken.status.code(), Some(2));
    for text in [short, long, String::from_utf8(mistaken.stderr).unwrap()] {
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn the_last_line_of_a_start_ends_with_the_address_to_open() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let line = vestibule.await_line(&["sign in with an account of"]);
    assert!(line.ends_with(&format!(": https://localhost:{}/", vestibule.https().port())), "{line}");
    assert!(vestibule.await_line(&["INFO vestibule::server::banner: a: "]).ends_with("/ingress/a/"));
}

#[test]
fn a_long_version_tells_builds_apart() {
    let version = String::from_utf8(run(Command::new(BINARY).arg("--version")).stdout).unwrap();
    let commit = version.lines().find_map(|line| line.strip_prefix("commit: ")).unwrap_or_else(|| panic!("{version}"));
    assert!(commit == "unknown" || commit.len() == 12 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{version}");
    let target = version.lines().find_map(|line| line.strip_prefix("target: ")).unwrap_or_else(|| panic!("{version}"));
    assert!(target.starts_with(std::env::consts::ARCH) && target.contains("-linux-"), "{version}");
    assert!(version.contains("features: ") && version.contains("cryptography: aws-lc-rs"), "{version}");
    let short = String::from_utf8(run(Command::new(BINARY).arg("-V")).stdout).unwrap();
    assert_eq!(short.trim(), format!("vestibule {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn check_reads_the_names_of_real_certificates() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
        config.set("listen", "public_urls", r#"["https://p.test", "https://deep.sub.p.test"]"#);
    });
    let output = vestibule.command(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it can be used all the same: {said}");
    assert!(said.contains("no certificate covers `deep.sub.p.test`"), "a wildcard stands for one label: {said}");
    assert!(!said.contains("covers `p.test`"), "{said}");
}
