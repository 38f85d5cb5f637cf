//! What is said over a WebSocket of Home Assistant's: one JSON text for each message.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::patience::PATIENCE;

/// The next message.
pub(crate) async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Value {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("a message in time") {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("{other:?} instead of a message"),
        }
    }
}

/// Says something.
pub(crate) async fn say<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, value: Value) {
    socket.send(Message::text(value.to_string())).await.expect("the other side takes it");
}

/// The next answer to a message.
pub(crate) async fn asked<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, message: Value) -> Value {
    say(socket, message).await;
    next(socket).await
}

/// The code of the close frame that comes; 0 for none.
pub(crate) async fn end<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> u16 {
    let end = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map_or(0, |frame| frame.code.into()),
                None | Some(Err(_)) => break 0,
                Some(Ok(_)) => {}
            }
        }
    };
    timeout(PATIENCE, end).await.expect("an end in time")
}
