//! A certificate by each challenge, from a start without any.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::client::{self, Client, believing};
use crate::support::{Ask, ConfigFile, Vestibule, h1};
use crate::{Pebble, certificates, hook, metric, ordering, readiness};

/// A vestibule that has got all its certificates, each trusted by who trusts pebble.
#[track_caller]
fn issued(pebble: &Pebble, hosts: &[&str], configure: impl FnOnce(&mut ConfigFile)) -> Vestibule {
    let server = Vestibule::start(configure);
    let root = believing(&pebble.root());
    for host in hosts {
        crate::support::eventually(host, || Client::connect(server.https(), host, &root).ok());
    }
    server
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}

#[test]
fn by_tls_each_name_gets_a_certificate_that_browsers_believe_and_nobody_else_can_read() {
    let Some(pebble) = Pebble::start() else { return };
    let hosts = ["home.example", "z2m.home.example"];
    let server = issued(&pebble, &hosts, |config| {
        ordering(config, &pebble, r#"["home.example", "z2m.home.example"]"#, "tls-alpn-01");
    });
    let listed = certificates(&server);
    for (certificate, host) in listed.iter().zip(hosts) {
        assert_eq!((&certificate["names"][0], &certificate["source"]), (&host.into(), &"acme".into()));
        assert!(certificate["issuer"].as_str().unwrap().starts_with("Pebble Intermediate CA"), "{certificate}");
        assert!(certificate["next_order"].as_str() < certificate["not_after"].as_str(), "{certificate}");
        assert!(certificate["last_success"].is_string() && certificate["last_error"].is_null(), "{certificate}");
        let not_after = format!("vestibule_acme_certificate_not_after_seconds{{domain=\"{host}\"}} ");
        crate::support::eventually("its end", || metric(&server, &not_after).filter(|at| *at > 0));
        let orders = format!("vestibule_acme_orders_total{{domain=\"{host}\",result=\"success\"}} ");
        assert_eq!(metric(&server, &orders), Some(1));
    }
    assert_eq!(listed.len(), 2);
    crate::support::eventually("its state", || (readiness(&server).1["certificates"] == "good").then_some(()));
    // No second list of names: a host that nobody ordered gets the first certificate and 421, as ever.
    let other = client::shown(server.https(), "other.example").unwrap();
    assert_eq!(other, client::shown(server.https(), "home.example").unwrap());

    let folders: Vec<_> = fs::read_dir(server.path("state/acme")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [folder] = folders.as_slice() else { panic!("{folders:?}") };
    assert_eq!(mode(folder), 0o700);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["account.json", "home.example.pem", "z2m.home.example.pem"], "and nothing half-written");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert!(!server.stderr().contains("PRIVATE KEY"));
}

#[test]
fn by_http_a_name_gets_a_certificate_and_the_answer_is_gone_afterwards() {
    let Some(pebble) = Pebble::start() else { return };
    let server = issued(&pebble, &["home.example"], |config| {
        ordering(config, &pebble, r#"["home.example"]"#, "http-01");
    });
    let http = ([127, 0, 0, 1], pebble.http_port).into();
    let asked = server.await_line(&["/.well-known/acme-challenge/", "200"]);
    let token = asked.split("/.well-known/acme-challenge/").nth(1).unwrap().split(['"', ' ']).next().unwrap();
    let ask = |target: &str| h1::plain(http, &Ask::get(target).host("home.example")).unwrap();
    let again = ask(&format!("/.well-known/acme-challenge/{token}"));
    assert_eq!(again.status, 308, "what is not asked for is no answer: {again:#?}");
    assert_eq!(ask("/.well-known/acme-challenge/x").status, 308);
    assert_eq!(ask("/").location(), format!("https://home.example:{}/", pebble.tls_port));
}

#[test]
fn by_dns_a_name_and_a_wildcard_get_certificates_and_the_records_are_taken_away() {
    let Some(pebble) = Pebble::start() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let server = issued(&pebble, &["home.example", "z2m.home.example"], |config| {
        ordering(config, &pebble, r#"["home.example", "*.home.example"]"#, "dns-01");
        config.unset("listen", "http");
        hook::install(config, folder.path(), &pebble.dns, hook::GOOD);
    });
    assert_eq!(certificates(&server)[1]["names"][0], "*.home.example");
    let calls = hook::calls(&pebble.dns);
    // An order that meets too many refused nonces begins anew.
    assert!(calls.len() >= 4, "{calls:?}");
    for pair in calls.chunks(2) {
        let [presented, cleaned] = pair else { panic!("{calls:?}") };
        let record = presented.strip_prefix("present ").unwrap();
        assert!(
            record.starts_with("_acme-challenge.home.example "),
            "of a wildcard, the name below the star: {record}"
        );
        assert_eq!(cleaned, &format!("cleanup {record}"));
    }
    assert!(!pebble.dns.records().join("_acme-challenge.home.example").exists());
}
