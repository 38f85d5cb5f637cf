//! The connections to an add-on: so many and no more, kept and used again, never for two people's sakes at once, and a
//! request is sent twice only where not a byte of the first was. Cases S-58 and S-60.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::behind;
use crate::support::{Ask, BOTH, Keep, PATIENCE, Protocol, RawAddon, RawClient, Vestibule, eventually, wire};

/// The value of a metric with these labels.
fn metric(vestibule: &Vestibule, name: &str, labels: &[&str]) -> u64 {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let line = text.lines().find(|line| {
        let is_it = line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'));
        is_it && labels.iter().all(|label| line.contains(label))
    });
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{name} {labels:?} in {text}"))
}

/// An add-on that answers when it is let, one answer for each time.
fn gated() -> (RawAddon, Arc<AtomicUsize>) {
    let let_go = Arc::new(AtomicUsize::new(0));
    let gate = Arc::clone(&let_go);
    let addon = RawAddon::scripted(move |_, wire| {
        eventually("the gate", || {
            gate.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).ok().map(drop)
        });
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    });
    (addon, let_go)
}

#[test]
fn a_cap_holds_and_who_waits_is_served() {
    let (addon, let_go) = gated();
    let (vestibule, cookie) = behind(&addon, "connections = 2\nconnections_per_user = 2\nqueue_timeout = \"10s\"");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    let mut clients = [(); 3].map(|()| RawClient::connect(vestibule.https()));
    for client in &mut clients {
        client.send(&ask.to_bytes());
    }
    eventually("two requests at the add-on", || (addon.requests().len() == 2).then_some(()));
    let labels = ["addon=\"a\"", "state=\"busy\""];
    assert_eq!(metric(&vestibule, "vestibule_upstream_connections", &labels), 2);
    let_go.fetch_add(1, Ordering::SeqCst);
    eventually("the third", || (addon.requests().len() == 3).then_some(()));
    assert_eq!(addon.open(), 2, "never a third connection");
    let_go.fetch_add(2, Ordering::SeqCst);
    for client in &mut clients {
        assert_eq!(client.answer().text(), "ok");
    }
    assert_eq!(addon.accepted(), 2);
    let idle = || metric(&vestibule, "vestibule_upstream_connections", &["addon=\"a\"", "state=\"idle\""]);
    eventually("both kept for later", || (idle() == 2).then_some(()));
    assert_eq!(metric(&vestibule, "vestibule_upstream_connections_opened_total", &["addon=\"a\""]), 2);
}

#[test]
fn who_waits_for_too_long_is_a_429() {
    let (addon, let_go) = gated();
    let (vestibule, cookie) = behind(&addon, "connections = 1\nqueue_timeout = \"200ms\"");
    let mut first = RawClient::connect(vestibule.https());
    first.send(&Ask::get("/ingress/a/").cookie(&cookie).to_bytes());
    eventually("the first", || (addon.requests().len() == 1).then_some(()));
    for protocol in BOTH {
        let begun = Instant::now();
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.status, 429, "{protocol:?}: {answer:#?}");
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
    }
    let failures = metric(&vestibule, "vestibule_upstream_failures_total", &["addon=\"a\"", "kind=\"busy\""]);
    assert_eq!((failures, addon.requests().len()), (2, 1));
    let_go.fetch_add(1, Ordering::SeqCst);
    assert_eq!(first.answer().status, 200);
}

#[test]
fn a_connection_is_used_again_by_whoever_asks_next() {
    let addon = RawAddon::start();
    let (vestibule, bob) = behind(&addon, "");
    let frank = vestibule.cookie("frank");
    for protocol in BOTH {
        for cookie in [&bob, &frank] {
            assert_eq!(vestibule.ask(protocol, &Ask::post("/ingress/a/", "x").cookie(cookie)).status, 200);
        }
    }
    assert_eq!((addon.take(4).len(), addon.accepted()), (4, 1));
}

#[test]
fn a_connection_that_was_closed_meanwhile_costs_nobody_a_request() {
    // The add-on closes right behind its answer, and does not say so.
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    for round in 0..20 {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", "body").cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "{protocol:?} {round}");
            // Had it not closed yet, the next request would be lost with the connection, and may not be sent again.
            eventually("the add-on to close", || (addon.open() == 0).then_some(()));
        }
    }
    assert_eq!(addon.take(40).len(), 40, "each of them once");
}

#[test]
fn what_may_have_been_read_is_not_sent_again() {
    // The second request on a connection is read and not answered.
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&seen);
    let addon = RawAddon::scripted(move |request, wire| {
        noted.lock().unwrap().push(request.line.clone());
        if request.target() == "/lost" {
            return Keep::Closed;
        }
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    });
    let (vestibule, cookie) = behind(&addon, "");
    for method in ["POST", "GET", "DELETE"] {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/first").cookie(&cookie)).status, 200);
        let ask = Ask { method: method.to_owned(), ..Ask::post("/ingress/a/lost", "transfer=1000") };
        assert_eq!(vestibule.ask(Protocol::H1, &ask.cookie(&cookie)).status, 502, "{method}");
    }
    let lost = seen.lock().unwrap().iter().filter(|line| line.contains("/lost")).count();
    assert_eq!(lost, 3, "each of them once: {seen:?}");
}

