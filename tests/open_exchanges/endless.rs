//! Programs that never come to an end by themselves: an add-on, a Supervisor and a Home Assistant in one. Each path is
//! a kind of answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::states::{self, Asked, States};
use crate::support::tunnel::{accept, switching};
use crate::support::{Keep, RawAddon, Recorded, Stopwatch, Wire};

/// When answers that nobody reads were given up, by the name in their query.
#[derive(Clone, Default)]
pub(crate) struct Ends(Arc<Mutex<HashMap<String, Stopwatch>>>);

impl Ends {
    /// When this one was given up.
    pub(crate) fn of(&self, name: &str) -> Option<Stopwatch> {
        self.0.lock().unwrap().get(name).copied()
    }

    fn note(&self, name: &str) {
        self.0.lock().unwrap().insert(name.to_owned(), Stopwatch::start());
    }
}

/// Starts it.
pub(crate) fn start(ends: &Ends, states: &States) -> RawAddon {
    let (ends, states) = (ends.clone(), states.clone());
    RawAddon::scripted(move |request, wire| answer(request, wire, &ends, &states))
}

fn answer(request: &Recorded, wire: &mut Wire, ends: &Ends, states: &States) -> Keep {
    let (path, query) = request.target().split_once('?').unwrap_or((request.target(), ""));
    if let Some(accept) = accept(request) {
        if wire.write(&switching(&accept, "")).is_ok() {
            websocket(path, wire, states);
        }
        return Keep::Closed;
    }
    let head = |media: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n");
    match path {
        // Home Assistant's and the Supervisor's streams have their own names.
        "/page" | "/host/logs/follow" => pieces(wire, &head("text/plain"), "a\r\n0123456789\r\n"),
        "/events" | "/api/stream" => pieces(wire, &head("text/event-stream"), "b\r\ndata: ping\n\r\n"),
        "/download" | "/backups/unread/download" => {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";
            let piece = vec![b'x'; 64 * 1024];
            if wire.write(head.as_bytes()).is_ok() {
                while wire.write(&piece).is_ok() {}
            }
            ends.note(query);
        }
        // A call that is never answered.
        "/auth/list" => while !wire.some().is_empty() {},
        _ => {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
            return Keep::Open;
        }
    }
    Keep::Closed
}

fn pieces(wire: &mut Wire, head: &str, piece: &str) {
    let mut said = wire.write(head.as_bytes());
    while said.is_ok() {
        thread::sleep(PACE);
        said = wire.write(piece.as_bytes());
    }
}

/// A WebSocket that says something all the time; Home Assistant's begins with its authentication, and says states to
/// whoever asks for them.
fn websocket(path: &str, wire: &mut Wire, states: &States) {
    if path == "/api/websocket" {
        let _ = wire.write(&text(r#"{"type":"auth_required","ha_version":"2026.11.0"}"#));
        let _ = wire.some();
        let _ = wire.write(&text(r#"{"type":"auth_ok","ha_version":"2026.11.0"}"#));
        let stream = wire.stream.try_clone().unwrap();
        if states::serve(stream, states) == Asked::ForStates {
            return;
        }
    }
    while wire.write(&text(r#"{"type":"event"}"#)).is_ok() {
        thread::sleep(PACE);
    }
}

/// A short text frame of a server (RFC 6455 section 5.2).
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("a short text");
    [&[0x81, length], text.as_bytes()].concat()
}

/// Between two pieces of what never ends.
pub(crate) const PACE: Duration = Duration::from_millis(20);
