//! What one peer, or one add-on, cannot take from the others (S-150 to S-154).

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::home::SmallHome;
use crate::home_assistant::{start, token};
use crate::socket::{asked, authenticated, open, say};
use crate::supervised::Supervised;
use crate::support::h2::RUNTIME;
use crate::support::plain::PlainClient;
use crate::support::{Ask, PATIENCE, eventually};

/// Another program of the same home.
const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Between two bytes of a body that trickles in.
const DRIP: Duration = Duration::from_millis(50);

/// S-150.
#[test]
fn a_thousand_silent_connections_shut_nobody_else_out() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "header_timeout", r#""5m""#);
    });
    api.vestibule.command_ok(&["reload"]);
    let bearer = format!("Bearer {}", token(&api, "free"));
    let silent: Vec<_> = (0..1100).map_while(|_| TcpStream::connect(api.api()).ok()).collect();
    assert!(silent.len() > 1010, "{} connections", silent.len());
    let answer =
        PlainClient::connect_from(ANOTHER, api.api()).ask(&Ask::get("/core/api/").field("Authorization", &bearer));
    assert_eq!(answer.status, 200);
    assert_refusals(&api, "addon_api_connections_per_address", 900);
}

/// S-150: nobody keeps a place who asks nothing, whether anything of a head has come or not.
#[test]
fn a_connection_without_a_whole_head_is_closed() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "header_timeout", r#""1s""#);
    });
    api.vestibule.command_ok(&["reload"]);
    for begun in ["", "GET /info HTT", "GET /info HTTP/1.1\r\nHost: x\r\n"] {
        let mut stream = TcpStream::connect(api.api()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).expect("it is closed in time");
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"), "{begun:?}: {}", String::from_utf8_lossy(&rest));
    }
}

/// S-151.
#[test]
fn a_call_whose_body_never_comes_ends_with_408() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "body_stall_timeout", r#""1s""#);
    });
    api.vestibule.command_ok(&["reload"]);
    let (free, held) = (token(&api, "free"), token(&api, "held"));
    for (target, token) in [
        ("/core/api/services/light/turn_on", free.as_str()),
        ("/core/api/services/light/turn_on", &held),
        ("/auth", api.token("plain")),
    ] {
        let mut client = PlainClient::connect(api.api());
        client.send(
            format!(
                "POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-Supervisor-Token: {token}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
            )
            .as_bytes(),
        );
        assert_eq!(client.head().status, 408, "{target}");
    }
}

/// The answer to a call that is refused before its body is read reaches whoever still sends.
#[test]
fn a_refused_upload_is_told_so() {
    let home = SmallHome::start();
    let api = start(&home);
    let body = vec![b'x'; 8 << 20];
    let ask = Ask { body: Some(body), ..Ask::new("POST", "/core/api/services/light/turn_on") };
    let mut client = PlainClient::connect(api.api());
    client.send(&ask.to_bytes());
    assert_eq!(client.head().status, 401);
}

/// S-151: nor does a body that comes byte by byte.
#[test]
fn a_body_that_is_read_whole_has_a_deadline() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "addon_api_body_timeout", r#""1s""#);
    });
    api.vestibule.command_ok(&["reload"]);
    let token = token(&api, "held");
    let mut stream = TcpStream::connect(api.api()).unwrap();
    stream.set_read_timeout(Some(DRIP)).unwrap();
    let head = format!(
        "POST /core/api/services/light/turn_on HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 100000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    eventually("an answer", || {
        let _ = stream.write_all(b"x");
        stream.read_exact(&mut answer).ok()
    });
    assert_eq!(answer, *b"HTTP/1.1 408");
}

/// S-152: WebSockets that have shown no token are few for each address, and those that have are none of them.
#[test]
fn websockets_without_a_token_take_no_place_of_those_with_one() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "addon_api_pending_websockets", "2");
    });
    api.vestibule.command_ok(&["reload"]);
    let token = token(&api, "free");
    let with_token: Vec<_> = (0..3).map(|_| RUNTIME.block_on(authenticated(&api, &token))).collect();
    let without: Vec<_> = (0..2).map(|_| RUNTIME.block_on(open(&api))).collect();
    let ask = Ask::get("/core/websocket")
        .field("Connection", "Upgrade")
        .field("Upgrade", "websocket")
        .field("Sec-WebSocket-Version", "13")
        .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(api.ask(&ask).status, 429);
    assert_eq!(PlainClient::connect_from(ANOTHER, api.api()).ask(&ask).status, 101, "others have their own");
    assert_refusals(&api, "addon_api_pending_websockets", 1);
    drop(without);
    eventually("places again", || (api.ask(&ask).status == 101).then_some(()));
    drop(with_token);
}

/// S-153: a token is short.
#[test]
fn a_websocket_without_a_token_may_send_few_bytes() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = open(&api).await;
        let long = json!({"type": "auth", "access_token": token, "x": "x".repeat(40_000)});
        say(&mut socket, long).await;
        let answer = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        let refused = !matches!(&answer, Some(Ok(Message::Text(text))) if text.contains("auth_ok"));
        assert!(refused, "{answer:?}");
        let mut socket = authenticated(&api, &token).await;
        let long = json!({"id": 1, "type": "ping", "x": "x".repeat(40_000)});
        assert_eq!(asked(&mut socket, long).await["type"], "pong", "and then it may send more");
    });
}

/// S-152.
#[test]
fn an_addon_has_so_many_calls_at_once_and_others_have_theirs() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("limits", "addon_api_calls", "2");
    });
    api.vestibule.command_ok(&["reload"]);
    let (free, held) = (token(&api, "free"), token(&api, "held"));
    let as_addon = |token: &str| Ask::get("/core/api/").field("Authorization", format!("Bearer {token}"));
    let mut open: Vec<_> = (0..2)
        .map(|_| {
            let mut client = PlainClient::connect(api.api());
            client.send(
                format!("POST /core/api/events/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {free}\r\nContent-Length: 20\r\n\r\n{{")
                    .as_bytes(),
            );
            client
        })
        .collect();
    let posts = || home.heads().iter().filter(|head| head.starts_with("POST")).count();
    eventually("both calls", || (posts() == 2).then_some(()));
    assert_eq!(api.ask(&as_addon(&free)).status, 429);
    assert_refusals(&api, "addon_api_calls", 1);
    assert_eq!(api.ask(&as_addon(&held)).status, 200, "another has its own");
    drop(open.pop());
    eventually("a place again", || (api.ask(&as_addon(&free)).status == 200).then_some(()));
    drop(open);
}

/// The limit is named where it refused.
pub(crate) fn assert_refusals(api: &Supervised, limit: &str, least: u64) {
    let start = format!("vestibule_limit_refusals_total{{limit=\"{limit}\"}} ");
    eventually(&start, || {
        let text = api.vestibule.ask_operations(&Ask::get("/metrics")).text();
        let count = text.lines().find_map(|line| line.strip_prefix(&start))?;
        (count.parse::<u64>().unwrap() >= least).then_some(())
    });
}
