//! What the Home Assistant of these tests says of the one entity whose state is asked for.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

/// The entity.
pub(crate) const ENTITY: &str = "input_boolean.guest_mode";

/// Its state; nothing while Home Assistant cannot be asked.
#[derive(Clone)]
pub(crate) struct States(Arc<Mutex<Option<&'static str>>>);

/// What a client wants that has shown its token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    ForStates,
    ForSomethingElse,
}

impl Default for States {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some("on"))))
    }
}

impl States {
    pub(crate) fn set(&self, state: Option<&'static str>) {
        *self.0.lock().unwrap() = state;
    }

    fn now(&self) -> Option<&'static str> {
        *self.0.lock().unwrap()
    }
}

/// Serves a client that asks for states, until Home Assistant cannot be asked.
pub(crate) fn serve(stream: TcpStream, states: &States) -> Asked {
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    let Ok(Message::Text(asked)) = socket.read() else { return Asked::ForSomethingElse };
    let asked: Value = serde_json::from_str(&asked).unwrap();
    if asked["type"] != "subscribe_entities" {
        return Asked::ForSomethingElse;
    }
    assert_eq!(asked["entity_ids"], json!([ENTITY]));
    let _over = tell(&mut socket, &asked["id"], states);
    Asked::ForStates
}

fn tell(socket: &mut WebSocket<TcpStream>, id: &Value, states: &States) -> Result<(), Error> {
    socket.get_ref().set_read_timeout(Some(Duration::from_millis(20)))?;
    let say = |socket: &mut WebSocket<TcpStream>, value: Value| socket.send(Message::text(value.to_string()));
    say(socket, json!({ "id": id, "type": "result", "success": true, "result": null }))?;
    let Some(mut told) = states.now() else { return Ok(()) };
    let all = json!({ ENTITY: { "s": told, "a": { "editable": true }, "c": "01J", "lc": 1.0 } });
    say(socket, json!({ "id": id, "type": "event", "event": { "a": all } }))?;
    while let Some(now) = states.now() {
        if now != told {
            told = now;
            let change = json!({ ENTITY: { "+": { "s": now, "lc": 2.0 } } });
            say(socket, json!({ "id": id, "type": "event", "event": { "c": change } }))?;
        }
        match socket.read() {
            Ok(Message::Text(text)) => {
                let asked: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(asked["type"], "ping");
                say(socket, json!({ "id": asked["id"], "type": "pong" }))?;
            }
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
