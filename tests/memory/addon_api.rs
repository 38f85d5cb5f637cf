//! The readers of the add-on API.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;

use crate::great_home::GreatHome;
use crate::socket::{Socket, asked, authenticated, open};
use crate::supervised::{Supervised, addon};
use crate::support::PATIENCE;
use crate::table::{Bound, Row, alone, judge, row};

const GROUP: &str = "one_light";

fn start(home: &GreatHome) -> Supervised {
    let home = home.url();
    Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &format!("\"{home}\""));
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/home-assistant" }"#);
        config.set("permissions", "groups", r#""both""#);
        config.addon_table(&addon("free", "homeassistant_api = true"));
        config.addon_table(&format!("{}entities = \"{GROUP}\"\n", addon("held", "homeassistant_api = true")));
        config.addon_table(&format!(
            "{}\n[[group]]\nid = \"{GROUP}\"\nmembers = []\n[group.policy]\nentity_ids = {{ \"light.bed_light\" = true }}\n",
            addon("last", "auth_api = true")
        ));
    })
}

fn token(api: &Supervised, slug: &str) -> String {
    api.vestibule.command_ok(&["addons", "token", slug, "--rotate"]).trim().to_owned()
}

/// So many copies of `one`, as a list of about `bytes`.
fn list(one: &str, bytes: usize) -> String {
    format!("[{}]", vec![one; bytes / (one.len() + 1)].join(","))
}

