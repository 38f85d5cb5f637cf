//! An add-on's side of `/core/websocket`.

use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::supervised::Supervised;
pub(crate) use crate::support::json_socket::{asked, next, say};

/// An add-on's side.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A WebSocket, before its authentication.
pub(crate) async fn open(api: &Supervised) -> Socket {
    open_at(api, "/core/websocket").await
}

/// The same, at another address.
pub(crate) async fn open_at(api: &Supervised, path: &str) -> Socket {
    let stream = TcpStream::connect(api.api()).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://supervisor{path}"), stream).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "auth_required");
    socket
}

/// One that has shown this token.
pub(crate) async fn authenticated(api: &Supervised, token: &str) -> Socket {
    let mut socket = open(api).await;
    say(&mut socket, json!({"type": "auth", "access_token": token})).await;
    assert_eq!(next(&mut socket).await["type"], "auth_ok");
    socket
}
