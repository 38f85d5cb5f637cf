//! Values from files: read, bounded, and never shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::harness::{Folder, addon, refused_in, warned_in};
use vestibule::cli::Exit;

const SECRET: &str = "hunter2-hunter2";

fn from_file() -> String {
    addon("headers = { \"X-Secret\" = { file = \"secret\" } }")
}

#[test]
fn a_value_from_a_file_loses_one_newline_and_is_never_shown() {
    let folder = Folder::new();
    for end in ["", "\n", "\r\n"] {
        folder.write("secret", format!("{SECRET}{end}"));
        let loaded = folder.load(from_file()).unwrap();
        let (name, value) = &loaded.settings.addons[0].headers.fixed[0];
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("x-secret", SECRET));
        assert!(value.is_sensitive());
        assert!(!format!("{loaded:?}").contains("hunter"));
        assert_eq!(loaded.files, [folder.path("config.toml"), folder.path("secret")]);
    }
    let (exit, out, err) = folder.check(from_file());
    assert_eq!(exit, Exit::Done);
    assert!(!out.contains("hunter") && !err.contains("hunter"));
}

#[test]
fn a_password_in_a_url_is_masked_when_its_line_is_shown() {
    let url = format!("u:{SECRET}@h");
    for bad in [
        addon("").replace("127.0.0.1:8080", &url),
        addon(&format!("framing = [\"https://{url}\"]")),
        addon(&format!("[session]\nstore = \"redis://{url}\"")),
    ] {
        let (exit, _, err) = Folder::new().check(bad);
        assert_eq!(exit, Exit::Mistaken);
        assert!(!err.contains("hunter") && err.contains("= hint"), "{err}");
    }
}

#[test]
fn a_value_in_the_file_is_not_shown_by_debug_either() {
    let loaded = Folder::new().load(addon(&format!("headers = {{ \"X-A\" = \"{SECRET}\" }}"))).unwrap();
    assert_eq!(loaded.settings.addons[0].headers.fixed[0].1, SECRET);
    assert!(!format!("{loaded:?}").contains("hunter"));
}

#[test]
fn a_file_that_holds_no_secret_is_a_mistake() {
    let folder = Folder::new();
    let at = "7:35";
    refused_in(&folder, &from_file(), at, &["cannot be read: No such file", "secret"]);
    folder.write("secret", "\n");
    refused_in(&folder, &from_file(), at, &["is empty"]);
    folder.write("secret", "x".repeat(100_000));
    refused_in(&folder, &from_file(), at, &["larger than 8 KiB"]);
    folder.write("secret", format!("{SECRET}\n\n"));
    refused_in(&folder, &from_file(), at, &["line break"]);
    fs::remove_file(folder.path("secret")).unwrap();
    let _socket = UnixListener::bind(folder.path("secret")).unwrap();
    refused_in(&folder, &from_file(), at, &["not a regular file"]);
    refused_in(&folder, &addon("headers = { \"X-A\" = {} }"), "7:21", &["`file` is missing"]);
}

#[test]
fn a_secret_that_others_may_read_is_warned_about() {
    let folder = Folder::new();
    let path = folder.write("secret", SECRET);
    for (mode, open) in [(0o640, false), (0o604, true), (0o602, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        if open {
            warned_in(&folder, &from_file(), "7:35", &["others on this machine", "chmod 600"]);
        } else {
            assert_eq!(folder.load(from_file()).unwrap().warnings.warnings(), 0);
        }
    }
}

#[test]
fn a_value_in_the_file_is_masked_when_its_line_is_shown() {
    let folder = Folder::new();
    for bad in [
        format!("headers = {{ \"X-A\" = \"{SECRET}\", \"Host\" = \"x\" }}"),
        format!("headers = {{ \"X-A\" = \"{SECRET}\\n\" }}"),
        format!("headers = {{ \"X-A\" = [\"{SECRET}\"] }}"),
        format!("headers = {{ \"X-A\" = {{ value = \"{SECRET}\" }} }}"),
        format!("headers = {{ \"X-A\" = \"\"\"\nzoë\n{SECRET}\"\"\", \"Host\" = \"x\" }}"),
    ] {
        let (exit, out, err) = folder.check(addon(&bad));
        assert_eq!(exit, Exit::Mistaken, "{err}");
        assert!(!format!("{out}{err}").contains("hunter"), "{err}");
        let found = folder.load(addon(&bad)).unwrap_err();
        assert!(!format!("{found:?}").contains("hunter"));
    }
}
