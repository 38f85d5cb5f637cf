//! What fails costs nothing that is there, and says why.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use crate::support::{Vestibule, eventually};
use crate::{Pebble, certificates, client, hook, metric, ordering, readiness};

/// Waits for so many failures in a row, and gives what is said of the last one.
fn failed(server: &Vestibule, failures: u64) -> String {
    let listed = eventually("a failure", || certificates(server).into_iter().find(|one| one["failures"] == failures));
    listed["last_error"].as_str().unwrap().to_owned()
}

#[test]
fn while_renewing_fails_the_last_good_certificate_serves_after_a_restart_too() {
    let Some(mut pebble) = Pebble::start() else { return };
    let mut server = Vestibule::start(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    let first = client::shown(server.https(), "home.example").unwrap();
    // Nobody listens there, so that the name does not prove to be ours.
    pebble.dns.move_hosts_to(Ipv4Addr::new(127, 0, 0, 2));
    server.command_ok(&["certificates", "renew"]);
    let why = failed(&server, 1);
    assert!(why.contains("could not validate the name") && why.contains("127.0.0.2"), "{why}");
    assert_eq!(client::shown(server.https(), "home.example").unwrap(), first);
    let said = eventually("its state", || {
        let (status, said) = readiness(&server);
        assert_eq!(status, 200);
        (said["certificates"] == "failing").then_some(said)
    });
    assert_eq!(said["certificate_errors"]["home.example"], "the ACME server could not validate the name");
    let failures = "vestibule_acme_orders_total{domain=\"home.example\",result=\"failure\"} ";
    assert_eq!(metric(&server, failures), Some(1));
    server.await_line(&["ERROR", "no certificate was issued", "127.0.0.2"]);

    server.kill_9();
    pebble.stop();
    server.start_again();
    assert_eq!(client::shown(server.https(), "home.example").unwrap(), first);

    // A server that has begun anew knows no account, and gets another.
    pebble.dns.move_hosts_to(Ipv4Addr::LOCALHOST);
    pebble.run();
    server.command_ok(&["certificates", "renew"]);
    eventually("another certificate", || {
        (client::shown(server.https(), "home.example").unwrap() != first).then_some(())
    });
    eventually("its state", || (readiness(&server).1["certificates"] == "good").then_some(()));
}

#[test]
fn a_name_that_fails_keeps_no_other_from_its_certificate() {
    let Some(pebble) = Pebble::start() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let script = format!("case $3 in *.bad.example) echo 'no such zone' >&2; exit 7 ;; esac\n{}", hook::GOOD);
    let server = Vestibule::start(|config| {
        ordering(config, &pebble, r#"["a.bad.example", "good.example"]"#, "dns-01");
        hook::install(config, folder.path(), &pebble.dns, &script);
    });
    assert!(client::shown(server.https(), "good.example").is_ok());
    assert!(client::shown(server.https(), "a.bad.example").is_err());
    let why = failed(&server, 1);
    assert!(why.contains("the DNS hook failed: exit status: 7: no such zone"), "{why}");
    // What a hook says may be a secret of it, and is for the operator alone.
    eventually("its state", || {
        let (status, said) = readiness(&server);
        assert_eq!((status, said["certificates"].as_str()), (200, Some("incomplete")));
        (said["certificate_errors"]["a.bad.example"] == "the DNS hook failed").then_some(())
    });
}

#[test]
fn a_hook_that_hangs_is_killed_with_all_that_it_has_started() {
    let Some(pebble) = Pebble::start() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let script = r#"echo "$2" >>"$1/calls"; [ "$2" = cleanup ] && exit; sleep 1000 & echo $! >"$1/pid"; wait"#;
    let server = Vestibule::start_unready(|config| {
        ordering(config, &pebble, r#"["home.example"]"#, "dns-01");
        hook::install(config, folder.path(), &pebble.dns, script);
        config.set("tls.acme", "dns_hook_timeout", "\"1s\"");
    });
    let why = failed(&server, 1);
    assert!(why.contains("it took longer than 1s and was killed"), "{why}");
    let pid = fs::read_to_string(pebble.dns.records().join("pid")).unwrap();
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    // Gone, or waiting for its new parent to notice.
    eventually("its end", || fs::read_to_string(&stat).map_or(Some(()), |stat| stat.contains(") Z ").then_some(())));
    assert_eq!(hook::calls(&pebble.dns), ["present", "cleanup"], "what it may have written is taken away");
}

#[test]
fn a_hook_that_writes_something_else_is_found_out_by_the_server() {
    let Some(pebble) = Pebble::start() else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let server = Vestibule::start_unready(|config| {
        ordering(config, &pebble, r#"["home.example"]"#, "dns-01");
        hook::install(config, folder.path(), &pebble.dns, &hook::GOOD.replace("'%s\\n' \"$4\" >>", "'other\\n' >>"));
    });
    let why = failed(&server, 1);
    assert!(why.contains("could not validate the name") && why.contains("unauthorized"), "{why}");
    assert_eq!(readiness(&server).0, 503);
    // Nobody is asked again and again.
    let next = certificates(&server).remove(0)["next_order"].as_str().unwrap().to_owned();
    let in_four_minutes = time::OffsetDateTime::now_utc() + time::Duration::minutes(4);
    let in_four_minutes = in_four_minutes.format(&time::format_description::well_known::Rfc3339).unwrap();
    assert!(next > in_four_minutes, "{next} {in_four_minutes}");
}

#[test]
fn only_what_is_ordered_can_be_ordered_now() {
    let Some(pebble) = Pebble::start() else { return };
    let mut server = Vestibule::start(|config| ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01"));
    let refused = server.command(&["certificates", "renew", "other.example"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no certificate is ordered for `other.example`"));
    server.reconfigure(|config| {
        config.set("tls", "certificates", r#"[{ chain = "p.test.crt", key = "p.test.key" }]"#);
        config.remove_table("tls.acme");
    });
    server.command_ok(&["reload"]);
    let refused = server.command(&["certificates", "renew"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no [tls.acme]"));
}
