//! What an operator relies on: reload, drain, the service manager, the control socket, and sessions that survive the
//! worst.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod support;

use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use support::expectation::BOB;
use support::tunnel::{Tunnel, echo};
use support::{
    Ask, BOTH, ConfigFile, Extra, Keep, PATIENCE, Protocol, RawAddon, RawClient, Vestibule, assert_id, eventually, soon,
};

const STORE: &str = r#""state/sessions.redb""#;

fn kept(addon: &RawAddon) -> impl FnOnce(&mut ConfigFile) + '_ {
    move |config| {
        config.set("session", "store", STORE).addon("a", addon);
    }
}

#[test]
fn a_session_outlives_kill_9() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    let made = Instant::now();
    let mut client = RawClient::connect(vestibule.https());
    while made.elapsed() < Duration::from_secs(2) {
        assert_eq!(client.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200);
    }
    vestibule.kill_9();
    vestibule.start_again();
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        assert_id(&addon.one(), &BOB);
    }
}

#[test]
fn a_revocation_is_on_disk_before_it_is_acknowledged() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let made = Instant::now();
    while made.elapsed() < Duration::from_secs(2) {
        assert!(vestibule.is_live(&bob) && vestibule.is_live(&carol));
    }
    vestibule.revoke("bob");
    vestibule.kill_9();
    vestibule.start_again();
    assert!(!vestibule.is_live(&bob), "revoked stays revoked");
    assert!(vestibule.is_live(&carol));
}

#[test]
fn a_corrupt_session_file_is_spoken_of_and_vestibule_serves_on() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    vestibule.cookie("bob");
    vestibule.kill_9();
    let garbage = b"this is no database ".repeat(1000);
    fs::write(vestibule.path("state/sessions.redb"), &garbage).unwrap();
    vestibule.start_again();
    vestibule.await_line(&["sessions.redb"]);
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    assert_id(&addon.one(), &BOB);
    let files = fs::read_dir(vestibule.path("state")).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    assert!(files.into_iter().any(|bytes| bytes == garbage), "what may still be rescued is not written over");
}

#[test]
fn a_truncated_session_file_is_spoken_of_and_vestibule_serves_on() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    vestibule.cookie("bob");
    vestibule.kill_9();
    let store = vestibule.path("state/sessions.redb");
    let bytes = fs::read(&store).unwrap();
    fs::write(&store, &bytes[..bytes.len() / 3]).unwrap();
    vestibule.start_again();
    vestibule.await_line(&["sessions.redb"]);
    let cookie = vestibule.cookie("bob");
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn a_running_server_is_not_disturbed_by_a_second_one() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    let second = vestibule.command(&["serve"]);
    assert!(!second.status.success(), "the second one ends: {second:?}");
    assert!(vestibule.is_live(&cookie));
    assert!(vestibule.command_ok(&["sessions", "list"]).contains("bob"), "the control socket is still the first one's");
}