/// What takes eighty times its length when it is read into a tree.
fn dense(bytes: usize) -> String {
    list(r#"{"":0}"#, bytes)
}

/// Messages that take many times their length when they are read into a tree, or answered one by one.
fn messages(bytes: usize) -> Vec<(&'static str, String)> {
    let call = r#"{"id": 9, "type": "call_service", "domain": "light", "service": "turn_on", "service_data": "#;
    vec![
        ("a list of {}", list("{}", bytes)),
        (r#"a list of {"":0}"#, dense(bytes)),
        ("a list of refused messages", list(r#"{"id":1,"type":"hassio/x"}"#, bytes)),
        ("a list of pings", list(r#"{"id":1,"type":"ping"}"#, bytes)),
        ("a type that is a tree", format!(r#"{{"id": 9, "type": {}}}"#, dense(bytes))),
        ("a call of a service with a tree", format!("{call}{}}}", dense(bytes))),
        ("a type said very often", format!(r#"{{"id": 9{}}}"#, r#","type":"""#.repeat(bytes / 10))),
    ]
}

/// What is heard before the pong are answers to what was sent; an end is an answer too.
async fn until_answered(socket: &mut Socket) {
    let _ = socket.send(Message::Ping(b"done"[..].into())).await;
    let answered = async {
        while let Some(Ok(message)) = socket.next().await {
            if matches!(&message, Message::Pong(bytes) if bytes.as_ref() == b"done") {
                return;
            }
        }
    };
    // A program that answers each of a hundred thousand values is measured as far as it has come.
    let _ = tokio::time::timeout(PATIENCE, answered).await;
}

/// A runtime of the row's own: `row` is called between two of its turns.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn of_websocket(slug: &str, name: &str, text: &str) -> Row {
    let home = GreatHome::silent();
    let api = start(&home);
    let token = token(&api, slug);
    let runtime = runtime();
    let mut socket = runtime.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        asked(&mut socket, json!({"id": 1, "type": "get_states"})).await;
        socket
    });
    row(&format!("/core/websocket, {slug}: {name}"), Bound::TenTimes, &api.vestibule, || {
        runtime.block_on(async {
            let _ = socket.send(Message::text(text)).await;
            until_answered(&mut socket).await;
        });
        text.len()
    })
}

/// Before a token has been shown.
fn of_stranger(name: &str, text: &str) -> Row {
    let api = start(&GreatHome::silent());
    let runtime = runtime();
    let mut socket = runtime.block_on(open(&api));
    row(&format!("/core/websocket, no token: {name}"), Bound::Limit(64 << 10), &api.vestibule, || {
        runtime.block_on(async {
            let _ = socket.send(Message::text(text)).await;
            while let Ok(Some(Ok(_))) = tokio::time::timeout(PATIENCE, socket.next()).await {}
        });
        text.len()
    })
}

/// A call with a body, as an add-on; the answer is read to its end.
fn of_call(reader: &str, bound: Bound, slug: &str, target: &str, media: &str, body: &[u8]) -> Row {
    let api = start(&GreatHome::silent());
    let token = token(&api, slug);
    let head = |length: usize| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Ha-Access: {token}\r\nX-Supervisor-Token: {token}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let call = |body: &[u8]| {
        let mut stream = TcpStream::connect(api.api()).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let _ = stream.write_all(&[head(body.len()).as_bytes(), body].concat());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.starts_with(b"HTTP/1.1 "), "{}", String::from_utf8_lossy(&answer));
        body.len()
    };
    call(b"{}");
    row(reader, bound, &api.vestibule, || call(body))
}

/// Each reader of what an add-on sends.
#[test]
fn what_an_addon_sends_grows_memory_by_its_length_and_not_by_its_values() {
    let _alone = alone();
    let mut rows = Vec::new();
    rows.push(of_stranger("a tree", &format!(r#"{{"type": "auth", "x": {}}}"#, dense(MESSAGE))));
    rows.push(of_stranger("one text", &format!(r#"{{"type": "auth", "x": "{}"}}"#, "x".repeat(MESSAGE))));
    for slug in ["free", "held"] {
        for (name, text) in messages(MESSAGE) {
            rows.push(of_websocket(slug, name, &text));
        }
    }
    let service = "/core/api/services/light/turn_on";
    for (name, body) in [
        ("a tree", dense(CALL)),
        ("ids", format!(r#"{{"entity_id": {}}}"#, list(r#""light.bed_light""#, CALL))),
        ("fields", format!("{{{}}}", vec![r#""":0"#; CALL / 5].join(","))),
    ] {
        let name = format!("{service}, held: {name}");
        rows.push(of_call(&name, Bound::TenTimes, "held", service, "application/json", body.as_bytes()));
    }
    let bodies = [("application/json", dense(SHORT)), ("application/x-www-form-urlencoded", "a=&".repeat(SHORT / 3))];
    for (media, body) in bodies {
        rows.push(of_call(&format!("/auth, {media}"), Bound::TenTimes, "last", "/auth", media, body.as_bytes()));
    }
    judge("add-on API: what an add-on sends", &rows);
}

/// States as Home Assistant has them, of which some hold trees.
fn states(bytes: usize) -> Vec<(&'static str, String)> {
    let light = r#"{"entity_id":"light.bed_light","state":"on","attributes":{},"context":{"id":"x","user_id":null}}"#;
    let tree = format!(r#"{{"entity_id":"light.bed_light","state":"on","attributes":{}}}"#, dense(bytes / 8));
    vec![
        ("small states", list(light, bytes)),
        ("states that hold trees", list(&tree, bytes)),
        ("no states", dense(bytes)),
        ("one text", format!("[\"{}\"]", "x".repeat(bytes))),
    ]
}

/// `GET /core/api/states` and `get_states` of an add-on that is held: Home Assistant's answer is read to be filtered.
#[test]
fn what_home_assistant_answers_grows_memory_by_its_length_and_not_by_its_values() {
    let _alone = alone();
    let mut rows = Vec::new();
    for (name, text) in states(ANSWER) {
        let home = GreatHome::start("[]".to_owned(), text.clone());
        let api = start(&home);
        let token = token(&api, "held");
        let call = || {
            let mut stream = TcpStream::connect(api.api()).unwrap();
            stream.set_read_timeout(Some(PATIENCE * 3)).unwrap();
            let head = format!(
                "GET /core/api/states HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(
                answer.starts_with(b"HTTP/1.1 200"),
                "{}",
                String::from_utf8_lossy(&answer[..answer.len().min(200)])
            );
            text.len()
        };
        call();
        rows.push(row(&format!("/core/api/states, held: {name}"), Bound::TenTimes, &api.vestibule, call));
        let runtime = runtime();
        let mut socket = runtime.block_on(async {
            let mut socket = authenticated(&api, &token).await;
            asked(&mut socket, json!({"id": 1, "type": "get_states"})).await;
            socket
        });
        rows.push(row(&format!("get_states, held: {name}"), Bound::TenTimes, &api.vestibule, || {
            runtime.block_on(async {
                let _ = socket.send(Message::text(r#"{"id": 2, "type": "get_states"}"#)).await;
                let answer = async {
                    loop {
                        match socket.next().await {
                            Some(Ok(Message::Text(text))) => return text.len(),
                            Some(Ok(Message::Ping(_))) => {}
                            other => panic!("{other:?} instead of an answer"),
                        }
                    }
                };
                let length = tokio::time::timeout(PATIENCE * 3, answer).await.expect("an answer in time");
                assert!(length > 0);
            });
            text.len()
        }));
    }
    judge("add-on API: what Home Assistant answers", &rows);
}

/// Heads that never end, and bodies that come in pieces of one byte.
#[test]
fn what_comes_in_pieces_holds_no_more_than_what_comes_at_once() {
    let _alone = alone();
    let mut rows = Vec::new();
    let api = start(&GreatHome::silent());
    let held = token(&api, "held");
    let mut open = Vec::new();
    rows.push(row("heads that never end, one hundred", Bound::TenTimes, &api.vestibule, || {
        let endless = format!("GET /core/api/ HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(15 << 10));
        for _ in 0..100 {
            let mut stream = TcpStream::connect(api.api()).unwrap();
            stream.write_all(endless.as_bytes()).unwrap();
            open.push(stream);
        }
        endless.len() * 100
    }));
    drop(open);
    let call = format!(
        "POST /core/api/services/light/turn_on HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {held}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let piece = "1\r\nx\r\n".repeat(1000);
    let mut stream = TcpStream::connect(api.api()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE * 3)).unwrap();
    rows.push(row("a body in chunks of one byte", Bound::TenTimes, &api.vestibule, || {
        stream.write_all(call.as_bytes()).unwrap();
        let mut sent = call.len();
        for _ in 0..200 {
            sent += stream.write(piece.as_bytes()).unwrap_or(0);
        }
        sent += stream.write(b"0\r\n\r\n").unwrap_or(0);
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *b"HTTP/1.1 400", "read to its end, and no JSON");
        sent
    }));
    judge("add-on API: what comes in pieces", &rows);
}

/// What a large home's states are.
const ANSWER: usize = 6 << 20;
/// Below the limit of a message, 4 MiB.
const MESSAGE: usize = 3 << 20;
/// Below the limit of a call that is read to be judged, 1 MiB.
const CALL: usize = 1000 << 10;
/// Below the limit of credentials, 64 KiB.
const SHORT: usize = 60 << 10;
