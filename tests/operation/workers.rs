//! A connection is served by one worker: the one that has the least to do. What is no request is no worker's.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::addon::until_closed;
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, ConfigFile, H2Client, Keep, Protocol, RawAddon, RawClient, Vestibule, eventually};

/// One add-on, behind so many workers.
fn with_workers(workers: usize, addon: &RawAddon) -> impl FnOnce(&mut ConfigFile) + '_ {
    with_workers_and(workers, addon, "")
}

fn with_workers_and<'a>(workers: usize, addon: &'a RawAddon, lines: &'a str) -> impl FnOnce(&mut ConfigFile) + 'a {
    move |config| {
        config.set("limits", "workers", &workers.to_string()).addon_with("a", addon, lines);
    }
}

/// How many connections each worker has.
fn spread(vestibule: &Vestibule) -> Vec<u64> {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let of_worker = |line: &str| {
        let (worker, connections) = line.strip_prefix("vestibule_worker_connections{worker=\"")?.split_once("\"} ")?;
        Some((worker.parse::<usize>().unwrap(), connections.parse().unwrap()))
    };
    text.lines().filter_map(of_worker).collect::<BTreeMap<_, u64>>().into_values().collect()
}

#[track_caller]
fn await_spread(vestibule: &Vestibule, what: &str, is_it: impl Fn(&[u64]) -> bool) {
    let mut seen = Vec::new();
    eventually(what, || {
        seen = spread(vestibule);
        is_it(&seen).then_some(())
    });
}

/// An event stream: a head and one event, and nothing more.
fn events() -> RawAddon {
    RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        let _until_it_ends = until_closed(wire);
        Keep::Closed
    })
}

#[test]
fn connections_are_spread_evenly() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(with_workers(4, &addon));
    let cookie = vestibule.cookie("bob");
    assert_eq!(spread(&vestibule), [0, 0, 0, 0]);
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    let mut over_h1 = Vec::new();
    for _ in 0..4 {
        let mut client = RawClient::connect(vestibule.https());
        assert_eq!(client.ask(&ask).status, 200);
        over_h1.push(client);
    }
    assert_eq!(spread(&vestibule), [1, 1, 1, 1]);
    let mut over_h2 = Vec::new();
    for _ in 0..4 {
        let mut client = H2Client::connect(vestibule.https());
        assert_eq!(client.ask(&ask).status, 200);
        over_h2.push(client);
    }
    assert_eq!(spread(&vestibule), [2, 2, 2, 2]);
    drop(over_h1);
    await_spread(&vestibule, "the end of half of them", |spread| spread == [1, 1, 1, 1]);
}

#[test]
fn a_busy_connection_weighs_as_much_as_its_streams() {
    let addon = events();
    let vestibule = Vestibule::start(with_workers(2, &addon));
    let cookie = vestibule.cookie("bob");
    let mut busy = H2Client::connect(vestibule.https());
    let streams: Vec<_> = (0..12).map(|_| busy.stream(&Ask::get("/ingress/a/events").cookie(&cookie))).collect();
    assert!(streams.iter().all(|(head, _)| head.status == 200));
    // Each is served beside the others, and none of them beside the busy one.
    let mut neighbours = Vec::new();
    for _ in 0..6 {
        let mut client = RawClient::connect(vestibule.https());
        assert_eq!(client.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200);
        neighbours.push(client);
    }
    let mut spread = spread(&vestibule);
    spread.sort_unstable();
    assert_eq!(spread, [1, 6]);
}

#[test]
fn an_addon_with_one_connection_is_asked_over_it_from_every_worker() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(with_workers_and(4, &addon, "connections = 1"));
    let cookie = vestibule.cookie("bob");
    let mut clients = [(); 4].map(|()| RawClient::connect(vestibule.https()));
    for _ in 0..5 {
        for client in &mut clients {
            assert_eq!(client.ask(&Ask::post("/ingress/a/", "x").cookie(&cookie)).status, 200);
        }
    }
    assert_eq!(spread(&vestibule), [1, 1, 1, 1]);
    assert_eq!((addon.take(20).len(), addon.accepted()), (20, 1));
}

