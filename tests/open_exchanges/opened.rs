//! One of everything, opened: each notes how far it came and when it ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::endless::{Ends, PACE};
use crate::support::h2::{H2Tunnel, RUNTIME, within};
use crate::support::plain::PlainClient;
use crate::support::tunnel::{ORIGIN, Tunnel, handshake};
use crate::support::{Ask, H2Client, Protocol, RawClient, Stopwatch, eventually};
use crate::world::{OTHER, World};

/// By what right something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// The user's session.
    Session,
    /// The same, and that the page that sent it is ours.
    OwnPage,
    /// The same, and that a page of another origin is let in by `cors`.
    OtherPage,
    /// The same, and that no page need be named.
    NoPage,
    /// The same, at whatever add-on is there.
    Question,
    /// The user's access token.
    Token,
    /// The user's session at Home Assistant's door.
    EntryPoint,
    /// The add-on's role `admin`.
    Admin,
    /// The add-on's role, of `backup` or more.
    Role,
    /// The add-on's `homeassistant_api`.
    HomeAssistantApi,
}

/// Something open.
pub(crate) struct Opened {
    pub(crate) name: &'static str,
    pub(crate) right: Right,
    /// Whether something comes all the time.
    pub(crate) moves: bool,
    state: Arc<State>,
    ends: Option<Ends>,
}

#[derive(Default)]
struct State {
    moved: AtomicU64,
    ended: OnceLock<Stopwatch>,
}

impl State {
    fn moves(&self) {
        self.moved.fetch_add(1, Ordering::SeqCst);
    }

    fn ends(&self) {
        let _ = self.ended.set(Stopwatch::start());
    }
}

impl Opened {
    /// When it ended.
    pub(crate) fn ended(&self) -> Option<Stopwatch> {
        match &self.ends {
            Some(ends) => ends.of(&query(self.name)),
            None => self.state.ended.get().copied(),
        }
    }

    /// How often something has come so far.
    pub(crate) fn moved(&self) -> u64 {
        self.state.moved.load(Ordering::SeqCst)
    }

    fn new(name: &'static str, right: Right, run: impl FnOnce(&State) + Send + 'static) -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            run(&shared);
            shared.ends();
        });
        Self { name, right, moves: true, state, ends: None }
    }

    /// What comes is read until nothing does.
    fn read(name: &'static str, right: Right, mut some: impl FnMut() -> Vec<u8> + Send + 'static) -> Self {
        Self::new(name, right, move |state| {
            while !some().is_empty() {
                state.moves();
            }
        })
    }
}

/// Opens one of everything, and waits until all of it is under way.
pub(crate) fn open_everything(world: &World) -> Vec<Opened> {
    let mut all = vec![
        stream_h1(world, "page, HTTP/1.1", Right::Session, &world.by_session(Ask::get("/ingress/web/page"))),
        stream_h2(world, "page, HTTP/2", Right::Session, &world.by_session(Ask::get("/ingress/web/page"))),
        stream_h1(world, "event stream, HTTP/1.1", Right::Session, &world.by_session(Ask::get("/ingress/web/events"))),
        stream_h2(world, "event stream, HTTP/2", Right::Session, &world.by_session(Ask::get("/ingress/web/events"))),
        upload_h1(world, "upload, HTTP/1.1", Right::Session, Ask::new("POST", "/ingress/web/upload")),
        upload_h1(
            world,
            "upload of another origin's page",
            Right::OtherPage,
            Ask::new("POST", "/ingress/web/upload").field("Origin", OTHER).field("Sec-Fetch-Site", "cross-site"),
        ),
        upload_h2(world),
        unread_h1(world, "unread download, HTTP/1.1"),
        unread_h2(world, "unread download, HTTP/2"),
        websocket(world, "WebSocket, HTTP/1.1", Right::OwnPage, Protocol::H1),
        websocket(world, "WebSocket, HTTP/2", Right::OwnPage, Protocol::H2),
        websocket(world, "WebSocket without Origin", Right::NoPage, Protocol::H1),
        grpc(world),
        question(world),
        stream_h1(world, "token: stream, HTTP/1.1", Right::Token, &world.by_token(Ask::get("/ingress/web/events"))),
        stream_h2(world, "token: stream, HTTP/2", Right::Token, &world.by_token(Ask::get("/ingress/web/events"))),
        websocket(world, "token: WebSocket, HTTP/1.1", Right::Token, Protocol::H1),
        websocket(world, "token: WebSocket, HTTP/2", Right::Token, Protocol::H2),
        door_stream(world),
        door_websocket(world),
        api_call(world),
        api_stream(world, "API: logs/follow", Right::Role, "/host/logs/follow"),
        api_stream(world, "API: /core/api/stream", Right::HomeAssistantApi, "/core/api/stream"),
        api_upload(world),
        api_unread(world),
        api_websocket(world),
    ];
    all.sort_by_key(|opened| opened.right as u8);
    for opened in &all {
        let begun = || (!opened.moves || opened.moved() > 2).then_some(());
        eventually(&format!("{} to be under way", opened.name), begun);
        assert!(opened.ended().is_none(), "{} is open", opened.name);
    }
    all
}