#[test]
fn s58_a_connection_that_says_something_unasked_is_not_used_again() {
    for more in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen",
        "x",
        "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    ] {
        let addon = RawAddon::scripted(move |request, wire| {
            let target = request.target();
            let _ = wire
                .write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}{more}", target.len()).as_bytes());
            Keep::Open
        });
        let (vestibule, cookie) = behind(&addon, "");
        let frank = vestibule.cookie("frank");
        for target in ["/one", "/two", "/three"] {
            for (protocol, cookie) in BOTH.into_iter().zip([&cookie, &frank]) {
                let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/a{target}")).cookie(cookie));
                assert_eq!((answer.status, answer.text().as_str()), (200, target), "{protocol:?} {more:?}");
            }
        }
        assert_eq!(addon.accepted(), 6, "{more:?}");
    }
}

#[test]
fn s60_a_connection_that_speaks_for_somebody_is_nobody_elses() {
    // As Windows servers do it: who has signed in on a connection is who asks on it from then on.
    let signed_in = Arc::<Mutex<Vec<usize>>>::default();
    let shared = Arc::clone(&signed_in);
    let addon = RawAddon::scripted(move |request, wire| {
        let mut signed_in = shared.lock().unwrap();
        if request.fields.has("authorization") {
            signed_in.push(request.connection);
        }
        let _ = if signed_in.contains(&request.connection) {
            wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nbob's secret")
        } else {
            wire.write(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nno")
        };
        Keep::Open
    });
    let (vestibule, bob) = behind(&addon, "");
    let frank = vestibule.cookie("frank");
    for protocol in BOTH {
        for scheme in ["Negotiate YII=", "NTLM TlRMTVNTUAAD", "negotiate yii="] {
            let invited = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob));
            assert_eq!((invited.status, invited.fields.all("www-authenticate").len()), (401, 2));
            let mine = vestibule.ask(protocol, &Ask::get("/ingress/a/").field("Authorization", scheme).cookie(&bob));
            assert_eq!((mine.status, mine.text().as_str()), (200, "bob's secret"));
            let other = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&frank));
            assert_eq!((other.status, other.text().as_str()), (401, "no"), "{protocol:?} {scheme}");
        }
    }
    let requests = addon.take(18);
    assert_eq!(addon.accepted(), requests.len(), "each of them on a connection of its own");
}

/// The head of a request on a Unix socket, or nothing at its end.
fn head(stream: &mut UnixStream) -> Option<String> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        seen.push(byte[0]);
    }
    Some(String::from_utf8(seen).unwrap())
}

/// S-58: an add-on that reads no more, and yet answers and keeps its half of the connection open, gets nobody's next
/// request there: it would be written into nowhere.
#[test]
fn a_connection_whose_reader_has_left_carries_nothing_more() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addon.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (tell_deaf, is_deaf) = mpsc::channel();
    let (tell_go, go) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut deaf = listener.accept().unwrap().0;
        head(&mut deaf).unwrap();
        deaf.shutdown(Shutdown::Read).unwrap();
        tell_deaf.send(()).unwrap();
        // Everything else comes on other connections.
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || while head(&mut stream).is_some_and(|_| stream.write_all(OK).is_ok()) {});
            }
        });
        go.recv().unwrap();
        deaf.write_all(OK).unwrap();
        let _until_the_test_ends = go.recv();
    });
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&format!("slug = \"a\"\nupstream = \"unix:{}\"\npath = \"/ingress/a\"", path.display()));
    });
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|Content-Length: 4||")));
    is_deaf.recv_timeout(PATIENCE).unwrap();
    client.send(b"body");
    let get = Ask::get("/ingress/a/").cookie(&cookie);
    // They pass while the body is written into nowhere.
    for _ in 0..8 {
        assert_eq!(vestibule.ask(Protocol::H1, &get).status, 200);
    }
    tell_go.send(()).unwrap();
    assert_eq!(client.answer().status, 200, "its last word is heard");
    for _ in 0..3 {
        assert_eq!(vestibule.ask(Protocol::H1, &get).status, 200);
    }
}

#[test]
fn connections_that_a_reload_closes_no_longer_count_as_kept() {
    let addon = RawAddon::start();
    let (mut vestibule, cookie) = behind(&addon, "");
    let get = Ask::get("/ingress/a/").cookie(&cookie);
    let idle =
        |vestibule: &Vestibule| metric(vestibule, "vestibule_upstream_connections", &["addon=\"a\"", "state=\"idle\""]);
    assert_eq!(vestibule.ask(Protocol::H1, &get).status, 200);
    eventually("one kept", || (idle(&vestibule) == 1).then_some(()));
    for round in 1..4 {
        vestibule.reconfigure(|config| {
            config.clear_addons().addon_with("a", &addon, &format!("connections = {}", 10 + round));
        });
        vestibule.command_ok(&["reload"]);
        eventually("none kept", || (idle(&vestibule) == 0).then_some(()));
        assert_eq!(vestibule.ask(Protocol::H1, &get).status, 200);
        eventually("one kept again", || (idle(&vestibule) == 1).then_some(()));
    }
}
