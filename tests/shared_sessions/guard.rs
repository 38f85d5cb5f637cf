//! Guesses count together, whichever proxy they are made at: part of case S-96.

use crate::proxy;
use crate::support::form::{Form, new_session};
use crate::support::process::LOOPBACK;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{RawAddon, Vestibule};

#[test]
fn s96_guesses_at_two_proxies_are_one_row_of_guesses() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let start = || {
        proxy(&redis, &addon, |config| {
            config.set("sign_in", "attempts_per_user", "4").set("sign_in", "window", r#""1h""#);
        })
    };
    let (one, two) = (start(), start());
    let (at_one, at_two) = (Form::open(&one, LOOPBACK), Form::open(&two, LOOPBACK));
    let guess = |turn: usize| -> u16 {
        let (form, vestibule): (&Form, &Vestibule) =
            if turn.is_multiple_of(2) { (&at_one, &one) } else { (&at_two, &two) };
        form.submit(vestibule, "bob", "guess").status
    };
    let statuses: Vec<u16> = (0..10).map(guess).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
    for vestibule in [&one, &two] {
        let list = vestibule.command_ok(&["bans", "list"]);
        assert!(list.contains("127.0.0.1") && list.contains("user=\"bob\""), "{list}");
    }
    new_session(&at_one.submit(&one, "carol", "carol-pass-1"));
    let third = start();
    assert_eq!(Form::open(&third, LOOPBACK).submit(&third, "bob", "bob-pass-1").status, 429, "a new proxy knows");
    two.command_ok(&["bans", "lift", "--all"]);
    new_session(&at_one.submit(&one, "bob", "bob-pass-1"));
    assert_eq!(one.command_ok(&["bans", "list"]), "");
    for key in redis.keys("vestibule:note:*") {
        assert!(redis.say(&["PTTL", &key]).parse::<i64>().unwrap() > 0, "{key} is forgotten in the end");
    }
}
