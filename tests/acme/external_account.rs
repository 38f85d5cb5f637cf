//! A server that gives accounts to its customers alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::{Vestibule, eventually};
use crate::{Pebble, certificates, client, ordering};

#[test]
fn an_account_is_bound_to_one_elsewhere() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let settings = json!({ "externalAccountBindingRequired": true, "externalAccountMACKeys": { "kid-1": key } });
    let Some(pebble) = Pebble::start_with(&settings) else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("eab");
    let write = |key: &str| {
        fs::write(&file, format!("{key}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let mut server = Vestibule::start_unready(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    await_failure(&server, "externalAccountRequired");
    write(&key.replace('z', "y"));
    server.reconfigure(|config| {
        config.set("tls.acme", "eab_key_id", "\"kid-1\"");
        config.set("tls.acme", "eab_hmac_key", &format!("{{ file = \"{}\" }}", file.display()));
    });
    server.command_ok(&["reload"]);
    await_failure(&server, "did not open an account: API error");
    write(key);
    server.command_ok(&["reload"]);
    eventually("a certificate", || client::shown(server.https(), "home.example").ok());
    let stored = fs::read_dir(server.path("state/acme")).unwrap().next().unwrap().unwrap().path();
    let account = fs::read_to_string(stored.join("account.json")).unwrap();
    assert!(account.contains("kid-1") && !account.contains(key), "the key of the binding is not kept");
    assert!(!server.stderr().contains(key));
}

fn await_failure(server: &Vestibule, words: &str) {
    eventually(words, || certificates(server).remove(0)["last_error"].as_str()?.contains(words).then_some(()));
}
