//! What is agreed on, what is resumed, and what becomes of peers that misbehave.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use vestibule::config::Tls;
use vestibule::tls::{HandshakeError, Protocol};

use crate::support::*;

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    for (version, name) in [(&rustls::version::TLS12, "TLSv1.2"), (&rustls::version::TLS13, "TLSv1.3")] {
        let mut stream = server.handshake(&Arc::new(authority.client_with(version)), "home.example").await;
        echo(&mut stream).await;
        let transport = server.secured().await;
        assert_eq!(transport.version(), name);
        assert_ne!(transport.cipher(), "unknown");
        assert!(!transport.resumed());
        assert_eq!(transport.sni(), Some("home.example"));
        assert_eq!(transport.addresses().client(), stream.get_ref().0.local_addr().unwrap());
        assert_eq!(transport.addresses().local(), server.address);
    }
}

#[tokio::test]
async fn the_key_exchange_withstands_quantum_computers_when_the_client_can_do_it() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    let _stream = server.handshake(&Arc::new(authority.client()), "home.example").await;
    assert_eq!(server.secured().await.group(), Some("X25519MLKEM768"));
}

#[tokio::test]
async fn the_protocol_is_what_alpn_says() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    let cases: [(&[&[u8]], Protocol); 4] = [
        (&[b"h2", b"http/1.1"], Protocol::Http2),
        (&[b"http/1.1", b"h2"], Protocol::Http2),
        (&[b"http/1.1"], Protocol::Http1),
        (&[], Protocol::Http1),
    ];
    for (offered, agreed) in cases {
        let stream = server.handshake(&offering(&authority, offered), "home.example").await;
        let expected =
            (!offered.is_empty()).then_some(if agreed == Protocol::Http2 { &b"h2"[..] } else { b"http/1.1" });
        assert_eq!(stream.get_ref().1.alpn_protocol(), expected);
        assert_eq!(server.secured().await.protocol(), agreed);
    }
}

#[tokio::test]
async fn a_client_that_offers_only_other_protocols_is_turned_away() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    let client = offering(&authority, &[b"http/1.0", b"spdy/3"]);
    let error = handshake_over(server.connect().await, &client, "home.example").await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
    assert!(matches!(server.failed().await, HandshakeError::Tls(_)));
}

#[tokio::test]
async fn s45_a_session_is_resumed_under_its_own_name_only_and_never_with_early_data() {
    let authority = Authority::new();
    let first = authority.issue("first", &["first.example"]);
    let second = authority.issue("second", &["second.example", "*.second.example"]);
    let mut server = Setup::default().start(&Tls::Certificates(vec![first, second]));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = authority.client_with(version);
        client.enable_early_data = true;
        let client = Arc::new(client);
        let mut resumed = Vec::new();
        for name in ["a.second.example", "a.second.example", "b.second.example", "first.example"] {
            let mut stream = server.handshake(&client, name).await;
            assert!(!stream.get_ref().1.is_early_data_accepted());
            echo(&mut stream).await;
            let transport = server.secured().await;
            assert!(transport.covered().covers(name), "{name}");
            assert_eq!(transport.covered().covers("first.example"), name == "first.example");
            resumed.push(transport.resumed());
        }
        assert_eq!(resumed, [false, true, false, false], "{version:?}");
    }
}

#[tokio::test]
async fn a_hello_in_segments_of_one_byte_finds_its_certificate() {
    let authority = Authority::new();
    let first = authority.issue("first", &["first.example"]);
    let second = authority.issue("second", &["second.example"]);
    let mut server = Setup::default().start(&Tls::Certificates(vec![first, second]));
    let socket = server.connect().await;
    socket.set_nodelay(true).unwrap();
    let mut stream =
        handshake_over(OneByteAtATime(socket), &Arc::new(authority.client()), "second.example").await.unwrap();
    echo(&mut stream).await;
    assert!(server.secured().await.covered().covers("second.example"));
}

