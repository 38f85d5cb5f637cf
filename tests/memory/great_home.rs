//! A Home Assistant that answers everything with one large text: what others have put into it, the API has to read.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::h2::RUNTIME;

/// The Home Assistant.
pub(crate) struct GreatHome {
    address: SocketAddr,
}

impl GreatHome {
    /// Starts one that has nothing to say.
    pub(crate) fn silent() -> Self {
        Self::start("[]".to_owned(), "[]".to_owned())
    }

    /// Starts one that answers with this JSON: a small text first, and then the large one.
    pub(crate) fn start(small: String, large: String) -> Self {
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let texts = Arc::new([small, large]);
        RUNTIME.spawn(async move {
            let mut calls = 0_usize;
            while let Ok((stream, _)) = listener.accept().await {
                let mut peeked = [0; 40];
                let _ = stream.peek(&mut peeked).await;
                if peeked.starts_with(b"GET /api/websocket") {
                    RUNTIME.spawn(talk(stream, Arc::clone(&texts)));
                } else if peeked.starts_with(b"GET /api/states") {
                    RUNTIME.spawn(answer(stream, Arc::clone(&texts), calls.min(1)));
                    calls += 1;
                }
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn talk(stream: TcpStream, texts: Arc<[String; 2]>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    let say = |value: Value| Message::text(value.to_string());
    let _ = socket.send(say(json!({"type": "auth_required", "ha_version": "2026.11.0"}))).await;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        // What is large is the program's to read, and not ours: it would take this home away from the next row.
        if text.len() > LARGE {
            continue;
        }
        let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
        let id = message["id"].as_u64().unwrap_or_default();
        let answer = match message["type"].as_str().unwrap_or_default() {
            "auth" => json!({"type": "auth_ok", "ha_version": "2026.11.0"}).to_string(),
            "ping" => json!({"id": id, "type": "pong"}).to_string(),
            _ => {
                let text = &texts[usize::from(id > 1)];
                format!(r#"{{"id":{id},"type":"result","success":true,"result":{text}}}"#)
            }
        };
        let _ = socket.send(Message::text(answer)).await;
    }
}

const LARGE: usize = 64 << 10;

async fn answer(mut stream: TcpStream, texts: Arc<[String; 2]>, which: usize) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let body = &texts[which];
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}
