//! `max_age` of an add-on and of a group: a sign-in that is too old has to be made again.

use std::time::{Duration, Instant};

use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::LOOPBACK;
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};

#[test]
fn an_add_on_asks_for_a_sign_in_again_and_the_browser_comes_back_to_the_page() {
    let (addon, other) = (echo(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "max_age = \"2s\"").addon("b", &other);
    });
    let begun = Instant::now();
    let session = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &session));
    for tunnel in &mut tunnels {
        tunnel.assert_alive("before its time");
    }
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    assert!(begun.elapsed() >= Duration::from_secs(2), "cut after {:?}", begun.elapsed());
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/x").cookie(&session)).status, 401, "a script");
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&session)).status, 200, "elsewhere");
    }
    vestibule.await_line(&["event=refused", "reason=sign_in_too_old"]);
    let asked = vestibule.ask(Protocol::H1, &Ask::navigate("/ingress/a/x?y=1").cookie(&session));
    assert_eq!(asked.status, 303);
    let mut form = Form::open_at(&vestibule, LOOPBACK, &asked.location());
    form.others.push(session.clone());
    let back = form.submit(&vestibule, "bob", &password_of("bob"));
    assert_eq!(back.location(), "/ingress/a/x?y=1");
    let again = new_session(&back);
    assert!(!vestibule.is_live(&session), "the one before has ended");
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/b/").cookie(&again)).status, 200);
}

#[test]
fn a_group_signs_in_again_and_others_do_not() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "max_age", "{ system-admin = \"2s\" }").addon("a", &addon);
    });
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let status = |cookie| vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(cookie)).status;
    eventually("the age", || (status(&alice) == 401).then_some(()));
    assert_eq!(status(&bob), 200);
    assert!(vestibule.is_live(&alice), "the session itself goes on");
}
