//! An add-on's side of `/core/websocket`.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::supervised::Supervised;
use crate::support::PATIENCE;

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

/// The next message.
pub(crate) async fn next(socket: &mut Socket) -> Value {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message in time") {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("{other:?} instead of a message"),
        }
    }
}

/// Says something.
pub(crate) async fn say(socket: &mut Socket, value: Value) {
    socket.send(Message::text(value.to_string())).await.unwrap();
}

/// One that has shown this token.
pub(crate) async fn authenticated(api: &Supervised, token: &str) -> Socket {
    let mut socket = open(api).await;
    say(&mut socket, json!({"type": "auth", "access_token": token})).await;
    assert_eq!(next(&mut socket).await["type"], "auth_ok");
    socket
}

/// The next answer to a message.
pub(crate) async fn asked(socket: &mut Socket, message: Value) -> Value {
    say(socket, message).await;
    next(socket).await
}

/// The code of the close frame that comes; 0 for none.
pub(crate) async fn end(socket: &mut Socket) -> u16 {
    let end = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map_or(0, |frame| frame.code.into()),
                None | Some(Err(_)) => break 0,
                Some(Ok(_)) => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("an end in time")
}
