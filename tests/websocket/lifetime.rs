//! A tunnel or a download lives as long as its session: case S-99.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::expectation::ALICE;
use crate::support::form::new_session;
use crate::support::home::password_of;
use crate::support::tunnel::{ORIGIN, Tunnel, accept, echo_bytes, handshake, masked, switching};
use crate::support::{
    Ask, BOTH, ConfigFile, H2Client, Keep, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, eventually,
};
use crate::{WS, one_addon};

#[test]
fn s98_bytes_flow_in_both_directions_and_the_end_is_passed_on() {
    const MUCH: usize = 1024 * 1024;
    let (_addon, vestibule) = one_addon(RawAddon::scripted(|request, wire| {
        let _ = wire.write(&switching(&accept(request).unwrap(), ""));
        let got = wire.up_to(MUCH);
        let _ = wire.write(&got);
        Keep::Closed
    }));
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        let sent: Vec<u8> = (0..MUCH).map(|i| u8::try_from(i % 251).unwrap()).collect();
        tunnel.send(&sent);
        assert!(tunnel.up_to(MUCH) == sent, "{protocol:?}: a megabyte there and back, byte for byte");
        assert!(tunnel.some().is_empty(), "{protocol:?}: the add-on closed");
    }
}

/// An add-on with a WebSocket echo at `/ws` and a download that never ends at `/download`.
fn endless() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        if let Some(accept) = accept(request) {
            let _ = wire.write(&switching(&accept, ""));
            echo_bytes(wire);
        } else {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
            let _ = crate::support::addon::until_closed(wire);
        }
        Keep::Closed
    })
}

/// How long a dead session's streams may last.
pub(crate) const CUT: Duration = Duration::from_secs(1);

/// Opens two WebSockets and two downloads of `cookie`, and the same of alice, lets `end` happen, and sees the first cut
/// and the others not.
#[track_caller]
fn assert_cut(vestibule: &Vestibule, addon: &RawAddon, cookie: &str, end: impl FnOnce(&Vestibule)) {
    let alice = vestibule.cookie("alice");
    let mut dying: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(vestibule, protocol, WS, cookie)).into();
    let mut living: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(vestibule, protocol, WS, &alice)).into();
    let download = |cookie: &str| Ask::get("/ingress/a/download").cookie(cookie);
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&download(cookie).to_bytes());
    assert_eq!(h1.head().status, 200);
    assert_eq!(h1.up_to(10), b"5\r\nbegin\r\n");
    let mut h2 = H2Client::connect(vestibule.https());
    let (answer, mut stream) = h2.stream(&download(cookie));
    assert_eq!(answer.status, 200);
    assert_eq!(stream.up_to(5), b"begin");
    let (_, mut hers) = h2.stream(&download(&alice));
    assert_eq!(hers.up_to(5), b"begin", "another user's stream on the same connection");
    for tunnel in dying.iter_mut().chain(&mut living) {
        tunnel.assert_alive("before");
    }
    assert_eq!(addon.open(), 7, "all seven are open at the add-on");

    end(vestibule);

    let ended = Stopwatch::start();
    for (tunnel, protocol) in dying.iter_mut().zip(BOTH) {
        tunnel.await_end();
        ended.assert_within(CUT, &format!("{protocol:?}: the WebSocket is cut"));
    }
    let rest = h1.rest().expect("the download is cut");
    ended.assert_within(CUT, "the download is cut");
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut download does not look whole");
    assert!(stream.some().is_empty());
    ended.assert_within(CUT, "the HTTP/2 download is cut");
    assert!(!stream.ended_cleanly(), "a cut download does not look whole");
    eventually("the add-on's side of them to be closed", || (addon.open() == 3).then_some(()));
    for tunnel in &mut living {
        tunnel.assert_alive("after");
    }
    let (_, mut again) = h2.stream(&download(&alice));
    assert_eq!(again.up_to(5), b"begin", "the connection itself lives on");
    drop(hers);
}

fn endless_addon(configure: impl FnOnce(&mut ConfigFile)) -> (RawAddon, Vestibule) {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "access = { groups = [\"system-users\", \"system-admin\"] }");
        configure(config);
    });
    (addon, vestibule)
}

#[test]
fn s99_a_revoked_session_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.revoke("bob"));
    assert!(!vestibule.is_live(&cookie));
}

#[test]
fn s99_a_revoked_session_of_the_store_on_disk_is_cut() {
    let (addon, vestibule) = endless_addon(|config| {
        config.set("session", "store", r#""state/sessions.redb""#);
    });
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.revoke("bob"));
}

#[test]
fn s99_signing_out_cuts() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let sign_out = Ask::post("/.vestibule/sign-out", "").field("Origin", ORIGIN).cookie(&cookie);
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        assert_eq!(vestibule.ask(Protocol::H2, &sign_out).status, 303);
    });
}

#[test]
fn s99_a_deactivated_user_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    });
}

#[test]
fn s99_a_deleted_user_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.home().delete_user("bob"));
}

#[test]
fn s99_a_user_who_loses_the_group_is_cut() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = vestibule.cookie("bob");
    assert_cut(&vestibule, &addon, &cookie, |vestibule| {
        vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-read-only"]));
    });
    assert!(vestibule.is_live(&cookie), "the session itself lives on");
}

#[test]
fn s99_a_changed_password_cuts() {
    let (addon, vestibule) = endless_addon(|_| {});
    let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    assert_cut(&vestibule, &addon, &cookie, |vestibule| vestibule.home().set_password("bob", "another-pass-2"));
}

