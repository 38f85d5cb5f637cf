//! The stand-in's WebSocket.

use std::collections::BTreeMap;
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
    say(&mut socket, &json!({ "type": "auth_required", "ha_version": "2026.11.0" }))?;
    let Some(message) = read(&mut socket, &mut |_| Ok(true))? else { return Ok(()) };
    let Some(token) = token_of(state, message["access_token"].as_str().unwrap_or_default()) else {
        return say(&mut socket, &json!({ "type": "auth_invalid", "message": "Invalid access token or password" }));
    };
    say(&mut socket, &json!({ "type": "auth_ok", "ha_version": "2026.11.0" }))?;
    let mut subscribed: BTreeMap<String, Value> = BTreeMap::new();
    let mut told = lock(state).events.len();
    loop {
        let mut idle = |socket: &mut WebSocket<TcpStream>| {
            let events = lock(state).events.clone();
            for event in events.iter().skip(told) {
                if let Some(id) = subscribed.get(event) {
                    say(socket, &json!({ "id": id, "type": "event", "event": { "event_type": event, "data": {} } }))?;
                }
            }
            told = events.len();
            Ok(is_good(state, &token))
        };
        let Some(message) = read(&mut socket, &mut idle)? else { return socket.close(None) };
        let id = message["id"].clone();
        if let Some(event) = message["event_type"].as_str() {
            subscribed.insert(event.to_owned(), id.clone());
        }
        let answer = answer(&mut lock(state), &token, &message);
        let mut answer =
            answer.unwrap_or_else(|code| json!({ "success": false, "error": { "code": code, "message": code } }));
        answer["id"] = id;
        if answer["type"].is_null() {
            answer["type"] = json!("result");
        }
        say(&mut socket, &answer)?;
    }
}

/// Whose token it is.
enum Token {
    /// The administrator's long-lived one.
    LongLived(String),
    /// One made from this refresh token.
    Of(String),
}

fn token_of(state: &Mutex<State>, access: &str) -> Option<Token> {
    let state = lock(state);
    if access == state.long_lived {
        return Some(Token::LongLived(access.to_owned()));
    }
    state.user_of(access).map(|(refresh, _)| Token::Of(refresh))
}

fn is_good(state: &Mutex<State>, token: &Token) -> bool {
    let state = lock(state);
    match token {
        Token::LongLived(text) => *text == state.long_lived,
        Token::Of(refresh) => state.tokens.contains_key(refresh),
    }
}

fn answer(state: &mut State, token: &Token, message: &Value) -> Result<Value, &'static str> {
    let result = |value: Value| Ok(json!({ "success": true, "result": value }));
    match (message["type"].as_str().unwrap_or_default(), token) {
        ("config/auth_provider/homeassistant/admin_change_password", Token::LongLived(_)) => {
            if !state.is_owners {
                return Err("unauthorized");
            }
            let user = state.people.iter().find(|user| user["id"] == message["user_id"]).ok_or("user_not_found")?;
            let name = user["username"].as_str().ok_or("credentials_not_found")?.to_owned();
            let password = message["password"].as_str().expect("a password").to_owned();
            state.passwords.insert(name, password);
            result(Value::Null)
        }
        ("auth/current_user", Token::Of(refresh)) => result(current_user(state, refresh)),
        ("ping", _) => Ok(json!({ "type": "pong" })),
        ("config/auth/list", Token::Of(_)) => Err("unauthorized"),
        ("config/auth/list", Token::LongLived(_)) => result(json!(state.people)),
        ("subscribe_events", _) => result(Value::Null),
        ("config/device_registry/list_composite_splits", _) if state.pkce => result(json!({})),
        (list, _) if list.starts_with("config/") && list.ends_with("_registry/list") => result(json!([])),
        _ => Err("unknown_command"),
    }
}

fn say(socket: &mut WebSocket<TcpStream>, value: &Value) -> Result<(), Error> {
    socket.send(Message::text(value.to_string()))
}

/// The next message; nothing when `idle`, asked whenever there is none, says that it is over.
fn read(
    socket: &mut WebSocket<TcpStream>,
    idle: &mut dyn FnMut(&mut WebSocket<TcpStream>) -> Result<bool, Error>,
) -> Result<Option<Value>, Error> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).ok()),
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                if !idle(socket)? {
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