#[test]
fn the_control_socket_is_the_operators_alone() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let socket = vestibule.path("run/vestibule.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let (bob, carol) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains("bob") && list.contains("carol"), "{list}");
    for cookie in [&bob, &carol] {
        assert!(!list.contains(cookie.split_once('=').unwrap().1), "no token in the list: {list}");
    }
    vestibule.revoke("bob");
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(!list.contains("bob") && list.contains("carol"), "{list}");
    let unknown = vestibule.command(&["sessions", "new", "--user", "nobody-of-this-name"]);
    assert!(!unknown.status.success() && unknown.stdout.is_empty(), "{unknown:?}");
    for garbage in [&b"\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"{\"new\"", b"\n\n\n", &b"a".repeat(100_000)] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = std::io::Write::write_all(&mut stream, garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(vestibule.is_live(&carol), "garbage on the socket ends nothing");
    vestibule.signal("TERM");
    vestibule.await_end(PATIENCE);
    let nobody = vestibule.command(&["sessions", "list"]);
    assert!(!nobody.status.success(), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("vestibule.sock"), "says where it looked: {nobody:?}");
}

#[test]
fn a_changed_file_and_a_signal_reload() {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let status =
        |vestibule: &Vestibule, target: &str| vestibule.ask(Protocol::H1, &Ask::get(target).cookie(&cookie)).status;
    assert_eq!(status(&vestibule, "/ingress/b/"), 404);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    eventually("the new add-on, without a signal", || (status(&vestibule, "/ingress/b/") == 200).then_some(()));
    vestibule.reconfigure(|config| {
        config.clear_addons().addon("b", &b);
    });
    vestibule.signal("HUP");
    eventually("the removal, at a signal", || (status(&vestibule, "/ingress/a/") == 404).then_some(()));
    assert_eq!(status(&vestibule, "/ingress/b/"), 200, "the session outlived both");
}

#[test]
fn a_bad_configuration_is_named_by_line_and_changes_nothing() {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let good = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    let bad = format!("{good}\nunknown_key_of_mine = 1\n");
    let line = bad.lines().position(|line| line.starts_with("unknown_key_of_mine")).unwrap() + 1;
    for (text, line) in [(bad.as_str(), line), ("this is not TOML", 1), ("[listen]\nhttps = 7\n", 2)] {
        vestibule.write_config(text);
        vestibule.signal("HUP");
        vestibule.await_line(&[&format!("config.toml:{line}:")]);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "{text}");
    }
    vestibule.await_line(&["unknown_key_of_mine"]);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    eventually("the repaired file", || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/b/").cookie(&cookie));
        (answer.status == 200).then_some(())
    });
}

#[test]
fn a_reload_disturbs_no_tunnel_and_no_connection() {
    let (a, b) = (echo(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie));
    let mut client = RawClient::connect(vestibule.https());
    assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    vestibule.signal("HUP");
    eventually("the reload, seen on a connection that was open before it", || {
        (client.ask(&Ask::get("/ingress/b/").cookie(&cookie)).status == 200).then_some(())
    });
    for tunnel in &mut tunnels {
        tunnel.assert_alive("after the reload");
    }
}

#[test]
fn a_broken_auth_file_keeps_the_last_good_one() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let good = vestibule.home().read("auth");
    let whole = serde_json::to_vec(&good).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", b"{}", b"[]"] {
        vestibule.home().replace("auth", broken);
        vestibule.await_line(&["auth"]);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        assert_id(&addon.one(), &BOB);
    }
    vestibule.home().replace("auth", &whole);
    vestibule.home().edit_user("bob", |user| user["name"] = json!("Robert"));
    eventually("the repaired file", || {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        (addon.one().fields.one("x-remote-user-display-name") == "Robert").then_some(())
    });
}

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
    let status = vestibule.await_end(Duration::from_secs(5));
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
    go.store(true, Ordering::SeqCst);
    let answer = client.answer();
    assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "late", true));
    assert!(vestibule.await_end(Duration::from_secs(5)).success());
}

#[test]
fn sigterm_gives_an_open_tunnel_until_the_deadline() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "drain_timeout", r#""3s""#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie));
    let start = Instant::now();
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    for tunnel in &mut tunnels {
        tunnel.assert_alive("while it drains");
    }
    assert!(vestibule.ended().is_none());
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    let lasted = start.elapsed();
    assert!(lasted > Duration::from_secs(2) && lasted < Duration::from_secs(6), "cut at the deadline: {lasted:?}");
    vestibule.await_end(Duration::from_secs(5));
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
fn sessions_outlive_a_restart() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(kept(&addon));
    let cookie = vestibule.cookie("bob");
    vestibule.signal("TERM");
    assert!(vestibule.await_end(PATIENCE).success());
    vestibule.start_again();
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn the_service_manager_is_told() {
    let addon = RawAddon::start();
    let mut socket = None;
    let mut vestibule = Vestibule::start_with(
        |config| {
            config.addon("a", &addon);
        },
        |_| {},
        |folder| {
            let path = folder.join("notify.sock");
            let datagrams = UnixDatagram::bind(&path).unwrap();
            datagrams.set_read_timeout(Some(PATIENCE)).unwrap();
            socket = Some(datagrams);
            let name = path.to_str().unwrap().to_owned();
            Extra { environment: vec![("NOTIFY_SOCKET".to_owned(), name)], socket: None }
        },
    );
    let socket = socket.unwrap();
    await_notice(&socket, "READY=1");
    vestibule.signal("TERM");
    await_notice(&socket, "STOPPING=1");
    vestibule.await_end(PATIENCE);
}