fn stream_h1(world: &World, name: &'static str, right: Right, ask: &Ask) -> Opened {
    let mut client = RawClient::connect(world.vestibule.https());
    client.send(&ask.to_bytes());
    assert_eq!(client.head().status, 200, "{name}");
    Opened::read(name, right, move || client.some())
}

fn stream_h2(world: &World, name: &'static str, right: Right, ask: &Ask) -> Opened {
    let mut client = H2Client::connect(world.vestibule.https());
    let (answer, mut body): (_, H2Tunnel) = client.stream(ask);
    assert_eq!(answer.status, 200, "{name}");
    Opened::read(name, right, move || {
        let _connection = &client;
        body.some()
    })
}

fn upload_h1(world: &World, name: &'static str, right: Right, ask: Ask) -> Opened {
    let mut client = RawClient::connect(world.vestibule.https());
    client.send(&world.by_session(ask).field("Transfer-Encoding", "chunked").to_bytes());
    client.set_patience(PACE);
    Opened::new(name, right, move |state| {
        // The answer comes with the end alone: as long as there is none, nothing was cut.
        while client.some().is_empty() && client.rest().is_none() && client.try_send(b"1\r\nx\r\n") {
            state.moves();
        }
    })
}

fn upload_h2(world: &World) -> Opened {
    let mut client = H2Client::connect(world.vestibule.https());
    let ask = world.by_session(Ask::new("POST", "/ingress/web/upload"));
    let (mut stream, response) = client.open(&ask, false).unwrap();
    Opened::new("upload, HTTP/2", Right::Session, move |state| {
        let _connection = client;
        RUNTIME.block_on(async {
            let mut response = std::pin::pin!(response);
            loop {
                tokio::select! {
                    _ = &mut response => return,
                    () = tokio::time::sleep(PACE) => {}
                }
                if stream.send_data(Bytes::from_static(b"x"), false).is_err() {
                    return;
                }
                state.moves();
            }
        });
    })
}

/// An answer that its client does not take: that it has ended is seen where it comes from.
fn unread_h1(world: &World, name: &'static str) -> Opened {
    let mut client = RawClient::connect(world.vestibule.https());
    let target = format!("/ingress/web/download?{}", query(name));
    client.send(&world.by_session(Ask::get(&target)).to_bytes());
    assert_eq!(client.head().status, 200, "{name}");
    unread(world, name, Right::Session, client)
}

fn unread_h2(world: &World, name: &'static str) -> Opened {
    let mut client = H2Client::connect(world.vestibule.https());
    let target = format!("/ingress/web/download?{}", query(name));
    let (answer, body) = client.stream(&world.by_session(Ask::get(&target)));
    assert_eq!(answer.status, 200, "{name}");
    unread(world, name, Right::Session, (client, body))
}

/// Keeps the connection open for as long as the test runs.
fn unread(world: &World, name: &'static str, right: Right, connection: impl Send + 'static) -> Opened {
    thread::spawn(move || {
        let _connection = connection;
        loop {
            thread::park();
        }
    });
    Opened { name, right, moves: false, state: Arc::default(), ends: Some(world.ends.clone()) }
}

/// The name as a query.
fn query(name: &str) -> String {
    name.replace(' ', "_")
}

fn websocket(world: &World, name: &'static str, right: Right, protocol: Protocol) -> Opened {
    let ask = handshake(protocol, "/ingress/web/ws");
    let ask = match right {
        Right::Token => world.by_token(ask),
        Right::OwnPage => world.by_session(ask).field("Origin", ORIGIN),
        _ => world.by_session(ask),
    };
    let (answer, tunnel) = Tunnel::open(&world.vestibule, protocol, &ask);
    let mut tunnel = tunnel.unwrap_or_else(|| panic!("{name}: {answer:#?}"));
    Opened::read(name, right, move || tunnel.some())
}

