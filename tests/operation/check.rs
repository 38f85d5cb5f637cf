//! What `check` says of this very machine: ports that are in use, and by whom; places that cannot be written to.

use std::fs;
use std::fs::Permissions;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::kept;
use crate::support::{RawAddon, Vestibule};

/// What `check` says of the configuration of a running vestibule, once `change` was made to it.
fn check(vestibule: &Vestibule, change: impl FnOnce(String) -> String) -> (Option<i32>, String) {
    let text = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    fs::write(vestibule.path("other.toml"), change(text)).unwrap();
    let file = vestibule.path("other.toml");
    let output = vestibule.command(&["check", "--config", file.to_str().unwrap()]);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// With the port that the operating system chose.
fn at(address: SocketAddr) -> impl FnOnce(String) -> String {
    move |text| text.replacen("127.0.0.1:0", &address.to_string(), 1)
}

#[test]
fn a_port_that_the_running_vestibule_has_is_no_finding_and_another_programs_is_one() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    assert_eq!(check(&vestibule, at(vestibule.https())), (Some(0), String::new()));

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let (status, said) = check(&vestibule, at(other.local_addr().unwrap()));
    let named = format!("(process {}) listens there", std::process::id());
    assert!(status == Some(2) && said.contains("this port is in use: ") && said.contains(&named), "{said}");
    drop(other);

    // The socket of its commands in another place: it cannot be told any more that it is the same.
    let moved = |text: String| at(vestibule.https())(text).replace("run/vestibule.sock", "run/other.sock");
    let (status, said) = check(&vestibule, moved);
    assert_eq!(status, Some(0), "a warning: {said}");
    assert!(said.contains("vestibule (process ") && said.contains("all is well if that is this service"), "{said}");
}

#[test]
fn an_address_of_another_machine_cannot_be_listened_on() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let (status, said) = check(&vestibule, at(([192, 0, 2, 1], 8443).into()));
    assert!(status == Some(2) && said.contains("192.0.2.1:8443: this address cannot be listened on"), "{said}");
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    fs::write(vestibule.path("file"), "").unwrap();
    let (status, said) = check(&vestibule, |text| text.replace("state/sessions.redb", "file/below/sessions.redb"));
    assert!(status == Some(2) && said.contains("/file` cannot be written to: "), "{said}");
    let (status, said) = check(&vestibule, |text| text.replace("state/sessions.redb", "new/below/sessions.redb"));
    assert_eq!((status, said.as_str()), (Some(0), ""), "what is missing is made");
}

#[test]
fn files_of_another_user_get_the_way_that_fits() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let storage = vestibule.path("home/.storage");
    let is_root = fs::metadata(&storage).unwrap().uid() == 0;
    let mut check = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    check.args(["check", "--config"]).arg(vestibule.path("config.toml"));
    if is_root {
        // As a container writes them: root's, and for nobody else.
        fs::set_permissions(vestibule.folder(), Permissions::from_mode(0o755)).unwrap();
        check.uid(65534).gid(65534);
    }
    for name in ["auth", ""] {
        fs::set_permissions(storage.join(name), Permissions::from_mode(0o000)).unwrap();
        let output = check.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("Home Assistant's users cannot be read: "), "{said}");
        let fits: &[&str] =
            if is_root { &["runs as root here", "CAP_DAC_READ_SEARCH", "`token`"] } else { &["chmod u+rwX"] };
        assert!(fits.iter().all(|word| said.contains(word)), "{said}");
    }
    fs::set_permissions(&storage, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn all_addresses_of_ipv4_and_of_ipv6_are_served_side_by_side() {
    let addon = RawAddon::start();
    // The system chooses a port that is free for both families at this moment.
    let free = TcpListener::bind("[::]:0").unwrap().local_addr().unwrap().port();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "https", &format!(r#"["[::]:{free}", "0.0.0.0:{free}"]"#)).addon("a", &addon);
    });
    let status = vestibule.command_ok(&["status"]);
    assert!(status.contains(&format!("https://[::]:{free}, https://0.0.0.0:{free}")), "{status}");
    let output = vestibule.command(&["check"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
