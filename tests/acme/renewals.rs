//! A certificate is renewed while everything goes on, and one that is stored is used again.

use crate::client::{self, Client, believing};
use crate::support::tunnel::{KEY, echo, masked};
use crate::support::{Ask, Vestibule, eventually};
use crate::{Pebble, certificates, metric, ordering};

const SUCCESSES: &str = "vestibule_acme_orders_total{domain=\"home.example\",result=\"success\"} ";

#[test]
fn a_renewed_certificate_is_shown_without_a_restart_and_no_websocket_breaks() {
    let Some(pebble) = Pebble::start() else { return };
    let addon = echo();
    let server = Vestibule::start(|config| {
        ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01");
        config.addon("a", &addon);
    });
    let root = believing(&pebble.root());
    let mut client = eventually("a certificate", || Client::connect(server.https(), "home.example", &root).ok());
    let first = client.shown();
    let origin = format!("https://home.example:{}", pebble.tls_port);
    let handshake = Ask::get("/ingress/a/ws")
        .host(&format!("home.example:{}", pebble.tls_port))
        .field("Connection", "Upgrade")
        .field("Upgrade", "websocket")
        .field("Sec-WebSocket-Version", "13")
        .field("Sec-WebSocket-Key", KEY)
        .field("Origin", origin)
        .cookie(server.cookie("frank"));
    let head = client.head(&handshake);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let mut assert_alive = |text: &str| {
        let frame = masked(text);
        client.send(&frame);
        assert_eq!(client.up_to(frame.len()), frame);
    };
    assert_alive("before");

    assert_eq!(server.command_ok(&["certificates", "renew", "home.example"]).split(' ').next(), Some("1"));
    let second = eventually("another certificate", || {
        let second = Client::connect(server.https(), "home.example", &root).ok()?.shown();
        (second != first).then_some(second)
    });
    assert_alive("after");
    assert_eq!(metric(&server, SUCCESSES), Some(2));
    // Of the file, too, and of no other: a restart shows the second one.
    let file = std::fs::read_dir(server.path("state/acme")).unwrap().next().unwrap().unwrap().path();
    let stored = std::fs::read(file.join("home.example.pem")).unwrap();
    let stored = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(&stored);
    assert_eq!(stored.unwrap().to_vec(), second);
}

#[test]
fn after_a_restart_the_stored_certificate_is_used_and_nobody_is_asked_for_another() {
    let Some(mut pebble) = Pebble::start() else { return };
    let mut server = Vestibule::start(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    let first = client::shown(server.https(), "home.example").unwrap();
    // With the server away: nothing that is there may need it.
    pebble.stop();
    for _ in 0..2 {
        server.kill_9();
        server.start_again();
        assert_eq!(client::shown(server.https(), "home.example").unwrap(), first);
    }
    // After a look at everything.
    let listed = eventually("a look", || {
        let listed = certificates(&server).remove(0);
        listed["next_order"].as_str().is_some_and(|at| at > "2000").then_some(listed)
    });
    assert!(listed["last_success"].is_null() && listed["failures"] == 0, "{listed}");
    assert!(!server.stderr().contains("ordering a certificate"));
    assert_eq!(metric(&server, SUCCESSES), None);
}

#[test]
fn a_name_that_is_added_gets_its_certificate_with_the_reload() {
    let Some(pebble) = Pebble::start() else { return };
    let mut server = Vestibule::start(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    let first = client::shown(server.https(), "home.example").unwrap();
    server.reconfigure(|config| {
        config.set("tls.acme", "domains", r#"["home.example", "z2m.home.example"]"#);
    });
    server.command_ok(&["reload"]);
    let root = believing(&pebble.root());
    eventually("a certificate", || Client::connect(server.https(), "z2m.home.example", &root).ok());
    assert_eq!(client::shown(server.https(), "home.example").unwrap(), first, "and the other one stays");
    // Without ACME altogether, certificates of one's own are shown again.
    server.reconfigure(|config| {
        config.set("tls", "certificates", r#"[{ chain = "p.test.crt", key = "p.test.key" }]"#);
        config.remove_table("tls.acme");
    });
    server.command_ok(&["reload"]);
    assert_eq!(certificates(&server).len(), 1);
    assert_eq!(metric(&server, "vestibule_acme_certificate_not_after_seconds{domain=\"home.example\"} "), None);
}
