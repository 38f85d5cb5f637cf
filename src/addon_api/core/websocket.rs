//! `/core/websocket`: Home Assistant's WebSocket for an add-on, which shows its own token and never sees ours.
//!
//! docs/design/supervisor.md section 6. The add-on is asked for its token inside the WebSocket, as Home Assistant asks;
//! only then is Home Assistant dialled, with our token.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderValue;
use http::header::HOST;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::metered::Metered;
use crate::addon_api::body::Room;
use crate::addon_api::peer::Peer;
use crate::dial::{DialError, Wire};
use crate::entity_filter::bounded_json::{Scalar, fields};

/// The add-on's side of a WebSocket that it has just opened.
pub(super) async fn addon_side<S>(stream: S) -> WebSocketStream<Metered<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let metered = Metered::new(stream, FROM_STRANGER);
    WebSocketStream::from_raw_socket(metered, Role::Server, Some(limited_to(FROM_ADDON))).await
}

/// Asks the add-on for its token. Nothing when it brings none in time and in few bytes, or something else.
pub(super) async fn token_of<S>(addon: &mut WebSocketStream<Metered<S>>, version: &str) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = async {
        say(addon, &json!({"type": "auth_required", "ha_version": version})).await?;
        loop {
            let text = match addon.next().await?.ok()? {
                Message::Text(text) => text,
                Message::Ping(_) | Message::Pong(_) => continue,
                Message::Binary(_) | Message::Close(_) | Message::Frame(_) => return None,
            };
            // `api_password` is what old add-ons send; the Supervisor takes both, and so do we.
            let shown = fields(&text, ["access_token", "api_password"])?;
            let mut shown = shown.into_iter().flatten().filter_map(|field| serde_json::from_str::<Scalar>(field).ok());
            return shown.find_map(|field| field.text().map(str::to_owned));
        }
    };
    // One deadline over all of it: single pings must not prolong the wait for a token.
    tokio::time::timeout(AUTHENTICATION, asked).await.ok().flatten()
}

/// Tells the add-on that its token is good.
pub(super) async fn welcome<S>(addon: &mut WebSocketStream<S>, version: &str) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    say(addon, &json!({"type": "auth_ok", "ha_version": version})).await
}

/// Tells the add-on that its token is not good, and ends.
pub(super) async fn turn_away<S>(mut addon: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        say(&mut addon, &json!({"type": "auth_invalid", "message": "Invalid access"})).await?;
        addon.close(None).await.ok()
    };
    // An add-on that does not take it in time is not told.
    let _unheard = tokio::time::timeout(AUTHENTICATION, goodbye).await;
}

/// Tells the add-on to come again later (RFC 6455 section 7.4, 1013): its token is good, and it has enough open.
pub(super) async fn put_off<S>(mut addon: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let later = CloseFrame { code: CloseCode::Again, reason: Utf8Bytes::from_static("") };
    let _unheard = tokio::time::timeout(AUTHENTICATION, addon.close(Some(later))).await;
}

async fn say<S>(addon: &mut WebSocketStream<S>, message: &Value) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    addon.send(Message::text(message.to_string())).await.ok()
}

pub(super) type HomeSide = WebSocketStream<Metered<Box<dyn Wire>>>;

/// Why Home Assistant has no WebSocket for us.
#[derive(Debug, thiserror::Error)]
pub(super) enum HomeError {
    /// It cannot be reached.
    #[error("Home Assistant cannot be reached")]
    Dial(#[from] DialError),
    /// It speaks otherwise than a WebSocket does.
    #[error("Home Assistant opens no WebSocket")]
    WebSocket(#[from] Box<tungstenite::Error>),
    /// It takes too long.
    #[error("Home Assistant took too long")]
    TimedOut,
    /// Our token is not good.
    #[error("Home Assistant refuses the token of `[supervisor] home_assistant_token`")]
    Token,
}

/// Home Assistant's side, authenticated with our token, and the version that it says it has.
pub(super) async fn home_side(home: &Peer, room: Room) -> Result<(HomeSide, String), HomeError> {
    tokio::time::timeout(AUTHENTICATION, open(home, room)).await.unwrap_or(Err(HomeError::TimedOut))
}

async fn open(home: &Peer, room: Room) -> Result<(HomeSide, String), HomeError> {
    let failed = |error: tungstenite::Error| HomeError::WebSocket(Box::new(error));
    let host = home.host().to_str().unwrap_or("localhost");
    let mut request = format!("ws://{host}/api/websocket").into_client_request().map_err(failed)?;
    request.headers_mut().insert(HOST, HeaderValue::clone(home.host()));
    let stream = Metered::within(home.dial().await?, room);
    let (mut socket, _) =
        client_async_with_config(request, stream, Some(limited_to(FROM_HOME))).await.map_err(failed)?;
    let mut version = String::new();
    loop {
        let message = match socket.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Err(error)) => return Err(failed(error)),
            Some(Ok(_)) | None => return Err(failed(tungstenite::Error::ConnectionClosed)),
        };
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "auth_required" => {
                text("ha_version").clone_into(&mut version);
                let auth = json!({"type": "auth", "access_token": home.token().reveal()});
                socket.send(Message::text(auth.to_string())).await.map_err(failed)?;
            }
            "auth_ok" => return Ok((socket, version)),
            _ => return Err(HomeError::Token),
        }
    }
}

fn limited_to(largest: usize) -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(BUFFER).max_message_size(Some(largest)).max_frame_size(Some(largest))
}

/// All that is read before a token was shown, in bytes: a token, and pings.
const FROM_STRANGER: usize = 4 * 1024;

/// Bytes of one message from an add-on (case 60).
const FROM_ADDON: usize = 4 * 1024 * 1024;

/// Bytes of one message from Home Assistant.
const FROM_HOME: usize = 64 * 1024 * 1024;

/// How long an add-on may take to show a token, and Home Assistant to take ours.
const AUTHENTICATION: Duration = Duration::from_secs(10);

/// A socket may stay open for days: it does not need the library's 128 KiB.
const BUFFER: usize = 16 * 1024;