#[test]
fn s99_the_absolute_limit_cuts() {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "absolute_timeout", r#""2s""#).addon("a", &addon);
    });
    for protocol in BOTH {
        let before = Instant::now();
        let cookie = vestibule.cookie("bob");
        let made = Stopwatch::start();
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        tunnel.assert_alive("before");
        tunnel.await_end();
        made.assert_within(Duration::from_secs(2) + CUT, &format!("{protocol:?}: cut within a second"));
        let lasted = before.elapsed();
        assert!(lasted >= Duration::from_secs(2), "{protocol:?}: not before its time: {lasted:?}");
    }
}

#[test]
fn s99_a_change_of_the_configuration_cuts() {
    let addon = endless();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let mut dying: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, WS, &bob)).into();
    let mut living = Tunnel::opened(&vestibule, Protocol::H1, WS, &alice);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "access = { admin_only = true }");
    });
    vestibule.signal("HUP");
    for tunnel in &mut dying {
        tunnel.await_end();
    }
    living.assert_alive("an administrator still may");
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&bob));
    assert_eq!(answer.status, 403);
    addon.take(1);
    let _ = ALICE;
}

#[test]
fn s99_an_open_websocket_counts_as_use() {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "idle_timeout", r#""1s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let ask = handshake(Protocol::H1, WS).field("Origin", ORIGIN).cookie(&cookie);
    let mut client = RawClient::connect(vestibule.https());
    assert_eq!(client.ask(&ask).status, 101);
    client.set_patience(Duration::from_secs(3));
    let start = Instant::now();
    assert!(client.some().is_empty());
    assert!(start.elapsed() >= Duration::from_secs(3), "three silent seconds, and not cut: {:?}", start.elapsed());
    let frame = masked("still here");
    client.send(&frame);
    assert_eq!(client.up_to(frame.len()), frame);
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn s99_one_revoked_session_leaves_the_users_others_alone() {
    let (addon, vestibule) = endless_addon(|_| {});
    let (first, second) = (vestibule.cookie("bob"), vestibule.cookie("bob"));
    let mut staying = Tunnel::opened(&vestibule, Protocol::H1, WS, &first);
    let mut dying = Tunnel::opened(&vestibule, Protocol::H2, WS, &second);
    let told = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&second)).json();
    vestibule.command_ok(&["sessions", "revoke", told["session"]["id"].as_str().unwrap()]);
    let revoked = Stopwatch::start();
    dying.await_end();
    revoked.assert_within(CUT, "cut");
    staying.assert_alive("the other session");
    assert!(vestibule.is_live(&first) && !vestibule.is_live(&second));
    eventually("the add-on's side to be closed", || (addon.open() == 1).then_some(()));
}

#[test]
fn s99_an_answer_that_has_not_begun_is_cut_too() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let (addon, vestibule) = one_addon(addon);
    let cookie = vestibule.cookie("bob");
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&Ask::get("/ingress/a/long-poll").cookie(&cookie).to_bytes());
    let mut h2 = H2Client::connect(vestibule.https());
    let (_stream, response) = h2.open(&Ask::get("/ingress/a/long-poll").cookie(&cookie), true).unwrap();
    addon.take(2);
    vestibule.revoke("bob");
    let revoked = Stopwatch::start();
    let answer = h1.answer();
    assert!(matches!(answer.status, 0 | 401), "no word of the add-on: {answer:#?}");
    revoked.assert_within(CUT, "cut over HTTP/1.1");
    let status = crate::support::h2::status_of(response);
    assert!(matches!(status, 0 | 401), "no word of the add-on: {status}");
    revoked.assert_within(CUT, "cut over HTTP/2");
    eventually("the add-on's side to be closed", || (addon.open() == 0).then_some(()));
}

#[test]
fn s99_an_upload_is_cut_and_does_not_look_whole() {
    let (addon, vestibule) = one_addon(RawAddon::start());
    let cookie = vestibule.cookie("bob");
    let head = format!("POST /ingress/a/upload HTTP/1.1|Host: p.test|Cookie: {cookie}|");
    for framing in ["Content-Length: 1000||0123456789", "Transfer-Encoding: chunked||a|0123456789|"] {
        let cookie_of_this = vestibule.cookie("bob");
        let mut client = RawClient::connect(vestibule.https());
        client.send(&crate::support::wire(&format!("{head}{framing}").replace(&cookie, &cookie_of_this)));
        eventually("the upload to begin", || (!addon.requests().is_empty()).then_some(()));
        vestibule.revoke("bob");
        let revoked = Stopwatch::start();
        let answer = client.answer_to("POST");
        assert!(matches!(answer.status, 0 | 401), "{framing}: {answer:#?}");
        revoked.assert_within(CUT, framing);
        client.send(&crate::support::wire("0||"));
        eventually("the add-on's side to be closed", || (addon.open() == 0).then_some(()));
        assert!(addon.requests().iter().all(|request| !request.complete), "{framing}: aborted, not completed");
        addon.forget();
    }
}

#[test]
fn s99_an_add_on_that_is_taken_away_takes_its_tunnels_along() {
    let addon = endless();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).addon("b", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut dying: Vec<Tunnel> = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, WS, &cookie)).into();
    let mut staying = Tunnel::opened(&vestibule, Protocol::H1, "/ingress/b/ws", &cookie);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon("b", &addon);
    });
    vestibule.signal("HUP");
    for tunnel in &mut dying {
        tunnel.await_end();
    }
    staying.assert_alive("the other add-on");
}