/// A gRPC stream with a message in each direction all the time.
fn grpc(world: &World) -> Opened {
    let mut client = H2Client::connect(world.vestibule.https());
    let ask = world.by_session(Ask::new("POST", "/ingress/grpc/pkg.Service/Method"));
    let ask = ask.field("content-type", "application/grpc+proto").field("te", "trailers");
    let (mut stream, response) = client.open(&ask, false).unwrap();
    stream.send_data(Bytes::from_static(b"\0\0\0\0\x01a"), false).unwrap();
    let response = RUNTIME.block_on(within(response)).unwrap();
    assert_eq!(response.status(), 200, "a gRPC stream");
    let mut body = response.into_body();
    Opened::new("gRPC stream", Right::Session, move |state| {
        let _connection = client;
        RUNTIME.block_on(async {
            while let Some(Ok(data)) = body.data().await {
                let _ = body.flow_control().release_capacity(data.len());
                state.moves();
                tokio::time::sleep(PACE).await;
                if stream.send_data(Bytes::from_static(b"\0\0\0\0\x01a"), false).is_err() {
                    return;
                }
            }
        });
    })
}

/// Another proxy asks again and again; what it passes on is not ours to cut, but the next question is refused.
fn question(world: &World) -> Opened {
    let (https, ask) = (world.vestibule.https(), world.question());
    Opened::new("forward-auth: the next question", Right::Question, move |state| {
        let mut client = RawClient::connect(https);
        while client.ask(&ask).status == 200 {
            state.moves();
            thread::sleep(PACE);
        }
    })
}

fn door_stream(world: &World) -> Opened {
    let mut client = PlainClient::connect(world.door);
    let target = format!("/ingress/{}/events", world.door_addon);
    client.send(&world.through_home_assistant(Ask::get(&target)).to_bytes());
    assert_eq!(client.head().status, 200, "a stream through Home Assistant's door");
    Opened::read("Home Assistant's door: stream", Right::EntryPoint, move || client.some())
}

fn door_websocket(world: &World) -> Opened {
    let mut client = PlainClient::connect(world.door);
    let ask = handshake(Protocol::H1, &format!("/ingress/{}/ws", world.door_addon));
    let ask = world.through_home_assistant(ask).field("Origin", "http://ha.local:8123");
    assert_eq!(client.ask(&ask).status, 101, "a WebSocket through Home Assistant's door");
    Opened::read("Home Assistant's door: WebSocket", Right::EntryPoint, move || client.some())
}

/// A call that is not answered: it is refused instead.
fn api_call(world: &World) -> Opened {
    let mut client = PlainClient::connect(world.api);
    client.send(&world.by_addon(Ask::get("/auth/list")).to_bytes());
    let opened = Opened::new("API: call", Right::Admin, move |_| {
        let _answer = client.head();
    });
    let asked = || world.web.requests().iter().any(|request| request.target() == "/auth/list").then_some(());
    eventually("the Supervisor to be asked", asked);
    Opened { moves: false, ..opened }
}

fn api_stream(world: &World, name: &'static str, right: Right, path: &str) -> Opened {
    let mut client = PlainClient::connect(world.api);
    client.send(&world.by_addon(Ask::get(path)).to_bytes());
    assert_eq!(client.head().status, 200, "{name}");
    Opened::read(name, right, move || client.some())
}

fn api_unread(world: &World) -> Opened {
    let name = "API: unread download";
    let mut client = PlainClient::connect(world.api);
    client.send(&world.by_addon(Ask::get(&format!("/backups/unread/download?{}", query(name)))).to_bytes());
    assert_eq!(client.head().status, 200, "{name}");
    unread(world, name, Right::Role, client)
}

fn api_upload(world: &World) -> Opened {
    let target = "/backups/new/upload";
    let ask = world.by_addon(Ask::new("POST", target)).field("Transfer-Encoding", "chunked");
    let api = world.api;
    let opened = Opened::new("API: upload", Right::Role, move |state| {
        RUNTIME.block_on(async {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut stream = TcpStream::connect(api).await.unwrap();
            stream.write_all(&ask.to_bytes()).await.unwrap();
            let mut byte = [0];
            loop {
                tokio::select! {
                    _ = stream.read(&mut byte) => return,
                    () = tokio::time::sleep(PACE) => {}
                }
                if stream.write_all(b"1\r\nx\r\n").await.is_err() {
                    return;
                }
                state.moves();
            }
        });
    });
    let begun = || world.web.requests().iter().any(|request| request.target() == target).then_some(());
    eventually("the upload to reach the Supervisor", begun);
    opened
}

fn api_websocket(world: &World) -> Opened {
    let (api, token) = (world.api, world.addon_token.clone());
    Opened::new("API: /core/websocket", Right::HomeAssistantApi, move |state| {
        RUNTIME.block_on(async {
            let stream = TcpStream::connect(api).await.unwrap();
            let (mut socket, _) = client_async("ws://supervisor/core/websocket", stream).await.unwrap();
            let auth = json!({"type": "auth", "access_token": token}).to_string();
            socket.send(Message::text(auth)).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() {
                    return;
                }
                state.moves();
            }
        });
    })
}

/// What it must come to a second after the event.
pub(crate) const BOUND: Duration = Duration::from_secs(1);
