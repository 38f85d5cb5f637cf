//! A vestibule with a front, before a small Home Assistant.

use std::pin::Pin;

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::home::SmallHome;
use crate::support::h2::RUNTIME;
use crate::support::home::Home;
pub(crate) use crate::support::json_socket::{asked, end, next, say};
use crate::support::minted::token;
use crate::support::{Answer, Ask, ConfigFile, Protocol, Vestibule, certificate};

/// The front's host.
pub(crate) const HOST: &str = "front.p.test";

/// Both of them.
pub(crate) struct Bed {
    pub(crate) vestibule: Vestibule,
    pub(crate) home: SmallHome,
}

/// A WebSocket of a browser.
pub(crate) type Socket = WebSocketStream<TlsStream<TcpStream>>;

impl Bed {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(configure: impl FnOnce(&mut ConfigFile)) -> Self {
        let home = SmallHome::start();
        let front = |config: &mut ConfigFile| {
            config.set("home_assistant", "url", &format!("\"{}\"", home.url()));
            config.set("home_assistant.front", "host", &format!("\"{HOST}\""));
            configure(config);
        };
        // A user who was deactivated has no token in the example.
        let furnish = |home: &Home| home.add_refresh_token(&home.user_id("erin"), "erins");
        let vestibule = Vestibule::start_at_home(front, furnish);
        Self { vestibule, home }
    }

    pub(crate) fn token(&self, user: &str) -> String {
        token(self.vestibule.home(), user)
    }

    /// Asks at the front, over both protocols, which must agree.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        let ask = ask.clone().host(HOST);
        let (one, other) = (self.vestibule.ask(Protocol::H1, &ask), self.vestibule.ask(Protocol::H2, &ask));
        assert_eq!(one.status, other.status, "{ask:?}");
        one
    }

    /// The same as this user.
    pub(crate) fn ask_as(&self, user: &str, ask: Ask) -> Answer {
        self.ask(&ask.field("Authorization", format!("Bearer {}", self.token(user))))
    }

    /// How many requests with this start have come to Home Assistant.
    pub(crate) fn heads(&self, start: &str) -> usize {
        self.home.heads().iter().filter(|head| head.starts_with(start)).count()
    }

    /// A WebSocket before its authentication.
    pub(crate) async fn open(&self) -> Socket {
        let stream = TcpStream::connect(self.vestibule.https()).await.unwrap();
        let config = certificate::client(b"http/1.1");
        let name = ServerName::try_from(HOST).unwrap();
        let stream = TlsConnector::from(config).connect(name, stream).await.unwrap();
        let (mut socket, _) = client_async(format!("wss://{HOST}/api/websocket"), stream).await.unwrap();
        assert_eq!(next(&mut socket).await["type"], "auth_required");
        socket
    }

    /// One that has shown this token; and what was answered.
    pub(crate) async fn shown(&self, token: &str) -> (Socket, Value) {
        let mut socket = self.open().await;
        say(&mut socket, json!({"type": "auth", "access_token": token})).await;
        let answer = next(&mut socket).await;
        (socket, answer)
    }

    /// One of this user's.
    pub(crate) async fn socket(&self, user: &str) -> Socket {
        let (socket, answer) = self.shown(&self.token(user)).await;
        assert_eq!(answer["type"], "auth_ok", "{user}");
        socket
    }
}

/// Runs to its end what a test does at WebSockets.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let test: Pin<Box<dyn Future<Output = T>>> = Box::pin(test);
    RUNTIME.block_on(test)
}