#[test]
fn a_drain_ends_the_connections_of_all_workers() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        with_workers(4, &addon)(config);
        config.set("limits", "drain_timeout", r#""1s""#);
    });
    let cookie = vestibule.cookie("bob");
    let mut idle = [(); 8].map(|()| RawClient::connect(vestibule.https()));
    for client in &mut idle {
        assert_eq!(client.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200);
    }
    let mut tunnels = [Protocol::H1, Protocol::H2, Protocol::H1, Protocol::H2]
        .map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie));
    assert!(spread(&vestibule).iter().all(|connections| *connections >= 2), "{:?}", spread(&vestibule));
    vestibule.signal("TERM");
    eventually("no new connections", || TcpStream::connect(vestibule.https()).is_err().then_some(()));
    assert!(idle.iter_mut().all(RawClient::is_closed), "idle connections are closed at once");
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    let status = vestibule.await_end(Duration::from_secs(10));
    assert!(status.success(), "{status}");
    assert!(!vestibule.stderr().contains("did not end"), "all ended by themselves:\n{}", vestibule.stderr());
}

#[test]
fn a_reload_under_load_loses_no_request() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(with_workers(3, &addon));
    let (cookie, https) = (vestibule.cookie("bob"), vestibule.https());
    let over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..6)
        .map(|number| {
            let (over, answered, cookie) = (Arc::clone(&over), Arc::clone(&answered), cookie.clone());
            thread::spawn(move || {
                let ask = Ask::get("/ingress/a/").cookie(&cookie);
                let (mut h1, mut h2) = (RawClient::connect(https), H2Client::connect(https));
                while !over.load(Ordering::SeqCst) {
                    let answer = if number % 2 == 0 { h1.ask(&ask) } else { h2.ask(&ask) };
                    assert_eq!((answer.status, answer.complete), (200, true), "{answer:#?}");
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for round in 0..5 {
        let so_far = answered.load(Ordering::SeqCst);
        vestibule.reconfigure(|config| {
            config.set("limits", "header_count", &(100 + round).to_string());
        });
        vestibule.command_ok(&["reload"]);
        eventually("more answers", || (answered.load(Ordering::SeqCst) >= so_far + 60).then_some(()));
    }
    over.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().expect("every request was answered");
    }
}

#[test]
fn the_number_of_workers_waits_for_the_next_start() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(with_workers(2, &addon));
    vestibule.reconfigure(|config| {
        config.set("limits", "workers", "3");
    });
    let said = vestibule.command(&["reload"]);
    let said = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.contains("limits.workers"), "{said}");
    assert_eq!(spread(&vestibule), [0, 0]);
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    vestibule.signal("TERM");
    assert!(vestibule.await_end(Duration::from_secs(10)).success());
    vestibule.start_again();
    assert_eq!(spread(&vestibule), [0, 0, 0]);
}

/// The time that the workers' threads have computed for, as the kernel counts it: to the nanosecond, and nothing for a
/// thread that has not run.
fn computed_by_workers(vestibule: &Vestibule) -> Duration {
    let of_thread = |folder: fs::DirEntry| {
        let name = fs::read_to_string(folder.path().join("comm")).ok()?;
        let statistics = fs::read_to_string(folder.path().join("schedstat")).ok()?;
        let nanoseconds = statistics.split(' ').next()?.parse().ok()?;
        name.starts_with("worker-").then_some(Duration::from_nanos(nanoseconds))
    };
    let threads = fs::read_dir(format!("/proc/{}/task", vestibule.pid())).unwrap();
    threads.map(Result::unwrap).filter_map(of_thread).sum()
}

#[test]
fn the_operations_listener_needs_no_worker() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(with_workers(1, &addon));
    let before = computed_by_workers(&vestibule);
    for target in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(vestibule.ask_operations(&Ask::get(target)).status, 200);
    }
    vestibule.command_ok(&["sessions", "list"]);
    assert_eq!(computed_by_workers(&vestibule), before);
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    assert!(computed_by_workers(&vestibule) > before, "and a request does");
}
