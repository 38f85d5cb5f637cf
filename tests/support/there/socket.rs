//! The stand-in's WebSocket.

use std::io;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use super::State;
use crate::support::addon::{Keep, Recorded, Wire};

/// Serves one WebSocket to its end: the client's, or that of the token it was opened with.
pub(super) fn serve(state: &Mutex<State>, request: &Recorded, wire: &mut Wire) -> Keep {
    let accept = derive_accept_key(request.fields.one("sec-websocket-key").as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    if wire.write(head.as_bytes()).is_ok() {
        let stream = wire.stream.try_clone().expect("a descriptor");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a positive time-out is legal");
        // An end is an end, whoever made it.
        let _over = talk(state, WebSocket::from_raw_socket(stream, Role::Server, None));
    }
    Keep::Closed
}

fn talk(state: &Mutex<State>, mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    let say = |socket: &mut WebSocket<TcpStream>, value: Value| socket.send(Message::text(value.to_string()));
    say(&mut socket, json!({ "type": "auth_required", "ha_version": "2026.11.0" }))?;
    let mut token = None;
    loop {
        let good = || token.as_ref().is_none_or(|token| lock(state).tokens.contains_key(token));
        let Some(message) = read(&mut socket, good)? else { return socket.close(None) };
        let id = message["id"].clone();
        let result = |value: Value| json!({ "id": id, "type": "result", "success": true, "result": value });
        let Some(refresh) = &token else {
            let known = lock(state).user_of(message["access_token"].as_str().unwrap_or_default());
            let Some((refresh, _)) = known else {
                return say(
                    &mut socket,
                    json!({ "type": "auth_invalid", "message": "Invalid access token or password" }),
                );
            };
            token = Some(refresh);
            say(&mut socket, json!({ "type": "auth_ok", "ha_version": "2026.11.0" }))?;
            continue;
        };
        let answer = match message["type"].as_str().unwrap_or_default() {
            "auth/current_user" => result(current_user(&lock(state), refresh)),
            "ping" => json!({ "id": id, "type": "pong" }),
            _ => {
                json!({ "id": id, "type": "result", "success": false, "error": { "code": "unknown_command", "message": "Unknown command." } })
            }
        };
        say(&mut socket, answer)?;
    }
}

/// The next message; nothing when the token is no longer good.
fn read(socket: &mut WebSocket<TcpStream>, good: impl Fn() -> bool) -> Result<Option<Value>, Error> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).ok()),
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if !good() {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn current_user(state: &State, refresh: &str) -> Value {
    let user = state.impostor.clone().unwrap_or_else(|| state.tokens[refresh].user.clone());
    json!({
        "id": user, "name": "Somebody", "is_owner": false, "is_admin": false,
        "credentials": [{ "auth_provider_type": "homeassistant", "auth_provider_id": null }],
        "mfa_modules": [{ "id": "totp", "name": "Time-based One Time Password", "enabled": false }],
    })
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().expect("no test panics while it holds this")
}
