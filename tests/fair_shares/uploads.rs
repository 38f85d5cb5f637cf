//! Uploads that trickle: S-67 and S-155.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::support::h2::RUNTIME;
use crate::support::{Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, eventually};
use crate::{ATTEMPTS, addon, assert_served, await_refusal, behind};

const HEAD: &str = "POST /ingress/a/upload HTTP/1.1\r\nHost: p.test\r\nContent-Length: 1000000\r\n";

#[test]
fn s67_a_user_whose_uploads_never_end_leaves_the_add_on_to_others() {
    for protocol in BOTH {
        let addon = addon();
        let vestibule = behind(&addon, "", &[]);
        let cookie = vestibule.cookie("bob");
        let (mut plain, mut streams) = (Vec::new(), Vec::new());
        match protocol {
            Protocol::H1 => {
                for _ in 0..ATTEMPTS {
                    let mut client = RawClient::connect(vestibule.https());
                    client.send(format!("{HEAD}Cookie: {cookie}\r\n\r\nx").as_bytes());
                    plain.push(client);
                }
            }
            Protocol::H2 => {
                for _ in 0..3 {
                    let mut client = H2Client::connect(vestibule.https());
                    let ask = Ask::new("POST", "/ingress/a/upload").cookie(&cookie);
                    let open = (0..ATTEMPTS).map(|_| {
                        let (mut stream, response) = client.open(&ask, false).unwrap();
                        stream.send_data(Bytes::from_static(b"x"), false).unwrap();
                        (stream, response)
                    });
                    let open: Vec<_> = open.collect();
                    streams.push((client, open));
                }
            }
        }
        await_refusal(&vestibule, "addon.connections_per_user");
        assert_served(&vestibule, "alice");
    }
}

#[test]
fn s155_an_upload_of_a_byte_now_and_then_ends() {
    let limits = [("min_rate_bytes", "\"1KiB\""), ("min_rate_window", "\"1s\"")];
    let addon = addon();
    let vestibule = behind(&addon, "", &limits);
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(format!("{HEAD}Cookie: {cookie}\r\n\r\n").as_bytes());
    trickle(|| client.try_send(b"x"));
    assert_eq!(client.answer_to("POST").status, 408);
    let mut streams = H2Client::connect(vestibule.https());
    let (mut stream, response) = streams.open(&Ask::new("POST", "/ingress/a/upload").cookie(&cookie), false).unwrap();
    let response = RUNTIME.spawn(response);
    trickle(|| stream.send_data(Bytes::from_static(b"x"), false).is_ok() && !response.is_finished());
    assert_eq!(RUNTIME.block_on(response).unwrap().unwrap().status(), 408);
}

/// A byte every tenth of a second, until nobody takes it or it was long enough for several windows.
fn trickle(mut send: impl FnMut() -> bool) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) && send() {
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

#[test]
fn s155_an_upload_that_keeps_the_rate_passes_however_long_it_takes() {
    let limits = [("min_rate_bytes", "\"1KiB\""), ("min_rate_window", "\"1s\"")];
    let addon = addon();
    let vestibule = behind(&addon, "", &limits);
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(
        format!("POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nContent-Length: 30000\r\nCookie: {cookie}\r\n\r\n")
            .as_bytes(),
    );
    // Ten times the rate, so that a slow machine keeps it too.
    for _ in 0..30 {
        client.send(&[b'x'; 1000]);
        std::thread::park_timeout(Duration::from_millis(100));
    }
    assert_eq!(client.answer_to("POST").status, 200);
}

#[test]
fn s155_an_add_on_that_reads_slowly_is_no_fault_of_the_sender() {
    let limits = [("min_rate_bytes", "\"1MiB\""), ("min_rate_window", "\"1s\"")];
    // Answers only when it has looked at nothing of the body for a while.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("slug = \"a\"\nupstream = \"http://{}\"\npath = \"/ingress/a\"", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        std::thread::park_timeout(Duration::from_secs(3));
        let mut left = 8_000_000_usize;
        let mut room = vec![0; 64 * 1024];
        while left > 0 {
            match stream.read(&mut room) {
                Ok(read) if read > 0 => left = left.saturating_sub(read),
                _ => return,
            }
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        while stream.read(&mut room).is_ok_and(|read| read > 0) {}
    });
    let vestibule = crate::Vestibule::start(|config| {
        config.addon_table(&url);
        for (key, value) in limits {
            config.set("limits", key, value);
        }
    });
    let cookie = vestibule.cookie("bob");
    let answer = vestibule.ask(Protocol::H1, &Ask::post("/ingress/a/", vec![b'x'; 8_000_000]).cookie(&cookie));
    assert_eq!(answer.status, 200, "{answer:#?}");
}

#[test]
fn s155_a_long_poll_may_wait() {
    let addon = RawAddon::scripted(|_, wire| {
        // Longer than any of the limits.
        std::thread::park_timeout(Duration::from_secs(3));
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    });
    let limits = [("min_rate_bytes", "\"1MiB\""), ("min_rate_window", "\"1s\""), ("body_stall_timeout", "\"1s\"")];
    let vestibule = behind(&addon, "", &limits);
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/poll", "since=1").cookie(&cookie));
        assert_eq!(answer.status, 200, "{protocol:?}: {answer:#?}");
    }
    eventually("nothing left behind", || (addon.open() <= 2).then_some(()));
}
