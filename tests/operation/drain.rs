//! SIGTERM ends what may end and waits for the rest.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, eventually};

/// How long it takes at most to end what need not be waited for.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn sigterm_ends_at_once_when_nothing_is_open() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""30s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut idle = RawClient::connect(vestibule.https());
    assert_eq!(idle.ask(&Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    vestibule.signal("TERM");
    let status = vestibule.await_end(SOON);
    assert!(status.success(), "{status}");
    assert!(idle.is_closed(), "idle connections are closed");
    assert!(!vestibule.path("run/vestibule.sock").exists(), "the control socket is cleared away");
}

#[test]
fn sigterm_lets_a_request_finish() {
    let go = Arc::new(AtomicBool::new(false));
    let released = Arc::clone(&go);
    let addon = RawAddon::scripted(move |_, wire| {
        eventually("the test's word", || released.load(Ordering::SeqCst).then_some(()));
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
        Keep::Open
    });
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""30s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&Ask::get("/ingress/a/").cookie(&cookie).to_bytes());
    addon.take(1);
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    assert!(vestibule.ended().is_none(), "it waits for the request");
    assert_eq!(vestibule.ask_operations(&Ask::get("/readyz")).status, 503, "a balancer sends nobody here any more");
    assert_eq!(vestibule.ask_operations(&Ask::get("/healthz")).status, 200, "but it is no reason to kill it");
    assert_eq!(vestibule.command(&["health"]).status.code(), Some(1), "as /readyz has it");
    go.store(true, Ordering::SeqCst);
    let answer = client.answer();
    assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "late", true));
    assert!(vestibule.await_end(SOON).success());
}

#[test]
fn sigterm_gives_an_open_tunnel_until_the_deadline() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""3s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie));
    let (start, begun) = (Instant::now(), Stopwatch::start());
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    for tunnel in &mut tunnels {
        tunnel.assert_alive("while it drains");
    }
    assert!(vestibule.ended().is_none());
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    begun.assert_within(Duration::from_secs(3) + SOON, "cut at the deadline");
    let lasted = start.elapsed();
    assert!(lasted >= Duration::from_secs(3), "not before the deadline: {lasted:?}");
    vestibule.await_end(SOON);
}

#[test]
fn sigterm_ends_when_the_last_tunnel_does() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""60s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let tunnel = Tunnel::opened(&vestibule, Protocol::H1, "/ingress/a/ws", &cookie);
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    assert!(vestibule.ended().is_none());
    drop(tunnel);
    assert!(vestibule.await_end(Duration::from_secs(10)).success());
}

#[test]
fn a_second_sigterm_waits_for_nobody() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""60s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut tunnel = Tunnel::opened(&vestibule, Protocol::H1, "/ingress/a/ws", &cookie);
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    tunnel.assert_alive("while it drains");
    vestibule.signal("TERM");
    tunnel.await_end();
    vestibule.await_end(SOON);
}
