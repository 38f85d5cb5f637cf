//! Home Assistant's WebSocket: opened with an access token, asked one thing after another, listened to.
//!
//! Commands give typed results. What is not an answer to the command is either an event, which is noted, or ignored.
//! Home Assistant closes it when its token is revoked: that is news.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{ACCEPT, HOST};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::client::Api;
use super::error::{ApiError, Refusal};
use crate::config::SecretText;
use crate::dial::Wire;

/// An open WebSocket that Home Assistant has accepted the token of.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Wire>>,
    asked: u64,
    /// The events that came, by the id of their subscription, until somebody takes them.
    heard: BTreeSet<u64>,
}

impl Api {
    /// Opens a WebSocket. `largest` is the size of the largest message that may come.
    pub(super) async fn socket(
        &self,
        token: &SecretText,
        client: Option<IpAddr>,
        largest: usize,
    ) -> Result<Socket, ApiError> {
        let opened = tokio::time::timeout(ANSWER, self.open(token, client, largest)).await;
        let result = opened.unwrap_or(Err(ApiError::TimedOut(ANSWER)));
        self.note(result.as_ref().err());
        result
    }

    async fn open(&self, token: &SecretText, client: Option<IpAddr>, largest: usize) -> Result<Socket, ApiError> {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .max_message_size(Some(largest))
            // The library's own limit on one frame is 16 MiB, and a registry comes in one.
            .max_frame_size(Some(largest));
        let stream = self.dialer.dial().await?;
        let opened = client_async_with_config(self.handshake(client)?, stream, Some(config)).await;
        let (stream, _) = opened.map_err(|error| match error {
            tungstenite::Error::Http(answer) if answer.status() == StatusCode::BAD_REQUEST && self.forwards(client) => {
                ApiError::Untrusted
            }
            tungstenite::Error::Http(answer) => ApiError::Status(answer.status()),
            other => other.into(),
        })?;
        let mut socket = Socket { stream, asked: 0, heard: BTreeSet::new() };
        socket.authenticate(token).await?;
        Ok(socket)
    }

