//! What systemd tells us and is told.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::Instant;

use crate::STORE;
use crate::support::{Ask, Extra, PATIENCE, Protocol, RawAddon, RawClient, Vestibule};

/// Starts it as systemd does with `Type=notify`, and gives what it says.
fn notified(environment: &[(&str, &str)], addon: &RawAddon) -> (Vestibule, UnixDatagram) {
    let mut socket = None;
    let vestibule = Vestibule::start_with(
        |config| {
            config.addon("a", addon);
        },
        |_| {},
        |folder| {
            let path = folder.join("notify.sock");
            let datagrams = UnixDatagram::bind(&path).unwrap();
            datagrams.set_read_timeout(Some(PATIENCE)).unwrap();
            socket = Some(datagrams);
            let mut all = vec![("NOTIFY_SOCKET".to_owned(), path.to_str().unwrap().to_owned())];
            all.extend(environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
            Extra { environment: all, ..Extra::default() }
        },
    );
    (vestibule, socket.unwrap())
}

#[test]
fn the_service_manager_is_told() {
    let addon = RawAddon::start();
    let (mut vestibule, socket) = notified(&[], &addon);
    await_notice(&socket, "READY=1");
    vestibule.signal("HUP");
    let reloading = await_notice(&socket, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "as `Type=notify-reload` wants it: {reloading}");
    await_notice(&socket, "READY=1");
    vestibule.signal("TERM");
    await_notice(&socket, "STOPPING=1");
    vestibule.await_end(PATIENCE);
}

#[test]
fn the_service_managers_watchdog_is_fed() {
    let addon = RawAddon::start();
    let (_vestibule, socket) = notified(&[("WATCHDOG_USEC", "500000")], &addon);
    for _ in 0..3 {
        await_notice(&socket, "WATCHDOG=1");
    }
}

/// Waits for a datagram with this line and gives the whole of it.
#[track_caller]
fn await_notice(socket: &UnixDatagram, wanted: &str) -> String {
    let mut buffer = [0; 4096];
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Ok(length) = socket.recv(&mut buffer) else { break };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.lines().any(|line| line == wanted) {
            return text;
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
            config.set("listen", "https", &format!("[\"{address}\"]"));
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
