//! How long a connection to an add-on may take to be made.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::PATH;
use crate::support::h2::RUNTIME;
use crate::support::{Ask, BOTH, RawAddon, Stopwatch, Vestibule};

/// An address at which connections are begun and never made: its queue is full, and nobody accepts.
struct Unaccepting {
    at: SocketAddr,
    _listener: tokio::net::TcpListener,
    _queued: Vec<TcpStream>,
}

impl Unaccepting {
    fn start() -> Self {
        let listener = RUNTIME.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            socket.listen(1).unwrap()
        });
        let at = listener.local_addr().unwrap();
        // Until one waits in vain, the queue has room.
        let dial = || TcpStream::connect_timeout(&at, Duration::from_millis(300)).ok();
        Self { at, _listener: listener, _queued: std::iter::from_fn(dial).collect() }
    }
}

#[test]
fn s70_a_connection_to_an_add_on_has_its_time_and_no_more() {
    let (full, addon) = (Unaccepting::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        let lines = |at: SocketAddr| {
            format!(
                "slug = \"full\"\nupstream = \"http://{at}\"\npath = \"/ingress/full\"\nconnect_timeout = \"400ms\""
            )
        };
        config.addon_table(&lines(full.at)).addon_with("a", &addon, "connect_timeout = \"400ms\"");
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let begun = Stopwatch::start();
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/full/").cookie(&cookie));
        assert!(matches!(answer.status, 502 | 504), "{protocol:?}: {answer:#?}");
        begun.assert_within(Duration::from_secs(3), "the refusal");
        assert!(begun.elapsed() >= Duration::from_millis(300), "it was waited for: {:?}", begun.elapsed());
        assert_eq!(vestibule.ask(protocol, &Ask::get(PATH).cookie(&cookie)).status, 200, "{protocol:?}");
    }
}
