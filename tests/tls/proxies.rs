//! The PROXY protocol: believed where it is required and from whom it is trusted, and nowhere else (S-22).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use vestibule::config::Tls;
use vestibule::listener::ProxyError;
use vestibule::tls::HandshakeError;

use crate::support::*;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn behind_proxy() -> Setup {
    Setup { proxy_protocol: true, trusted_proxies: vec!["127.0.0.0/8"], ..Setup::default() }
}

fn home(authority: &Authority) -> Tls {
    Tls::Certificates(vec![authority.issue("home", &["home.example"])])
}

type Judge = fn(&ProxyError) -> bool;

/// Version 2: version and command, family, then the block.
fn version_2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, block].concat()
}

const V4: &[u8] = &[203, 0, 113, 9, 10, 0, 0, 1, 0x30, 0x39, 1, 187];

fn v6(source: &str) -> Vec<u8> {
    let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    [&octets(source)[..], &octets("2001:db8::1"), &[0x30, 0x39, 1, 187]].concat()
}

#[tokio::test]
async fn the_client_is_whom_the_trusted_proxy_names() {
    let authority = Authority::new();
    let mut server = behind_proxy().start(&home(&authority));
    let client = Arc::new(authority.client());
    let with_tlv = [V4, &[0x04, 0, 200], &[0; 200]].concat();
    let largest = [V4, &[0x04, 0x0f, 0xf1], &[0; 0xff1]].concat();
    assert_eq!(largest.len(), 4096);
    let cases: [(Vec<u8>, Option<&str>); 10] = [
        (b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n".to_vec(), Some("203.0.113.9:12345")),
        (b"PROXY TCP6 2001:db8::9 2001:db8::1 12345 443\r\n".to_vec(), Some("[2001:db8::9]:12345")),
        (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 12345 443\r\n".to_vec(), Some("203.0.113.9:12345")),
        (version_2(0x21, 0x11, V4), Some("203.0.113.9:12345")),
        (version_2(0x21, 0x21, &v6("2001:db8::9")), Some("[2001:db8::9]:12345")),
        (version_2(0x21, 0x21, &v6("::ffff:203.0.113.9")), Some("203.0.113.9:12345")),
        (version_2(0x21, 0x11, &with_tlv), Some("203.0.113.9:12345")),
        (version_2(0x21, 0x11, &largest), Some("203.0.113.9:12345")),
        (version_2(0x20, 0x00, &[]), None),
        (version_2(0x20, 0x11, V4), None),
    ];
    for (header, expected) in cases {
        let mut socket = server.connect().await;
        let peer = socket.local_addr().unwrap();
        socket.write_all(&header).await.unwrap();
        let mut stream = handshake_over(socket, &client, "home.example").await.expect("a handshake");
        echo(&mut stream).await;
        let addresses = server.secured().await.addresses();
        let expected: SocketAddr = expected.map_or(peer, |text| text.parse().unwrap());
        assert_eq!((addresses.client(), addresses.peer()), (expected, peer));
        assert_eq!(addresses.proxied(), expected != peer, "the proxy itself is behind no proxy");
    }
}

#[tokio::test]
async fn not_one_byte_of_the_hello_is_lost_however_the_bytes_arrive() {
    let authority = Authority::new();
    let mut server = behind_proxy().start(&home(&authority));
    let client = Arc::new(authority.client());
    for header in [b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n".to_vec(), version_2(0x21, 0x11, V4)] {
        for at_once in [true, false] {
            let (near, far) = tokio::io::duplex(1);
            let (near, far) = if at_once { tokio::io::duplex(65536) } else { (near, far) };
            let mut socket = server.connect().await;
            socket.set_nodelay(true).unwrap();
            let header = header.clone();
            let relay = tokio::spawn(async move {
                let (mut from_client, mut to_client) = tokio::io::split(far);
                let (mut from_server, mut to_server) = socket.split();
                let outward = async {
                    let mut first = vec![0; if at_once { 4096 } else { 1 }];
                    let length = tokio::io::AsyncReadExt::read(&mut from_client, &mut first).await.unwrap();
                    let start = [&header[..], &first[..length]].concat();
                    let step = if at_once { start.len() } else { 1 };
                    for part in start.chunks(step) {
                        to_server.write_all(part).await.unwrap();
                    }
                    let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
                };
                let inward = async { drop(tokio::io::copy(&mut from_server, &mut to_client).await) };
                tokio::join!(outward, inward);
            });
            let mut stream = handshake_over(near, &client, "home.example").await.expect("a handshake");
            echo(&mut stream).await;
            assert_eq!(server.secured().await.addresses().client(), "203.0.113.9:12345".parse().unwrap());
            relay.abort();
        }
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_trusted_to_name_the_client_ends_the_connection() {
    let authority = Authority::new();
    let mut server = behind_proxy().start(&home(&authority));
    let too_long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat();
    let oversize = [V4, &[0x04, 0xff, 0], &[0; 4082]].concat();
    assert_eq!(oversize.len(), 4097);
    let cases: Vec<(&str, Vec<u8>, Judge)> = vec![
        ("no header", vec![22, 3, 1, 2, 0, 1, 0, 1], |e| matches!(e, ProxyError::Missing)),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), |e| matches!(e, ProxyError::Missing)),
        ("almost version 2", b"\r\n\r\n\0\r\nQUIT!aaaa".to_vec(), |e| matches!(e, ProxyError::Missing)),
        ("UNKNOWN", b"PROXY UNKNOWN\r\n".to_vec(), |e| matches!(e, ProxyError::NoClient)),
        ("AF_UNSPEC", version_2(0x21, 0x00, &[]), |e| matches!(e, ProxyError::NoClient)),
        ("AF_UNIX", version_2(0x21, 0x31, &[0; 216]), |e| matches!(e, ProxyError::NoClient)),
        ("datagram", version_2(0x21, 0x12, V4), |e| matches!(e, ProxyError::NoClient)),
        ("version 1 too long", too_long, |e| matches!(e, ProxyError::TooLong)),
        ("version 2 too long", version_2(0x21, 0x11, &oversize), |e| matches!(e, ProxyError::TooLong)),
        ("version 3", version_2(0x31, 0x11, V4), |e| matches!(e, ProxyError::Malformed(_))),
        ("command 2", version_2(0x22, 0x11, V4), |e| matches!(e, ProxyError::Malformed(_))),
        ("block too short", version_2(0x21, 0x11, &V4[..11]), |e| matches!(e, ProxyError::Malformed(_))),
        ("no port", b"PROXY TCP4 203.0.113.9 10.0.0.1 443\r\n".to_vec(), |e| matches!(e, ProxyError::Malformed(_))),
        ("a bare LF", b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\n".to_vec(), |e| matches!(e, ProxyError::Malformed(_))),
        ("lower case", b"proxy TCP4 203.0.113.9 10.0.0.1 1 2\r\n".to_vec(), |e| matches!(e, ProxyError::Missing)),
    ];
    for (what, bytes, is_expected) in cases {
        let mut socket = server.connect().await;
        socket.write_all(&bytes).await.unwrap();
        assert!(read_to_close(&mut socket).await.is_empty(), "{what}: nothing is said");
        match server.failed().await {
            HandshakeError::Proxy(error) => assert!(is_expected(&error), "{what}: {error:?}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    assert_eq!(server.admission.counts().open, 0);
}

#[tokio::test]
async fn a_header_that_breaks_off_or_never_comes_ends_with_the_peer_or_at_the_deadline() {
    let authority = Authority::new();
    let mut server = Setup { deadline: Duration::from_millis(200), ..behind_proxy() }.start(&home(&authority));
    let whole = [b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n".to_vec(), version_2(0x21, 0x11, V4)];
    for header in &whole {
        for length in [0, 1, 6, 13, header.len() - 1] {
            let mut socket = server.connect().await;
            socket.write_all(&header[..length]).await.unwrap();
            socket.shutdown().await.unwrap();
            read_to_close(&mut socket).await;
            assert!(matches!(server.failed().await, HandshakeError::Proxy(ProxyError::Io(_))), "{length} bytes");

            let mut silent = server.connect().await;
            silent.write_all(&header[..length]).await.unwrap();
            read_to_close(&mut silent).await;
            assert!(matches!(server.failed().await, HandshakeError::Late), "{length} bytes");
        }
        let mut no_hello = server.connect().await;
        no_hello.write_all(header).await.unwrap();
        read_to_close(&mut no_hello).await;
        assert!(matches!(server.failed().await, HandshakeError::Late), "one deadline for both");
    }
}

#[tokio::test]
async fn a_peer_that_is_no_trusted_proxy_is_closed_unread() {
    let authority = Authority::new();
    let server = Setup { proxy_protocol: true, trusted_proxies: vec!["192.0.2.0/24"], ..Setup::default() }
        .start(&home(&authority));
    for header in [b"PROXY TCP4 192.0.2.9 10.0.0.1 12345 443\r\n".to_vec(), version_2(0x20, 0x00, &[])] {
        let mut socket = server.connect().await;
        let _ = socket.write_all(&header).await;
        assert!(read_to_close(&mut socket).await.is_empty());
    }
    until("both are counted", || server.admission.counts().refused_untrusted == 2).await;
}

#[tokio::test]
async fn where_no_header_is_required_none_is_understood() {
    let authority = Authority::new();
    let mut server = Setup { trusted_proxies: vec!["127.0.0.0/8"], ..Setup::default() }.start(&home(&authority));
    let mut socket = server.connect().await;
    socket.write_all(b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n").await.unwrap();
    read_to_close(&mut socket).await;
    assert!(matches!(server.failed().await, HandshakeError::Tls(_)));
}

#[tokio::test]
async fn clients_behind_a_proxy_are_counted_each_for_themselves() {
    let authority = Authority::new();
    let mut server = Setup { connections_per_address: 1, ..behind_proxy() }.start(&home(&authority));
    let client = Arc::new(authority.client());
    let mut held = Vec::new();
    for source in ["203.0.113.9", "203.0.113.10"] {
        let mut socket = server.connect().await;
        socket.write_all(format!("PROXY TCP4 {source} 10.0.0.1 1 2\r\n").as_bytes()).await.unwrap();
        held.push(handshake_over(socket, &client, "home.example").await.expect("a handshake"));
        server.secured().await;
    }
    let mut socket = server.connect().await;
    socket.write_all(b"PROXY TCP4 203.0.113.9 10.0.0.1 1 2\r\n").await.unwrap();
    read_to_close(&mut socket).await;
    assert!(matches!(server.failed().await, HandshakeError::Proxy(ProxyError::Refused(_))));
    assert_eq!(server.admission.counts().refused_address_limit, 1);
}