/// Over TLS 1.2 the server's certificate comes in clear, so that bytes that no client library would send can be judged
/// by what they are answered with.
#[tokio::test]
async fn a_hello_in_many_records_or_with_an_odd_name_finds_its_certificate() {
    let authority = Authority::new();
    let first = authority.issue("first", &["first.example"]);
    let second = authority.issue("second", &["second.example"]);
    let first_certificate = certificate_in(&first.chain);
    let second_certificate = certificate_in(&second.chain);
    let server = Setup::default().start(&Tls::Certificates(vec![first, second]));
    let client = authority.client_with(&rustls::version::TLS12);

    let hello = hello(&client, "second.example");
    let records: Vec<u8> = hello[5..]
        .chunks(3)
        .flat_map(|part| [&[22, 3, 1, 0, 3][..4], &[u8::try_from(part.len()).unwrap()], part].concat())
        .collect();
    assert!(contains(&answer(&server, &records).await, &second_certificate), "in many records");

    for (sent, expected) in [
        ("second.example.", &second_certificate),
        ("SECOND.Example", &second_certificate),
        ("123.123.123.123", &first_certificate),
    ] {
        let placeholder = "x".repeat(sent.len());
        let mut hello = self::hello(&client, &placeholder);
        let at = hello.windows(sent.len()).position(|window| window == placeholder.as_bytes()).unwrap();
        hello[at..at + sent.len()].copy_from_slice(sent.as_bytes());
        assert!(contains(&answer(&server, &hello).await, expected), "{sent}");
    }
}

#[tokio::test]
async fn s44_half_open_handshakes_end_at_the_deadline() {
    let authority = Authority::new();
    let tls = Tls::Certificates(vec![authority.issue("home", &["home.example"])]);
    let deadline = Duration::from_millis(200);
    let mut server = Setup { deadline, ..Setup::default() }.start(&tls);
    let hello = hello(&authority.client(), "home.example");
    for sent in [&[][..], &hello[..1], &hello[..hello.len() / 2], &hello] {
        let start = Instant::now();
        let mut socket = server.connect().await;
        socket.write_all(sent).await.unwrap();
        read_to_close(&mut socket).await;
        assert!(start.elapsed() >= deadline, "closed after {:?}", start.elapsed());
        assert!(matches!(server.failed().await, HandshakeError::Late));
    }
    until("all places are free", || server.admission.counts().open == 0).await;
}

#[tokio::test]
async fn s44_three_hundred_half_open_handshakes_keep_nobody_out() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    let hello = hello(&authority.client(), "home.example");
    let mut open = Vec::new();
    for _ in 0..300 {
        let mut socket = server.connect().await;
        socket.write_all(&hello[..hello.len() - 1]).await.unwrap();
        open.push(socket);
    }
    echo(&mut server.handshake(&Arc::new(authority.client()), "home.example").await).await;
    server.secured().await;
    drop(open);
    until("all places are free", || server.admission.counts().open == 0).await;
}

#[tokio::test]
async fn what_is_no_tls_is_closed_and_the_server_goes_on() {
    let authority = Authority::new();
    let mut server = Setup::default().start(&Tls::Certificates(vec![authority.issue("home", &["home.example"])]));
    let endless_hello = [&[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &[0; 0x3ffc]].concat();
    let garbage: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: home.example\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        &[0; 600],
        &[0xff; 600],
        &endless_hello,
    ];
    for bytes in garbage {
        let mut socket = server.connect().await;
        socket.write_all(bytes).await.unwrap();
        let heard = read_to_close(&mut socket).await;
        assert!(heard.is_empty() || heard[0] == 21, "nothing but a TLS alert is said: {heard:?}");
        assert!(matches!(server.failed().await, HandshakeError::Tls(_)));
    }
    echo(&mut server.handshake(&Arc::new(authority.client()), "home.example").await).await;
}

fn offering(authority: &Authority, protocols: &[&[u8]]) -> Arc<ClientConfig> {
    let mut client = authority.client();
    client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Arc::new(client)
}

fn hello(client: &ClientConfig, name: &str) -> Vec<u8> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(client.clone()), name).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    hello
}

async fn answer(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut socket = server.connect().await;
    socket.write_all(bytes).await.unwrap();
    let mut heard = vec![0; 16384];
    let mut length = 0;
    // ServerHelloDone is the last message of the flight: type 14 with no contents.
    while !heard[..length].ends_with(&[14, 0, 0, 0]) {
        let more = tokio::time::timeout(PATIENCE, socket.read(&mut heard[length..])).await.unwrap().unwrap();
        assert_ne!(more, 0, "an answer, and not {:?}", &heard[..length]);
        length += more;
        assert_ne!(heard[0], 21, "no alert: {:?}", &heard[..length]);
    }
    heard.truncate(length);
    heard
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

struct OneByteAtATime(TcpStream);

impl AsyncRead for OneByteAtATime {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for OneByteAtATime {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
