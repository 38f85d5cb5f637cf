//! A small Home Assistant: five entities, its WebSocket and the part of its REST API that tests need. It records what
//! it is told and by whom.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::support::h2::RUNTIME;

/// Its entities.
pub(crate) const ENTITIES: [&str; 5] = [
    "light.bed_light",
    "light.ceiling_lights",
    "light.kitchen_lights",
    "lock.front_door",
    "alarm_control_panel.security",
];

/// The Home Assistant.
#[derive(Clone)]
pub(crate) struct SmallHome {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Value>>>,
    heads: Arc<Mutex<Vec<String>>>,
    closed: Arc<Mutex<Vec<u16>>>,
}

impl SmallHome {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let this = Self { address, heard: Arc::default(), heads: Arc::default(), closed: Arc::default() };
        let served = this.clone();
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                RUNTIME.spawn(served.clone().serve(stream));
            }
        });
        this
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The messages that came over WebSockets, `auth` included.
    pub(crate) fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// The codes with which WebSockets were closed.
    pub(crate) fn closed(&self) -> Vec<u16> {
        self.closed.lock().unwrap().clone()
    }

    /// The heads of REST calls.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut peeked = [0; 40];
        let _ = stream.peek(&mut peeked).await;
        if peeked.starts_with(b"GET /api/websocket") {
            self.talk(stream).await;
        } else {
            self.answer(&mut stream).await;
        }
    }

    async fn talk(self, stream: TcpStream) {
        let Ok(mut socket) = accept_async(stream).await else { return };
        let say = |value: Value| Message::text(value.to_string());
        let _ = socket.send(say(json!({"type": "auth_required", "ha_version": "2026.11.0"}))).await;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Binary(bytes) = &message {
                self.heard.lock().unwrap().push(json!(bytes.to_vec()));
                let _ = socket.send(Message::binary([b"heard ", &bytes[..]].concat())).await;
            }
            if let Message::Close(Some(frame)) = &message {
                self.closed.lock().unwrap().push(frame.code.into());
            }
            let Message::Text(text) = message else { continue };
            let Ok(Value::Object(message)) = serde_json::from_str(&text) else {
                self.heard.lock().unwrap().push(Value::String(text.to_string()));
                continue;
            };
            self.heard.lock().unwrap().push(Value::Object(message.clone()));
            let id = message.get("id").cloned().unwrap_or_default();
            let done = |result: Value| say(json!({"id": id, "type": "result", "success": true, "result": result}));
            let _ = match message["type"].as_str().unwrap_or_default() {
                "auth" => socket.send(say(json!({"type": "auth_ok", "ha_version": "2026.11.0"}))).await,
                "ping" => socket.send(say(json!({"id": id, "type": "pong"}))).await,
                "get_states" => socket.send(done(states())).await,
                "subscribe_events" => {
                    let _ = socket.send(done(Value::Null)).await;
                    for entity in ENTITIES {
                        let event = json!({"event_type": "state_changed", "data": {"entity_id": entity,
                            "old_state": state(entity), "new_state": state(entity)}});
                        let _ = socket.send(say(json!({"id": id, "type": "event", "event": event}))).await;
                    }
                    Ok(())
                }
                "subscribe_entities" => {
                    let _ = socket.send(done(Value::Null)).await;
                    let added: Value = ENTITIES
                        .iter()
                        .map(|id| ((*id).to_owned(), json!({"s": "on", "a": {}, "c": "x", "lc": 1})))
                        .collect();
                    socket.send(say(json!({"id": id, "type": "event", "event": {"a": added}}))).await
                }
                "close" => {
                    let code = u16::try_from(message["code"].as_u64().unwrap()).unwrap();
                    socket.close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() })).await
                }
                kind if kind == "supervisor/api" || kind.starts_with("supervisor/ingress/") => {
                    socket.send(done(supervisor(kind, &message))).await
                }
                "get_panels" => {
                    let panel = |slug: &str| json!({"component_name": "app", "config": {"addon": slug}});
                    let panels = json!({"energy": {"config": null}, "nodered": panel("a0d7b954_nodered"), "ssh": panel("core_ssh")});
                    socket.send(done(panels)).await
                }
                "big" => socket.send(done(json!("x".repeat(5 * 1024 * 1024)))).await,
                "call_service" => {
                    let context = json!({"id": "c"});
                    let response: Value = ENTITIES.iter().map(|id| ((*id).to_owned(), json!({"of": id}))).collect();
                    socket.send(done(json!({"context": context, "response": response}))).await
                }
                _ => socket.send(done(json!(ENTITIES))).await,
            };
        }
    }

    async fn answer(self, stream: &mut TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        self.heads.lock().unwrap().push(head.clone());
        let length = head.to_ascii_lowercase().split_once("content-length: ").map(|(_, rest)| rest.to_owned());
        let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok()).unwrap_or(0);
        let mut sent = vec![0; length];
        if stream.read_exact(&mut sent).await.is_err() {
            return;
        }
        let (media, body) = if head.starts_with("GET /api/stream") {
            ("text/event-stream", "data: ping\n\n".to_owned())
        } else if head.starts_with("GET /api/history") {
            ("application/json", json!([states()]).to_string())
        } else if head.starts_with("GET /api/states HTTP") || head.starts_with("POST /api/services") {
            ("application/json", states().to_string())
        } else if String::from_utf8_lossy(&sent).contains(r#":"right""#) {
            // The step of a sign-in that brings what is right.
            ("application/json", json!({"type": "create_entry", "result": "code"}).to_string())
        } else {
            ("application/json", json!({"message": "lock.front_door is jammed"}).to_string())
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {}\r\nMcp-Session-Id: m1\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// What the Supervisor says of an add-on, with a token that is made of its slug; or a new session.
fn supervisor(kind: &str, message: &Map<String, Value>) -> Value {
    static SESSIONS: AtomicU64 = AtomicU64::new(0);
    let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
    let endpoint = text("endpoint");
    let of_endpoint = endpoint.strip_prefix("/addons/").and_then(|rest| rest.strip_suffix("/info"));
    match (kind, of_endpoint) {
        ("supervisor/ingress/info", _) | (_, Some(_)) => {
            let slug = of_endpoint.unwrap_or(text("slug"));
            json!({"slug": slug, "name": slug, "state": "started", "ip_address": "172.30.33.4",
                "ingress_url": format!("/api/hassio_ingress/token-{slug}/")})
        }
        ("supervisor/ingress/session", _) => {
            json!({"session": format!("{:0128x}", SESSIONS.fetch_add(1, Relaxed) + 0xab)})
        }
        _ if endpoint == "/ingress/session" => {
            json!({"session": format!("{:0128x}", SESSIONS.fetch_add(1, Relaxed) + 0xab)})
        }
        _ => Value::Null,
    }
}

fn states() -> Value {
    ENTITIES.iter().map(|entity| state(entity)).collect()
}

fn state(entity: &str) -> Value {
    let picture = "/api/camera_proxy/camera.front_door?token=1";
    json!({"entity_id": entity, "state": "on", "attributes": {"friends": ENTITIES, "picture": picture}, "new": ENTITIES})
}