#[track_caller]
fn await_notice(socket: &UnixDatagram, wanted: &str) {
    let mut buffer = [0; 4096];
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Ok(length) = socket.recv(&mut buffer) else { break };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.lines().any(|line| line == wanted) {
            return;
        }
    }
    panic!("the service manager was not told {wanted}");
}

#[test]
fn a_socket_of_the_service_manager_is_served() {
    let addon = RawAddon::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut vestibule = Vestibule::start_with(
        |config| {
            config.set("session", "store", STORE).addon("a", &addon);
        },
        |_| {},
        |_| Extra { socket: Some(listener.into()), ..Extra::default() },
    );
    assert_eq!(vestibule.https(), address, "the socket that was handed over");
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    addon.one();
    vestibule.signal("TERM");
    vestibule.await_end(PATIENCE);
    // The service manager keeps the socket: who connects now waits for the next process and notices nothing.
    let waiting = std::thread::spawn(move || {
        let mut client = RawClient::connect(address);
        client.ask(&Ask::get("/.vestibule/session")).status
    });
    vestibule.start_again();
    assert_eq!(waiting.join().unwrap(), 401);
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
}

#[test]
fn health_is_asked_on_a_listener_of_its_own() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask_operations(&Ask::get("/healthz")).status, 200);
    assert_eq!(vestibule.ask_operations(&Ask::get("/readyz")).status, 200);
    let metrics = vestibule.ask_operations(&Ask::get("/metrics"));
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("# EOF"), "OpenMetrics: {}", metrics.text());
    assert!(!metrics.text().contains(cookie.split_once('=').unwrap().1));
    for target in ["/ingress/a/", "/.vestibule/session", "/.vestibule/sign-in", "/"] {
        let answer = vestibule.ask_operations(&Ask::get(target).cookie(&cookie));
        assert_eq!(answer.status, 404, "{target}: no add-on on the operator's listener: {answer:#?}");
    }
    for target in ["/healthz", "/readyz", "/metrics"] {
        let answer = vestibule.ask(Protocol::H1, &Ask::get(target));
        assert_eq!(answer.status, 401, "{target}: nothing of the operator's on the public one: {answer:#?}");
    }
    for agent in ["GoogleHC/1.0", "kube-probe/1.30", "vestibule"] {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").field("User-Agent", agent));
        assert_eq!(answer.status, 401, "S-21: no agent is waved through: {agent}");
    }
    addon.assert_untouched("health");
}

#[test]
fn an_add_on_that_is_down_is_a_502_and_comes_back() {
    let addon = RawAddon::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).addon_table(&format!(
            "slug = \"down\"\ntitle = \"down\"\nupstream = \"http://{nobody}\"\npath = \"/ingress/down\""
        ));
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let down = vestibule.ask(protocol, &Ask::get("/ingress/down/").cookie(&cookie));
        support::assert_problem(&down, 502);
        assert!(!down.text().contains(&nobody.to_string()), "no address of the inside: {}", down.text());
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    }
    let listener = TcpListener::bind(nobody).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = std::io::Write::write_all(
                &mut stream,
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let back = soon(PATIENCE, || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/down/").cookie(&cookie));
        (answer.status == 200).then_some(())
    });
    assert!(back.is_some(), "no restart is needed when the add-on comes back");
}
