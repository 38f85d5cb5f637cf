//! A handshake has its time, and a connection that has shaken hands does not feel it any more (S-44, S-70).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;

use crate::PATH;
use crate::support::{
    Ask, BOTH, H2Client, PATIENCE, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, certificate, eventually, soon,
};

/// Within this a limit of a second must have held.
const BOUND: Duration = Duration::from_secs(5);

fn in_a_hurry() -> Vestibule {
    let addon = RawAddon::start();
    Vestibule::start(|config| {
        config.set("limits", "handshake_timeout", "\"1s\"").set("limits", "idle_timeout", "\"5m\"").addon("a", &addon);
    })
}

/// The first bytes of a client that would speak this protocol.
fn hello(protocol: &[u8]) -> Vec<u8> {
    let name = crate::support::ask::HOST.try_into().unwrap();
    let mut client = ClientConnection::new(Arc::clone(&certificate::client(protocol)), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

#[test]
fn s70_a_handshake_that_does_not_end_in_time_is_given_up() {
    let vestibule = in_a_hurry();
    let hello = hello(b"h2");
    // Nothing; a part of the first message; the whole of it and no answer to what follows.
    for length in [0, 1, hello.len() / 2, hello.len()] {
        let mut stream = TcpStream::connect(vestibule.https()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let begun = Stopwatch::start();
        stream.write_all(&hello[..length]).unwrap();
        await_end(&mut stream);
        begun.assert_within(BOUND, &format!("the end after {length} bytes"));
    }
}

#[test]
fn s70_nor_does_a_byte_now_and_then_prolong_it() {
    let vestibule = in_a_hurry();
    let mut stream = TcpStream::connect(vestibule.https()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let begun = Stopwatch::start();
    let hello = hello(b"http/1.1");
    let mut bytes = hello.iter();
    eventually("the end of it", || {
        let written = bytes.next().is_some_and(|byte| stream.write_all(&[*byte]).is_ok());
        let ended = matches!(stream.read(&mut [0; 64]), Ok(0)) || is_reset(&mut stream);
        assert!(written || ended, "the message came whole");
        ended.then_some(())
    });
    begun.assert_within(BOUND, "the end of a message of a byte now and then");
}

#[test]
fn s70_a_connection_that_has_shaken_hands_does_not_feel_the_limit() {
    let vestibule = in_a_hurry();
    let ask = Ask::get(PATH).cookie(vestibule.cookie("bob"));
    let mut http1 = RawClient::connect(vestibule.https());
    let mut http2 = H2Client::connect(vestibule.https());
    let begun = Stopwatch::start();
    let limit = Duration::from_millis(1500);
    // Asked all along, and once more when the limit has long passed.
    soon(limit * 2, || (begun.elapsed() > limit).then_some(()));
    for protocol in BOTH {
        let answer = if protocol == Protocol::H1 { http1.ask(&ask) } else { http2.ask(&ask) };
        assert_eq!(answer.status, 200, "{protocol:?}");
    }
}

fn await_end(stream: &mut TcpStream) {
    let mut room = [0; 4096];
    loop {
        match stream.read(&mut room) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("no end: {error}"),
        }
    }
}

fn is_reset(stream: &mut TcpStream) -> bool {
    matches!(stream.take_error(), Ok(Some(_)))
        || matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset)
}
