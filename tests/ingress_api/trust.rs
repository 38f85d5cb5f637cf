//! Whom one listener believes says nothing at another (S-168).

use crate::door::EntryPoint;
use crate::support::process::LOOPBACK;
use crate::support::{Ask, RawAddon};

/// Home Assistant's address is this machine's: what else runs on it is no proxy for browsers.
#[test]
fn home_assistants_address_is_no_proxy_at_the_browsers_door() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let vestibule = &door.vestibule;
    let bob = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&bob).field("X-Forwarded-For", "203.0.113.9");
    assert_eq!(vestibule.ask_from(LOOPBACK, &ask).status, 200);
    assert_eq!(addon.one().fields.one("x-forwarded-for"), "127.0.0.1");
    // Nor may it ask what only a proxy may ask.
    let question = Ask::get("/.vestibule/verify")
        .cookie(&bob)
        .field("X-Forwarded-For", "192.168.1.9")
        .field("X-Original-Method", "GET")
        .field("X-Original-URL", "https://p.test/ingress/a/");
    assert_eq!(vestibule.ask_from(LOOPBACK, &question).status, 403);
    // And whoever claims to be local is not.
    let dave = vestibule.cookie("dave");
    let local = Ask::get("/ingress/a/").cookie(&dave).field("X-Forwarded-For", "192.168.1.9");
    assert_eq!(vestibule.ask_from(LOOPBACK, &local).status, 403);
}