    fn handshake(&self, client: Option<IpAddr>) -> Result<Request<()>, ApiError> {
        let address = format!("ws://{}/api/websocket", self.settings().url.authority());
        let mut request = address.into_client_request()?;
        let mut headers = self.headers(client);
        // `into_client_request` has set a `Host`, and a handshake has no use for `Accept`.
        headers.remove(HOST);
        headers.remove(ACCEPT);
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

impl Socket {
    async fn authenticate(&mut self, token: &SecretText) -> Result<(), ApiError> {
        // What greets otherwise is not Home Assistant, and gets no token.
        if self.receive().await?.0.kind != "auth_required" {
            return Err(ApiError::Garbage("a greeting"));
        }
        self.send(&json!({ "type": "auth", "access_token": token.reveal() })).await?;
        match self.receive().await?.0.kind.as_str() {
            "auth_ok" => Ok(()),
            "auth_invalid" => Err(ApiError::Refused(Refusal::InvalidToken)),
            _ => Err(ApiError::Garbage("an answer to the token")),
        }
    }

    /// Asks a command that has no arguments, and waits for its result.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, command: &str) -> Result<T, ApiError> {
        let (_, text) = self.command(json!({ "type": command })).await?;
        let Body { result } = serde_json::from_str(&text).map_err(|_| ApiError::Garbage("a result"))?;
        Ok(result)
    }

    /// Asks a command whose result says no more than that it was done.
    pub(super) async fn tell(&mut self, command: Value) -> Result<(), ApiError> {
        self.command(command).await.map(drop)
    }

    /// Subscribes to events of one type. They are heard under the number that is given back.
    pub(super) async fn subscribe(&mut self, event_type: &str) -> Result<u64, ApiError> {
        self.command(json!({ "type": "subscribe_events", "event_type": event_type })).await.map(|(id, _)| id)
    }

    /// Sends a command, and does not wait for its result. Gives its number.
    pub(super) async fn begin(&mut self, mut command: Value) -> Result<u64, ApiError> {
        let id = self.number(&mut command);
        self.send(&command).await?;
        Ok(id)
    }

    /// Waits for the next message: the text of an event of this subscription, or nothing where it was another one. A
    /// command that was refused is an error. Cancelling it loses nothing.
    pub(super) async fn event(&mut self, subscription: u64) -> Result<Option<Utf8Bytes>, ApiError> {
        let (head, text) = self.receive().await?;
        match head.kind.as_str() {
            "event" if head.id == Some(subscription) => Ok(Some(text)),
            "result" if head.success != Some(true) => Err(ApiError::Refused(head.refusal())),
            _ => Ok(None),
        }
    }

    /// Whether the other side is still there.
    pub(super) async fn ping(&mut self) -> Result<(), ApiError> {
        self.tell(json!({ "type": "ping" })).await
    }

    /// Waits for the next event and gives the numbers of all subscriptions that had one. Cancelling it loses nothing.
    pub(super) async fn events(&mut self) -> Result<BTreeSet<u64>, ApiError> {
        while self.heard.is_empty() {
            let (head, _) = self.receive().await?;
            self.note(&head);
        }
        Ok(std::mem::take(&mut self.heard))
    }

    async fn command(&mut self, mut command: Value) -> Result<(u64, Utf8Bytes), ApiError> {
        let asked = tokio::time::timeout(ANSWER, async {
            let id = self.number(&mut command);
            self.send(&command).await?;
            loop {
                let (head, text) = self.receive().await?;
                match head.kind.as_str() {
                    "pong" if head.id == Some(id) => return Ok((id, text)),
                    "result" if head.id == Some(id) && head.success == Some(true) => return Ok((id, text)),
                    "result" if head.id == Some(id) => return Err(ApiError::Refused(head.refusal())),
                    // Events may come between a command and its result. Thrown away, a change would be missed.
                    _ => self.note(&head),
                }
            }
        });
        asked.await.unwrap_or(Err(ApiError::TimedOut(ANSWER)))
    }

    /// Gives a command its number.
    fn number(&mut self, command: &mut Value) -> u64 {
        // Home Assistant refuses a number that is not higher than the one before.
        self.asked = self.asked.saturating_add(1);
        if let Some(fields) = command.as_object_mut() {
            fields.insert("id".to_owned(), self.asked.into());
        }
        self.asked
    }

    fn note(&mut self, head: &Head) {
        // Bounded, as nothing makes Home Assistant send only ids that were asked for.
        if head.kind == "event" && self.heard.len() < SUBSCRIPTIONS {
            self.heard.extend(head.id);
        }
    }

    async fn send(&mut self, value: &Value) -> Result<(), ApiError> {
        Ok(self.stream.send(Message::text(value.to_string())).await?)
    }

    async fn receive(&mut self) -> Result<(Head, Utf8Bytes), ApiError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let head = serde_json::from_str(&text).map_err(|_| ApiError::Garbage("a message"))?;
                    return Ok((head, text));
                }
                Some(Ok(Message::Close(_))) | None => return Err(ApiError::Closed),
                // Pings are answered by the library, at the next reading or writing.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }
}

/// What every message says of itself. Of a result as large as a registry this skips what it does not name.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    id: Option<u64>,
    success: Option<bool>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Body<T> {
    result: T,
}

impl Head {
    fn refusal(&self) -> Refusal {
        match self.error.as_ref().and_then(|problem| problem.code.as_deref()) {
            Some("unauthorized") => Refusal::Unauthorized,
            Some("unknown_command") => Refusal::UnknownCommand,
            _ => Refusal::Other,
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// How long opening it may take, and each answer.
const ANSWER: Duration = Duration::from_secs(10);

/// A socket may stay open for hours: it does not need the library's 128 KiB.
const BUFFER: usize = 8 * 1024;

/// There are as many subscriptions as subjects; this is beyond them.
const SUBSCRIPTIONS: usize = 64;
