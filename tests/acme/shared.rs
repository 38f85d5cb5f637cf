//! Two proxies that share Redis: one orders, both show.

use crate::client::{self, Client, believing};
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{ConfigFile, Vestibule, eventually};
use crate::{Pebble, certificates, hook, metric, ordering};

const ORDERS: &str = "vestibule_acme_orders_total{domain=\"home.example\",result=\"success\"} ";

/// One of several: the same orders, ports of its own.
fn node(config: &mut ConfigFile, pebble: &Pebble, redis: &Redis, folder: &std::path::Path, key: bool) {
    ordering(config, pebble, r#"["home.example"]"#, "dns-01");
    config.set("listen", "https", r#"["127.0.0.1:0"]"#).unset("listen", "http");
    hook::install(config, folder, &pebble.dns, hook::GOOD);
    let key = if key { format!(", key_file = \"{}\"", folder.join("key").display()) } else { String::new() };
    config.set("session", "store", &format!("{{ url = \"{}\"{key} }}", redis.url()));
}

/// A folder with the hook and the key of the store.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef\n").unwrap();
    std::fs::set_permissions(folder.path().join("key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

fn orders(server: &Vestibule) -> i64 {
    metric(server, ORDERS).unwrap_or(0)
}

#[test]
fn one_orders_and_both_show_the_same_certificate_now_and_after_a_renewal() {
    let (Some(pebble), false) = (Pebble::start(), redis_is_missing()) else { return };
    let (redis, folder) = (Redis::start(), folder());
    let one = Vestibule::start_unready(|config| node(config, &pebble, &redis, folder.path(), true));
    let two = Vestibule::start_unready(|config| node(config, &pebble, &redis, folder.path(), true));
    let root = believing(&pebble.root());
    let shown = |server: &Vestibule| {
        eventually("a certificate", || Client::connect(server.https(), "home.example", &root).ok()).shown()
    };
    let first = shown(&one);
    assert_eq!(shown(&two), first);
    assert_eq!(orders(&one) + orders(&two), 1, "one order for both");

    // Whichever is asked: the other one has the new certificate too.
    two.command_ok(&["certificates", "renew"]);
    let second = eventually("another certificate", || {
        let second = client::shown(two.https(), "home.example").ok()?;
        (second != first).then_some(second)
    });
    eventually("the same one", || (client::shown(one.https(), "home.example").ok()? == second).then_some(()));
    assert_eq!(orders(&one) + orders(&two), 2);
    assert!(certificates(&one).remove(0)["last_error"].is_null());

    // Redis has it sealed: neither the chain nor the key can be read there.
    let sealed = redis.keys("*sealed:*");
    assert_eq!(sealed.len(), 1, "{sealed:?}");
    let value = redis.say(&["--raw", "GET", &sealed[0]]);
    assert!(!value.contains("BEGIN") && value.len() > 1000, "{}", value.len());
    for server in [&one, &two] {
        let state = std::fs::read_dir(server.path("state/acme")).unwrap().next().unwrap().unwrap().path();
        let mode = std::fs::metadata(state.join("home.example.pem")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    }
}

#[test]
fn a_certificate_that_somebody_else_put_into_redis_is_not_shown() {
    let (Some(pebble), false) = (Pebble::start(), redis_is_missing()) else { return };
    let (redis, folder) = (Redis::start(), folder());
    let server = Vestibule::start(|config| node(config, &pebble, &redis, folder.path(), true));
    let first = client::shown(server.https(), "home.example").unwrap();
    let sealed = redis.keys("*sealed:*").remove(0);
    redis.say(&["SET", &sealed, "-----BEGIN CERTIFICATE-----"]);
    let version = redis.keys("*acme-version:*").remove(0);
    redis.say(&["SET", &version, "another"]);
    // It looks at all of them again before it orders, and what it orders stands there afterwards.
    server.command_ok(&["certificates", "renew"]);
    eventually("another certificate", || {
        (client::shown(server.https(), "home.example").unwrap() != first).then_some(())
    });
    assert_eq!(orders(&server), 2);
}

#[test]
fn without_a_key_nothing_is_shared_and_each_orders_its_own() {
    let (Some(pebble), false) = (Pebble::start(), redis_is_missing()) else { return };
    let (redis, folder) = (Redis::start(), folder());
    let one = Vestibule::start(|config| node(config, &pebble, &redis, folder.path(), false));
    let two = Vestibule::start(|config| node(config, &pebble, &redis, folder.path(), false));
    assert_eq!((orders(&one), orders(&two)), (1, 1));
    assert!(redis.keys("*sealed:*").is_empty() && redis.keys("*acme*").is_empty());
}
