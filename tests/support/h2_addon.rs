//! An add-on that speaks HTTP/2 without TLS and what gRPC makes of it: it sends every message back as it comes, and
//! says in trailers how the call ended.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::fields::Fields;
use super::h2::RUNTIME;
use super::patience::eventually;

/// A call as the add-on saw it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Called {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) fields: Fields,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Fields,
    /// How the upload ended: `None` while it goes on, `Ok` at its own end.
    pub(crate) ended: Option<Result<(), String>>,
}

/// What it does instead of sending messages back, by path.
pub(crate) const BREAKS_OFF: &str = "/breaks-off";
pub(crate) const NEVER_ANSWERS: &str = "/never-answers";
pub(crate) const ANSWERS_EARLY: &str = "/answers-early";

/// The add-on.
pub(crate) struct H2Addon {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    calls: Mutex<Vec<Called>>,
    accepted: AtomicUsize,
    goes: Notify,
}

impl H2Addon {
    pub(crate) fn start() -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(connection(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its table in the configuration, at `/ingress/a`.
    pub(crate) fn table(&self, lines: &str) -> String {
        table(&format!("http://{}", self.address), lines)
    }

    pub(crate) fn calls(&self) -> Vec<Called> {
        self.state.calls.lock().expect("no test panics while it records").clone()
    }

    /// Waits for the calls to have ended, and forgets them.
    pub(crate) fn take(&self, count: usize) -> Vec<Called> {
        eventually("the calls", || {
            let mut calls = self.state.calls.lock().expect("no test panics while it records");
            let over = calls.len() >= count && calls.iter().all(|call| call.ended.is_some());
            over.then(|| std::mem::take(&mut *calls))
        })
    }

    /// Connections ever accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// Says on its connections that no more calls are taken, and lets those that are open end (RFC 9113 section 6.8).
    pub(crate) fn goes_away(&self) {
        self.state.goes.notify_waiters();
    }
}

/// A table for an add-on that speaks gRPC at this URL.
pub(crate) fn table(url: &str, lines: &str) -> String {
    format!("slug = \"a\"\nupstream = \"{url}\"\npath = \"/ingress/a\"\nprotocol = \"grpc\"\n{lines}\n")
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    loop {
        let call = tokio::select! {
            call = connection.accept() => call,
            () = state.goes.notified() => {
                connection.graceful_shutdown();
                continue;
            }
        };
        let Some(Ok((request, respond))) = call else { return };
        tokio::spawn(answer(request, respond, Arc::clone(&state)));
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, state: Arc<State>) {
    let (head, mut body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let index = {
        let mut calls = state.calls.lock().expect("no test panics while it records");
        let (method, uri) = (head.method.to_string(), head.uri.to_string());
        calls.push(Called { method, uri, fields: fields(&head.headers), ..Called::default() });
        calls.len() - 1
    };
    let note = |change: &mut dyn FnMut(&mut Called)| {
        if let Some(call) = state.calls.lock().expect("no test panics while it records").get_mut(index) {
            change(call);
        }
    };
    if path == NEVER_ANSWERS {
        let ended = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
        note(&mut |call| call.ended = Some(Err(format!("{ended:?}"))));
        return;
    }
    let mut response = Response::new(());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let Ok(mut send) = respond.send_response(response, false) else { return };
    if path == ANSWERS_EARLY {
        let _ = send.send_trailers(ending());
        while let Some(Ok(data)) = body.data().await {
            let _ = body.flow_control().release_capacity(data.len());
        }
        note(&mut |call| call.ended = Some(Err("whatever it was".to_owned())));
        return;
    }
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                note(&mut |call| call.body.extend_from_slice(&data));
                let _ = send.send_data(data, false);
                if path == BREAKS_OFF {
                    send.send_reset(h2::Reason::INTERNAL_ERROR);
                    note(&mut |call| call.ended = Some(Ok(())));
                    return;
                }
            }
            Err(error) => {
                note(&mut |call| call.ended = Some(Err(error.to_string())));
                return;
            }
        }
    }
    let trailers = body.trailers().await.ok().flatten().unwrap_or_default();
    note(&mut |call| (call.trailers, call.ended) = (fields(&trailers), Some(Ok(()))));
    let _ = send.send_trailers(ending());
}

/// How a call ends, and what no trailer may say.
fn ending() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for (name, value) in [
        ("grpc-status", "0"),
        ("grpc-message", "fine"),
        ("x-checksum", "1"),
        ("x-remote-user-id", "root"),
        ("x_forwarded_for", "1.2.3.4"),
        ("set-cookie", "__Host-ingress_session=x"),
        ("content-length", "5"),
    ] {
        trailers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    trailers
}

fn fields(map: &HeaderMap) -> Fields {
    Fields(map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
}
