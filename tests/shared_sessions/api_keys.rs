//! Keys over Redis: one that is made on one proxy counts on the other, its end does too, and whoever only writes to Redis
//! makes none.

use serde_json::Value;

use crate::support::redis::Redis;
use crate::support::tunnel::{Tunnel, echo, handshake};
use crate::support::{Ask, Protocol, Vestibule, eventually};
use crate::two_proxies;

fn status(vestibule: &Vestibule, key: &str) -> u16 {
    vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key)).status
}

#[test]
fn a_key_of_one_proxy_counts_on_the_other_and_ends_there_too() {
    let (redis, addon) = (Redis::start(), echo());
    let (one, two) = two_proxies(&redis, &addon);
    let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/api/{*rest}", "--methods", "GET"];
    let make = |vestibule: &Vestibule, name: &str| {
        let made = vestibule.command_ok(&[&usual[..], &["--websockets", "--name", name]].concat());
        made.trim().to_owned()
    };
    let (first, second) = (make(&one, "first"), make(&two, "second"));
    for key in [&first, &second] {
        for vestibule in [&one, &two] {
            eventually("the key on both", || (status(vestibule, key) != 401).then_some(()));
        }
    }
    let ask = handshake(Protocol::H2, "/ingress/a/api/ws").field("X-Api-Key", first.clone());
    let mut open = Tunnel::open(&two, Protocol::H2, &ask).1.expect("a tunnel");
    open.assert_alive("with the key of the other proxy");
    let listed: Value = serde_json::from_str(&two.command_ok(&["keys", "list", "--json"])).unwrap();
    let keys = listed["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "{listed}");
    let id = keys.iter().find(|key| key["name"] == "first").unwrap()["id"].as_str().unwrap().to_owned();
    one.command_ok(&["keys", "revoke", &id]);
    assert_eq!(status(&one, &first), 401);
    open.await_end();
    eventually("the end on the other", || (status(&two, &first) == 401).then_some(()));
    assert_ne!(status(&two, &second), 401);
}

#[test]
fn whoever_only_writes_to_redis_makes_no_key_and_brings_none_back() {
    let (redis, addon) = (Redis::start(), echo());
    let (one, two) = two_proxies(&redis, &addon);
    let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/api/{*rest}", "--methods", "GET"];
    let key = one.command_ok(&usual).trim().to_owned();
    eventually("the key on the other", || (status(&two, &key) != 401).then_some(()));
    let [note] = redis.keys("*api-keys*").try_into().unwrap();
    redis.say(&["COPY", &note, "yesterday"]);
    let listed: Value = serde_json::from_str(&one.command_ok(&["keys", "list", "--json"])).unwrap();
    one.command_ok(&["keys", "revoke", listed["keys"][0]["id"].as_str().unwrap()]);
    eventually("the end on the other", || (status(&two, &key) == 401).then_some(()));
    // What was sealed before its end is put back: those who know of the end say so again.
    let ended = redis.say(&["GET", &note]);
    redis.say(&["COPY", "yesterday", &note, "REPLACE"]);
    eventually("the end is in Redis again", || redis.say(&["GET", &note]).contains("\"revoked\":1").then_some(()));
    assert_eq!((status(&one, &key), status(&two, &key)), (401, 401));
    // A text without a seal, and one with the seal of another text, are none.
    for forged in [
        r#"{"v":1,"keys":[]}"#.to_owned(),
        ended.replace("\"revoked\":1", "\"revoked\":null,\"x\":1").replace('\0', "0"),
    ] {
        redis.say(&["SET", &note, &forged]);
        two.await_line(&["the keys of programs cannot be kept or read", "key_file"]);
        assert_eq!((status(&one, &key), status(&two, &key)), (401, 401));
    }
}

#[test]
fn a_key_that_ended_while_redis_hung_does_not_come_back_with_the_next_one() {
    let (redis, addon) = (Redis::start(), echo());
    let (one, two) = two_proxies(&redis, &addon);
    let make = |name: &str| {
        let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/api/{*rest}", "--methods", "GET"];
        one.command_ok(&[&usual[..], &["--name", name]].concat()).trim().to_owned()
    };
    let key = make("first");
    eventually("the key on the other", || (status(&two, &key) != 401).then_some(()));
    let listed: Value = serde_json::from_str(&one.command_ok(&["keys", "list", "--json"])).unwrap();
    let id = listed["keys"][0]["id"].as_str().unwrap();
    redis.signal("STOP");
    let output = one.command(&["keys", "revoke", id]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("not stored yet"), "{said}");
    assert_eq!(status(&one, &key), 401, "at once");
    one.await_line(&["vestibule::audit", "key_revoked"]);
    redis.signal("CONT");
    make("second");
    assert_eq!(status(&one, &key), 401);
    eventually("the end on the other", || (status(&two, &key) == 401).then_some(()));
}
