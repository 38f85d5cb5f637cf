//! When all is full, operators see it and people can still sign in.

use crate::support::form::{Form, new_session};
use crate::support::process::LOOPBACK;
use crate::support::tunnel::{self, Tunnel};
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, RawClient, Vestibule};
use crate::{PATH, await_refusals};

/// An add-on that takes WebSockets and answers nothing else.
fn busy() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        if let Some(accept) = tunnel::accept(request) {
            let _ = wire.write(&tunnel::switching(&accept, ""));
            tunnel::echo_bytes(wire);
        } else {
            let _ = crate::support::addon::until_closed(wire);
        }
        Keep::Closed
    })
}

#[test]
fn s67_with_all_places_taken_health_metrics_commands_and_signing_in_work() {
    let addon = busy();
    let vestibule = Vestibule::start(|config| {
        let lines = "connections = 2\nconnections_per_user = 2\nwebsockets = 2\nwebsockets_per_user = 2\n\
                     queue_timeout = \"50ms\"";
        config.addon_with("a", &addon, lines).set("limits", "http2_streams", "4");
    });
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get(PATH).cookie(&cookie);
    let mut holders: Vec<_> = (0..2).map(|_| RawClient::connect(vestibule.https())).collect();
    for client in &mut holders {
        client.send(&ask.to_bytes());
    }
    addon.take(2);
    let target = format!("{PATH}ws");
    let _tunnels: Vec<_> = (0..2).map(|_| Tunnel::opened(&vestibule, Protocol::H1, &target, &cookie)).collect();
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &ask).status, 429, "{protocol:?}");
        let socket = tunnel::handshake(protocol, &target).field("Origin", tunnel::ORIGIN).cookie(&cookie);
        assert_eq!(Tunnel::open(&vestibule, protocol, &socket).0.status, 429, "{protocol:?}");
    }
    await_refusals(&vestibule, "addon.connections_per_user", 2);
    await_refusals(&vestibule, "addon.websockets_per_user", 2);
    let other = vestibule.cookie("alice");
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get(PATH).cookie(&other)).status, 429, "nor is there one for others");
    await_refusals(&vestibule, "addon.connections", 1);
    for target in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(vestibule.ask_operations(&Ask::get(target)).status, 200, "{target}");
    }
    assert!(vestibule.command_ok(&["sessions", "list"]).contains("alice"));
    new_session(&Form::open(&vestibule, LOOPBACK).submit(&vestibule, "carol", "carol-pass-1"));
    assert_eq!(
        vestibule.ask(Protocol::H2, &Ask::get("/.vestibule/session").cookie(&other)).status,
        200,
        "our own page"
    );
}
