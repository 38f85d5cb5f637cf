//! `/core/api/...` as it passes on the wire (docs/design/supervisor.md section 6; cases 64 to 71).

use std::net::TcpStream;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use crate::supervised::{Supervised, addon};
use crate::support::source::Source;
use crate::support::{Ask, Keep, PATIENCE, RawAddon};

/// Before a Home Assistant of raw bytes, with an add-on that may call it.
fn start(home: &RawAddon) -> (Supervised, String) {
    let api = Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &format!("\"{}\"", home.url()));
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/home-assistant" }"#);
        config.addon_table(&addon("free", "homeassistant_api = true"));
    });
    let bearer = format!("Bearer {}", api.vestibule.command_ok(&["addons", "token", "free"]).trim());
    (api, bearer)
}

/// What was asked for an add-on; vestibule asks for itself as well.
fn calls(home: &RawAddon) -> Vec<crate::support::Recorded> {
    home.requests().into_iter().filter(|call| call.target().starts_with("/api/")).collect()
}

/// Cases 68 and 69: six headers go there, four come back, each as it is, and no other.
#[test]
fn six_headers_go_there_and_four_come_back() {
    let there = [
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "multipart/form-data; boundary=\"a b\"; charset=utf-8"),
        ("Last-Event-ID", "41"),
        ("Mcp-Session-Id", "m0"),
        ("MCP-Protocol-Version", "2025-06-18"),
        ("X-Speech-Content", "format=wav; codec=pcm"),
    ];
    let back = [("Content-Type", "application/json; x=y"), ("Cache-Control", "max-age=5"), ("Mcp-Session-Id", "m1")];
    let shown = back.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    let home = RawAddon::answering(format!(
        "HTTP/1.1 203 X\r\n{shown}Content-Length: 2\r\nSet-Cookie: a=b\r\nServer: x\r\nLocation: /y\r\n\r\n{{}}"
    ));
    let (api, bearer) = start(&home);
    let mut ask = Ask::post("/core/api/mcp", "--a b--").field("Authorization", &bearer);
    for (name, value) in there.into_iter().chain([
        ("Cookie", "a=b"),
        ("Origin", "https://evil.test"),
        ("Accept-Encoding", "gzip"),
        ("X-Ha-Access", "x"),
        ("X-Hass-Source", "core.ingress"),
        ("User-Agent", "x"),
    ]) {
        ask = ask.field(name, value);
    }
    let answer = api.ask(&ask);
    assert_eq!((answer.status, answer.text().as_str()), (203, "{}"));
    let seen = calls(&home).pop().unwrap();
    assert_eq!((seen.line.as_str(), seen.body.as_slice()), ("POST /api/mcp HTTP/1.1", b"--a b--".as_slice()));
    for (name, value) in there {
        assert_eq!(seen.fields.one(&name.to_ascii_lowercase()), value, "case 69: {name}");
    }
    assert_eq!(seen.fields.one("authorization"), "Bearer our-home-token");
    for hidden in ["cookie", "origin", "accept-encoding", "x-ha-access", "x-hass-source", "user-agent"] {
        assert!(!seen.fields.has(hidden), "{hidden} in {seen:#?}");
    }
    for (name, value) in back {
        assert_eq!(answer.fields.one(&name.to_ascii_lowercase()), value, "case 69: {name}");
    }
    for hidden in ["set-cookie", "server", "location"] {
        assert!(!answer.fields.has(hidden), "{hidden} in {answer:#?}");
    }
}

/// An event stream of which the test says when it goes on: `next` gets what comes after the first event.
fn stream() -> (RawAddon, mpsc::Sender<&'static str>) {
    let (next, rest) = mpsc::channel::<&'static str>();
    let rest = Arc::new(Mutex::new(rest));
    let home = RawAddon::scripted(move |request, wire| {
        if request.target() != "/api/stream" {
            return Keep::Closed;
        }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = wire.write(format!("{head}{}", chunk("data: one\n\n")).as_bytes());
        while let Ok(more) = rest.lock().unwrap().recv_timeout(PATIENCE) {
            let _ = wire.write(more.as_bytes());
            if more.is_empty() || more == END {
                break;
            }
        }
        Keep::Closed
    });
    (home, next)
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

const END: &str = "0\r\n\r\n";

/// An add-on that reads a stream as it comes.
fn listen(api: &Supervised, bearer: &str) -> Source<TcpStream> {
    let stream = TcpStream::connect(api.api()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut source = Source::new(stream);
    source.write(&Ask::get("/core/api/stream").field("Authorization", bearer).to_bytes()).unwrap();
    source
}

fn until(source: &mut Source<TcpStream>, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let some = source.some();
        assert!(!some.is_empty(), "ended before {text:?}: {seen:?}");
        seen.push_str(&String::from_utf8_lossy(&some));
    }
    seen
}

/// Case 70: each event is there when it was said, and the answer says so to proxies in between.
#[test]
fn events_are_passed_on_as_they_come() {
    let (home, next) = stream();
    let (api, bearer) = start(&home);
    let mut source = listen(&api, &bearer);
    let first = until(&mut source, "data: one\n\n").to_ascii_lowercase();
    assert!(first.starts_with("http/1.1 200") && first.contains("x-accel-buffering: no\r\n"), "{first}");
    assert!(first.contains("content-type: text/event-stream; charset=utf-8\r\n"), "{first}");
    next.send("b\r\ndata: two\n\n\r\n").unwrap();
    until(&mut source, "data: two\n\n");
    next.send(END).unwrap();
    until(&mut source, "0\r\n\r\n");
}

/// Case 71: a stream that breaks off there was a 200 with what had come, and breaks off here: it never ends as if it
/// were whole.
#[test]
fn a_stream_that_breaks_off_keeps_what_had_come() {
    let (home, next) = stream();
    let (api, bearer) = start(&home);
    let mut source = listen(&api, &bearer);
    let mut seen = until(&mut source, "data: one\n\n");
    // A chunk that is announced and never comes.
    next.send("ff\r\ndata: tw").unwrap();
    next.send("").unwrap();
    let _ended = source.drain();
    seen.push_str(&String::from_utf8_lossy(&source.some()));
    assert!(seen.starts_with("HTTP/1.1 200") && seen.contains("data: one\n\n"), "{seen}");
    assert!(!seen.contains(END), "no clean end: {seen}");
}

/// Section 6: a Home Assistant that is not there is 502.
#[test]
fn a_home_assistant_that_is_away_is_502() {
    let home = RawAddon::scripted(|_, _| Keep::Closed);
    let (api, bearer) = start(&home);
    let answer = api.ask(&Ask::get("/core/api/states").field("Authorization", &bearer));
    assert_eq!((answer.status, answer.text().as_str()), (502, "502: Bad Gateway"));
    api.vestibule.await_line(&["Home Assistant does not answer for an add-on"]);
}
