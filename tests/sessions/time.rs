//! Idle and absolute limits: case S-81.

use std::time::{Duration, Instant};

use crate::support::{Ask, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, assert_denied};

#[test]
fn s81_the_absolute_limit_holds_however_busy_the_session_is() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "absolute_timeout", r#""2s""#).addon("a", &addon);
    });
    let before = Instant::now();
    let cookie = vestibule.cookie("bob");
    let made = Stopwatch::start();
    let mut client = RawClient::connect(vestibule.https());
    let (mut served, mut denied_at) = (0_u32, None);
    while denied_at.is_none() && before.elapsed() < Duration::from_secs(10) {
        let answer = client.ask(&Ask::get("/ingress/a/").cookie(&cookie));
        match answer.status {
            200 => served += 1,
            401 => denied_at = Some((Instant::now(), Stopwatch::start())),
            _ => panic!("{answer:#?}"),
        }
    }
    let (denied_at, denied) = denied_at.expect("use does not move the absolute limit");
    assert!(served > 10, "it was in use: {served}");
    assert!(denied_at - before >= Duration::from_secs(2), "not before its time");
    let late = made.until(&denied);
    assert!(late < Duration::from_secs(3), "not long after its time: {late:?}");
    addon.take(1);
    assert_denied(&vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(&cookie)), &addon, "expired");
}

#[test]
fn s81_a_session_that_nobody_uses_ends_and_one_in_use_does_not() {
    let a = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "idle_timeout", r#""2s""#).addon("a", &a);
    });
    let (idle, busy) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let start = Instant::now();
    // The busy session is asked for all the time, the idle one not once: asking would keep it alive.
    let mut client = RawClient::connect(vestibule.https());
    while start.elapsed() < Duration::from_secs(3) {
        assert_eq!(
            client.ask(&Ask::get("/ingress/a/").cookie(&busy)).status,
            200,
            "in use after {:?}",
            start.elapsed()
        );
    }
    a.take(1);
    assert_denied(&client.ask(&Ask::get("/ingress/a/").cookie(&idle)), &a, "idle for three seconds");
    assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&busy)).status, 200);
}
