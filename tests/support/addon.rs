//! A raw add-on: a TCP server that records every request byte for byte and answers whatever a script tells it to.

use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::fields::Fields;
use super::patience::{PATIENCE, eventually};
use super::source::{Source, split_head};

/// One request as the add-on saw it. It is on record from its first complete head on, before its body has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded {
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
    /// `GET /path HTTP/1.1`
    pub(crate) line: String,
    /// The fields, spelled as they came.
    pub(crate) fields: Fields,
    /// The head, byte for byte, with its blank line.
    pub(crate) head: Vec<u8>,
    /// The body without its framing.
    pub(crate) body: Vec<u8>,
    /// The trailer fields of a chunked body.
    pub(crate) trailers: Fields,
    /// Whether the body came to its end.
    pub(crate) complete: bool,
}

impl Recorded {
    /// The target of the request line.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Read the next request.
    Open,
    /// Close it.
    Closed,
}

/// The connection, for scripts that write their own bytes.
pub(crate) type Wire = Source<TcpStream>;

type Script = dyn Fn(&Recorded, &mut Wire) -> Keep + Send + Sync;

/// The add-on. Its threads end with the process.
pub(crate) struct RawAddon {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Recorded>>,
    accepted: AtomicUsize,
    open: AtomicUsize,
    bytes: AtomicUsize,
}

impl RawAddon {
    /// An add-on that answers every request with 200 and [`HELLO`].
    pub(crate) fn start() -> Self {
        Self::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{HELLO}", HELLO.len()))
    }

    /// The same at an address of its own, as in a network of containers.
    pub(crate) fn start_at(address: Ipv4Addr) -> Self {
        let hello = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{HELLO}", HELLO.len());
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        Self::serving(
            listener,
            move |_, wire| if wire.write(hello.as_bytes()).is_ok() { Keep::Open } else { Keep::Closed },
        )
    }

    /// An add-on that answers every request with the same bytes and keeps the connection open.
    pub(crate) fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::scripted(move |_, wire| if wire.write(&bytes).is_ok() { Keep::Open } else { Keep::Closed })
    }

    /// An add-on that does what the script says once a request has been read.
    pub(crate) fn scripted(script: impl Fn(&Recorded, &mut Wire) -> Keep + Send + Sync + 'static) -> Self {
        Self::serving(TcpListener::bind("127.0.0.1:0").expect("a free port"), script)
    }

    fn serving(listener: TcpListener, script: impl Fn(&Recorded, &mut Wire) -> Keep + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(State::default());
        let (shared, script): (_, Arc<Script>) = (Arc::clone(&state), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (state, script) = (Arc::clone(&shared), Arc::clone(&script));
                let connection = state.accepted.fetch_add(1, Ordering::SeqCst);
                state.open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    serve(connection, stream, &state, &*script);
                    state.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, state }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its `upstream` in the configuration.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.state.requests.lock().expect("no test panics while it records").clone()
    }

    /// Waits until as many requests have come with their bodies, and forgets them.
    pub(crate) fn take(&self, count: usize) -> Vec<Recorded> {
        eventually("the add-on's requests", || {
            let mut requests = self.state.requests.lock().expect("no test panics while it records");
            let whole = requests.len() >= count && requests.iter().all(|r| r.complete);
            whole.then(|| std::mem::take(&mut *requests))
        })
    }

    /// Forgets all requests so far, whole or not.
    pub(crate) fn forget(&self) {
        self.state.requests.lock().expect("no test panics while it records").clear();
    }

    /// The one request that has come; panics when there were more. It is forgotten.
    #[track_caller]
    pub(crate) fn one(&self) -> Recorded {
        let mut requests = self.take(1);
        assert_eq!(requests.len(), 1, "the add-on sees exactly one request: {requests:#?}");
        requests.remove(0)
    }

    /// Panics when a request has come, or any byte of one.
    #[track_caller]
    pub(crate) fn assert_untouched(&self, why: &str) {
        let requests = self.requests();
        assert!(requests.is_empty(), "{why}: the add-on must see nothing, but saw {requests:#?}");
        assert_eq!(self.state.bytes.load(Ordering::SeqCst), 0, "{why}: the add-on must get no byte");
    }

    /// Panics when a request has come since the last [`RawAddon::take`].
    #[track_caller]
    pub(crate) fn assert_no_request(&self, why: &str) {
        let requests = self.requests();
        assert!(requests.is_empty(), "{why}: the add-on must see nothing, but saw {requests:#?}");
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// Connections ever accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }
}

/// What an add-on without a script answers.
pub(crate) const HELLO: &str = "hello from the add-on";

/// Waits until the other side closes and reports how: an error is a connection that was reset.
pub(crate) fn until_closed(wire: &mut Wire) -> io::Result<()> {
    wire.drain()
}

fn serve(connection: usize, stream: TcpStream, state: &State, script: &Script) {
    stream.set_read_timeout(Some(PATIENCE * 3)).expect("a positive time-out is legal");
    let _ = stream.set_nodelay(true);
    let mut wire = Source::new(stream);
    while let Some(head) = wire.head() {
        state.bytes.fetch_add(head.len(), Ordering::SeqCst);
        let (line, fields) = split_head(&head);
        let mut request = Recorded { connection, line, fields, head, ..Recorded::default() };
        let index = record(state, request.clone());
        let body = wire.body(&request.fields, false);
        (request.body, request.trailers, request.complete) = (body.bytes, body.trailers, body.complete);
        if let Some(slot) = state.requests.lock().expect("no test panics while it records").get_mut(index) {
            *slot = request.clone();
        }
        if !request.complete || script(&request, &mut wire) == Keep::Closed {
            break;
        }
    }
    state.bytes.fetch_add(wire.ahead().len(), Ordering::SeqCst);
    let _ = wire.stream.shutdown(Shutdown::Both);
    let _ = wire.stream.read(&mut [0; 1]);
}

fn record(state: &State, request: Recorded) -> usize {
    let mut requests = state.requests.lock().expect("no test panics while it records");
    requests.push(request);
    requests.len() - 1
}
