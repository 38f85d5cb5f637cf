//! A client that does not read keeps nothing open once its session has ended: case S-99.

use crate::lifetime::CUT;
use crate::support::tunnel::{Tunnel, accept, switching};
use crate::support::{Ask, BOTH, H2Client, Keep, RawAddon, RawClient, Stopwatch, Vestibule, eventually};
use crate::{WS, one_addon};

/// An add-on that sends as fast as anybody reads: a download, or the bytes of a WebSocket.
fn flood() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        let _ = match accept(request) {
            Some(accept) => wire.write(&switching(&accept, "")),
            None => wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
        };
        let much = vec![b'x'; 64 * 1024];
        while wire.write(&much).is_ok() {}
        Keep::Closed
    })
}

#[track_caller]
fn assert_closed_after_revocation(addon: &RawAddon, vestibule: &Vestibule, why: &str) {
    eventually("the add-on to begin", || (addon.open() == 1).then_some(()));
    vestibule.revoke("bob");
    let revoked = Stopwatch::start();
    eventually("the add-on's side to be closed", || (addon.open() == 0).then_some(()));
    revoked.assert_within(CUT, why);
}

#[test]
fn s99_a_client_that_does_not_read_keeps_no_download_open() {
    let (addon, vestibule) = one_addon(flood());
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&Ask::get("/ingress/a/").cookie(&cookie).to_bytes());
    assert_closed_after_revocation(&addon, &vestibule, "HTTP/1.1");
    drop(client);
}

#[test]
fn s99_a_client_that_does_not_read_keeps_no_stream_open() {
    let (addon, vestibule) = one_addon(flood());
    for window in [0, 1000] {
        let cookie = vestibule.cookie("bob");
        let mut client = H2Client::connect_with_window(vestibule.https(), window);
        let open = client.open(&Ask::get("/ingress/a/").cookie(&cookie), true).unwrap();
        assert_closed_after_revocation(&addon, &vestibule, "HTTP/2");
        drop(open);
    }
}

#[test]
fn s99_a_client_that_does_not_read_keeps_no_websocket_open() {
    let (addon, vestibule) = one_addon(flood());
    for protocol in BOTH {
        let cookie = vestibule.cookie("bob");
        let tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        assert_closed_after_revocation(&addon, &vestibule, "WebSocket");
        drop(tunnel);
    }
}
