//! The control socket and the commands that speak to it.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use crate::kept;
use crate::support::form::Form;
use crate::support::process::LOOPBACK;
use crate::support::{PATIENCE, Protocol, RawAddon, Vestibule};

#[test]
fn the_control_socket_is_the_operators_alone() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let socket = vestibule.path("run/vestibule.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains("bob") && list.contains("carol"), "{list}");
    for cookie in [&bob, &carol] {
        assert!(!list.contains(cookie.split_once('=').unwrap().1), "no token in the list: {list}");
    }
    vestibule.revoke("bob");
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(!list.contains("bob") && list.contains("carol"), "{list}");
    let unknown = vestibule.command(&["sessions", "new", "--user", "nobody-of-this-name"]);
    assert!(!unknown.status.success() && unknown.stdout.is_empty(), "{unknown:?}");
    for garbage in [&b"\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"{\"new\"", b"\n\n\n", &b"a".repeat(100_000)] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = std::io::Write::write_all(&mut stream, garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(vestibule.is_live(&carol), "garbage on the socket ends nothing");
    vestibule.signal("TERM");
    vestibule.await_end(PATIENCE);
    let nobody = vestibule.command(&["sessions", "list"]);
    assert!(!nobody.status.success(), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("vestibule.sock"), "says where it looked: {nobody:?}");
}

#[test]
fn a_broken_configuration_file_keeps_nobody_from_revoking() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    let good = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    vestibule.write_config(&format!("{good}\nunknown_key_of_mine = 1\n"));
    vestibule.revoke("bob");
    assert!(!vestibule.is_live(&cookie));
}

#[test]
fn a_reload_by_command_says_what_is_wrong() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    assert!(vestibule.command(&["reload"]).status.success());
    let good = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    vestibule.write_config(&good.replace("path = \"/ingress/a\"", "path = \"/../a\""));
    let refused = vestibule.command(&["reload"]);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("config.toml:"), "{refused:?}");
    let status = vestibule.command_ok(&["status"]);
    assert!(status.contains(&vestibule.https().to_string()), "{status}");
}

#[test]
fn the_list_of_sessions_says_which_browser_and_answers_programs_in_json() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let form = Form::open(&vestibule, LOOPBACK);
    let words = "Mozilla/5.0 \"(X11)\"\u{202e}evil";
    let answer = vestibule.ask(Protocol::H1, &form.post("bob", "bob-pass-1").field("User-Agent", words));
    assert_eq!(answer.status, 303, "{answer:#?}");
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains(r#" agent="Mozilla/5.0 \"(X11)\"#) && !list.contains('\u{202e}'), "{list}");
    let json: serde_json::Value = serde_json::from_str(&vestibule.command_ok(&["sessions", "list", "--json"])).unwrap();
    let session = &json["sessions"][0];
    assert_eq!((&session["user_name"], &session["made_by"]), (&"bob".into(), &"password".into()), "{json}");
    assert!(session["user_agent"].as_str().unwrap().starts_with("Mozilla/5.0 \"(X11)\""), "{json}");
    assert!(session["expires"].as_str().unwrap().ends_with('Z') && json["more"] == 0, "{json}");
}
