//! Before the first certificate is there, and when what is stored is worth nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::client;
use crate::support::{Ask, Protocol, Vestibule, eventually};
use crate::{Pebble, certificates, ordering, readiness};

#[test]
fn without_a_certificate_it_starts_refuses_handshakes_and_says_why() {
    let Some(mut pebble) = Pebble::prepare(&json!({})) else { return };
    let server = Vestibule::start_unready(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    for name in ["home.example", "other.example", "127.0.0.1"] {
        let error = client::shown(server.https(), name).unwrap_err();
        assert!(error.to_string().contains("AccessDenied"), "an alert, and no silence: {error}");
    }
    let said = eventually("a failure", || {
        let (status, said) = readiness(&server);
        assert_eq!(status, 503, "{said}");
        assert_eq!(said["certificates"], "absent");
        (said["certificate_errors"]["home.example"] != "on order").then_some(said)
    });
    assert_eq!(said["certificate_errors"]["home.example"], "the ACME server did not open an account");
    let listed = certificates(&server).remove(0);
    assert!(listed["not_after"].is_null() && listed["failures"] == 1, "{listed}");
    assert!(listed["last_error"].as_str().unwrap().contains("the server cannot be reached"), "{listed}");
    assert!(server.command_ok(&["certificates"]).contains("home.example source=acme none yet"));

    pebble.run();
    server.command_ok(&["certificates", "renew"]);
    eventually("readiness", || (readiness(&server).0 == 200).then_some(()));
    assert!(client::shown(server.https(), "home.example").is_ok());
    assert!(readiness(&server).1["certificate_errors"].is_null());
}

#[test]
fn a_name_on_order_is_shown_no_other_certificate() {
    let Some(pebble) = Pebble::prepare(&json!({})) else { return };
    let server = Vestibule::start(|config| {
        ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01");
        config.set("tls", "certificates", r#"[{ chain = "p.test.crt", key = "p.test.key" }]"#);
    });
    assert_eq!(server.ask(Protocol::H1, &Ask::get("/")).status, 401, "our own certificate serves");
    assert!(client::shown(server.https(), "home.example").is_err());
    assert!(client::shown(server.https(), "other.example").is_ok(), "with a page that says 421");
    let (status, said) = readiness(&server);
    assert_eq!((status, &said["certificates"]), (200, &json!("incomplete")), "{said}");
    assert_eq!(certificates(&server)[0]["source"], "file");
}

#[test]
fn a_stored_certificate_that_is_broken_is_ordered_anew() {
    let Some(pebble) = Pebble::start() else { return };
    let mut server = Vestibule::start(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    let folder = fs::read_dir(server.path("state/acme")).unwrap().next().unwrap().unwrap().path();
    let file = folder.join("home.example.pem");
    let whole = fs::read(&file).unwrap();
    server.kill_9();
    // A certificate with another's key: a disk that has lost half of a write.
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let chain = String::from_utf8(whole.clone()).unwrap();
    let (_, chain) = chain.split_once("-----BEGIN CERTIFICATE").unwrap();
    fs::write(&file, format!("{key}-----BEGIN CERTIFICATE{chain}")).unwrap();
    fs::write(folder.join("account.json"), "{").unwrap();
    server.start_again();
    assert!(client::shown(server.https(), "home.example").is_ok());
    assert_ne!(fs::read(&file).unwrap(), whole);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    server.await_line(&["WARN", "cannot be used and is ordered anew", "does not belong"]);
}
