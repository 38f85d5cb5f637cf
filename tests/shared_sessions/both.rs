//! One sign-in for both, and one end.

use std::time::Duration;

use crate::support::expectation::{BOB, assert_id};
use crate::support::form::new_session;
use crate::support::home::password_of;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::tunnel::{Tunnel, accept, echo_bytes, switching};
use crate::support::{Ask, BOTH, Keep, RawAddon, Stopwatch, eventually};
use crate::two_proxies;

#[test]
fn who_signs_in_on_one_is_signed_in_on_the_other() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let cookie = new_session(&one.sign_in("bob", &password_of("bob")));
    for (protocol, vestibule) in BOTH.into_iter().flat_map(|protocol| [(protocol, &one), (protocol, &two)]) {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/x").cookie(&cookie));
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_id(&addon.one(), &BOB);
        addon.forget();
    }
    assert!(two.command_ok(&["sessions", "list"]).contains("user=bob"));
    let bound = one.bound_cookie("alice", "a");
    let denied = two.ask(BOTH[0], &Ask::get("/ingress/whoami/").cookie(&bound));
    assert_eq!(denied.status, 403, "S-79: the other proxy knows what it is bound to: {denied:#?}");
    assert_eq!(two.ask(BOTH[0], &Ask::get("/ingress/a/").cookie(&bound)).status, 200);
}

#[test]
fn s75_who_signs_out_on_one_is_signed_out_on_the_other() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let cookie = new_session(&one.sign_in("bob", &password_of("bob")));
    assert!(two.is_live(&cookie));
    let sign_out = Ask::post("/.vestibule/sign-out", "").field("Origin", "https://p.test").cookie(&cookie);
    assert_eq!(one.ask(BOTH[1], &sign_out).status, 303);
    eventually("the end on the other", || (!two.is_live(&cookie)).then_some(()));
    let again = two.ask(BOTH[0], &Ask::navigate("/ingress/a/").cookie(&cookie));
    assert_eq!(again.status, 303, "an end is an end, and no fault of the store: {again:#?}");
}

#[test]
fn s99_a_session_that_is_revoked_on_one_is_cut_on_the_other_within_a_second() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let addon = RawAddon::scripted(|request, wire| {
        if let Some(accept) = accept(request) {
            let _ = wire.write(&switching(&accept, ""));
            echo_bytes(wire);
        }
        Keep::Closed
    });
    let (one, two) = two_proxies(&redis, &addon);
    let (bob, alice) = (one.cookie("bob"), one.cookie("alice"));
    let mut dying = BOTH.map(|protocol| Tunnel::opened(&two, protocol, "/ingress/a/ws", &bob));
    let mut living = BOTH.map(|protocol| Tunnel::opened(&two, protocol, "/ingress/a/ws", &alice));
    let began = Stopwatch::start();
    one.revoke("bob");
    for tunnel in &mut dying {
        while !tunnel.some().is_empty() {}
    }
    // The command itself is a part of it.
    began.assert_within(Duration::from_secs(1), "cut on the other");
    for tunnel in &mut living {
        tunnel.send(b"still here");
        assert_eq!(tunnel.up_to(10), b"still here");
    }
    assert!(!two.is_live(&bob) && two.is_live(&alice));
    assert_eq!(two.command_ok(&["sessions", "revoke", "--all"]).trim(), "1 revoked", "made on the other");
    eventually("the end on the first", || (!one.is_live(&alice)).then_some(()));
}
