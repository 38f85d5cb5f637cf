//! How many may come, and what happens when the process itself has no room left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vestibule::budget::Budget;
use vestibule::config::{BrowserListener, ListenerScheme, Tls, TrustedProxies};
use vestibule::listener::{ConnectionLimiter, Listener};

use crate::stopwatch::Stopwatch;
use crate::support::*;

fn home(authority: &Authority) -> Tls {
    Tls::Certificates(vec![authority.issue("home", &["home.example"])])
}

#[tokio::test]
async fn a_connection_over_the_limit_is_closed_until_another_ends() {
    let authority = Authority::new();
    let mut server = Setup { connections: 2, ..Setup::default() }.start(&home(&authority));
    let client = Arc::new(authority.client());
    let first = server.handshake(&client, "home.example").await;
    let mut second = server.handshake(&client, "home.example").await;
    server.secured().await;
    server.secured().await;

    let mut third = server.connect().await;
    assert!(read_to_close(&mut third).await.is_empty());
    assert_eq!(server.admission.counts().refused_total_limit, 1);
    echo(&mut second).await;

    drop(first);
    until("the place is free", || server.admission.counts().open == 1).await;
    echo(&mut server.handshake(&client, "home.example").await).await;
}

#[tokio::test]
async fn one_address_cannot_take_all_places() {
    let authority = Authority::new();
    let mut server = Setup { connections_per_address: 1, ..Setup::default() }.start(&home(&authority));
    let client = Arc::new(authority.client());
    let held = server.handshake(&client, "home.example").await;
    server.secured().await;
    assert!(read_to_close(&mut server.connect().await).await.is_empty());
    assert_eq!(server.admission.counts().refused_address_limit, 1);

    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let elsewhere = elsewhere.connect(server.address).await.unwrap();
    echo(&mut handshake_over(elsewhere, &client, "home.example").await.expect("a handshake")).await;

    drop(held);
    until("the place is free", || server.admission.counts().open == 0).await;
    echo(&mut server.handshake(&client, "home.example").await).await;
}

#[tokio::test]
async fn an_ipv4_client_on_a_socket_for_both_is_an_ipv4_client() {
    let authority = Authority::new();
    let mut server = Setup { address: "[::]:0", ..Setup::default() }.start(&home(&authority));
    let socket = TcpStream::connect(("127.0.0.1", server.address.port())).await.unwrap();
    let peer = socket.local_addr().unwrap();
    let _stream = handshake_over(socket, &Arc::new(authority.client()), "home.example").await.expect("a handshake");
    let addresses = server.secured().await.addresses();
    assert_eq!((addresses.peer(), addresses.client()), (peer, peer));
    assert!(addresses.local().is_ipv4());
}

#[tokio::test]
async fn a_socket_that_was_handed_over_is_accepted_on() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let listener =
        Listener::adopt(socket, &entry(address, false), &ConnectionLimiter::new(&limits(1, 1), &Budget::new()))
            .unwrap();
    assert_eq!(listener.address(), address);
    let client = TcpStream::connect(address).await.unwrap();
    let incoming = tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap();
    assert_eq!(incoming.peer(), client.local_addr().unwrap());
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error =
        Listener::bind(&entry(address, false), &ConnectionLimiter::new(&limits(1, 1), &Budget::new())).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {address}"));
}

/// S-73. The server is this test binary again, in a process of its own whose file descriptors are few.
#[tokio::test]
async fn a_process_without_file_descriptors_waits_and_then_goes_on() {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 30 && exec \"$0\" --exact limits::serves_with_few_file_descriptors --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env("VESTIBULE_TEST_SERVE", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().split_once("listens on ").map(|(_, address)| address.to_owned()));
    let address = address.expect("the server says where it listens");

    let mut open = Vec::new();
    for _ in 0..60 {
        open.push(TcpStream::connect(&address).await.unwrap());
    }
    let open_files = format!("/proc/{}/fd", child.id());
    until("no descriptor is left", || fs::read_dir(&open_files).unwrap().count() >= 30).await;
    // What is measured is time that passes with nothing to do. On a loaded machine it may come later: who never waits
    // is busy in all of it.
    let (mut spent, begun) = (u64::MAX, Stopwatch::start());
    while spent > 2 {
        assert!(begun.elapsed() < PATIENCE, "{spent} hundredths of a second of CPU time in the last half second");
        let before = cpu_ticks(child.id());
        tokio::time::sleep(Duration::from_millis(500)).await;
        spent = cpu_ticks(child.id()) - before;
    }

    drop(open);
    let mut late = TcpStream::connect(&address).await.unwrap();
    late.write_all(b"no PROXY header").await.unwrap();
    let closed = tokio::time::timeout(PATIENCE, late.read(&mut [0; 1])).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(closed.is_ok(), "it accepts again, and closes what is no PROXY header");
}

/// Not a test of its own: what the test above starts. Holds each client until it leaves or sends what is no PROXY
/// header.
#[tokio::test]
async fn serves_with_few_file_descriptors() {
    if std::env::var_os("VESTIBULE_TEST_SERVE").is_none() {
        return;
    }
    let admission = ConnectionLimiter::new(&limits(1000, 1000), &Budget::new());
    let listener = Listener::bind(&entry("127.0.0.1:0".parse().unwrap(), true), &admission).unwrap();
    println!("listens on {}", listener.address());
    loop {
        let incoming = listener.accept().await;
        tokio::spawn(async move { drop(incoming.identify().await) });
    }
}

/// An entry that trusts this machine.
fn entry(address: std::net::SocketAddr, proxy_protocol: bool) -> BrowserListener {
    let trusted_proxies = TrustedProxies::from_iter(["127.0.0.0/8".parse().unwrap()]);
    BrowserListener { address, scheme: ListenerScheme::Https, ipv6_only: false, proxy_protocol, trusted_proxies }
}

fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
