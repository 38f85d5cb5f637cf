//! `/core/websocket` on the wire: its opening, what is no text, and its end (docs/design/supervisor.md section 6; cases
//! 55, 62 and 63).

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::home::SmallHome;
use crate::home_assistant::{start, token};
use crate::socket::{Socket, asked, authenticated, open, say};
use crate::support::h2::RUNTIME;
use crate::support::json_socket::end;
use crate::support::{Ask, PATIENCE, eventually, h1};

async fn binary(socket: &mut Socket) -> Vec<u8> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("a message in time") {
            Some(Ok(Message::Binary(bytes))) => return bytes.to_vec(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("{other:?} instead of bytes"),
        }
    }
}

/// Case 55.
#[test]
fn bytes_pass_both_ways_as_they_are() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        for bytes in [vec![0, 1, 0xff, 0xfe], br#"{"type": "supervisor/api"}"#.to_vec(), vec![7; 100_000]] {
            socket.send(Message::binary(bytes.clone())).await.unwrap();
            assert_eq!(binary(&mut socket).await, [b"heard ", bytes.as_slice()].concat());
        }
        assert_eq!(asked(&mut socket, json!({"id": 1, "type": "ping"})).await["type"], "pong");
    });
}

/// What is in bytes nobody can hold to entities.
#[test]
fn bytes_of_an_addon_that_is_held_end_its_websocket() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "held");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        assert_eq!(end(&mut socket).await, u16::from(CloseCode::Policy));
    });
    assert!(home.heard().iter().all(|heard| heard["type"] == "auth"), "Home Assistant did not hear of it");
}

/// Case 62.
#[test]
fn whoever_goes_before_showing_a_token_is_logged_and_no_more() {
    let home = SmallHome::start();
    let api = start(&home);
    RUNTIME.block_on(async { drop(open(&api).await) });
    api.vestibule.await_line(&["an add-on went away before it showed a token"]);
    assert!(home.heard().is_empty(), "Home Assistant was not asked");
}

/// Case 63: where there is nothing that could become a WebSocket, there is none.
#[test]
fn what_cannot_become_a_websocket_is_400() {
    let home = SmallHome::start();
    let api = start(&home);
    let shake = |ask: Ask| {
        ask.field("Connection", "Upgrade")
            .field("Upgrade", "websocket")
            .field("Sec-WebSocket-Version", "13")
            .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    let target = "/core/websocket";
    let mut old = shake(Ask::get(target)).to_bytes();
    let at = old.windows(8).position(|window| window == b"HTTP/1.1").unwrap();
    old[at + 7] = b'0';
    assert_eq!(h1::raw(api.api(), &old).unwrap().status, 400, "HTTP/1.0 has no upgrades");
    for ask in [
        Ask::get(target),
        shake(Ask::new("DELETE", target)),
        shake(Ask::get(target)).field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        Ask::get(target)
            .field("Connection", "Upgrade")
            .field("Upgrade", "websocket")
            .field("Sec-WebSocket-Version", "13"),
    ] {
        let answer = api.ask(&ask);
        assert_eq!((answer.status, answer.text().as_str()), (400, "400: Bad Request"), "{ask:?}");
    }
    assert_eq!(api.ask(&shake(Ask::get(target))).status, 101);
}

/// One add-on cannot take what others need: beyond its number it is told to come again, and its token is as good as
/// before.
#[test]
fn an_addon_has_so_many_websockets_and_others_have_theirs() {
    let home = SmallHome::start();
    let mut api = start(&home);
    api.vestibule.reconfigure(|config| {
        config.set("supervisor", "websockets", "2");
    });
    api.vestibule.command_ok(&["reload"]);
    let (free, held) = (token(&api, "free"), token(&api, "held"));
    let gauge = |slug: &str, count: usize| {
        let line = format!("vestibule_addon_api_websockets{{addon=\"{slug}\"}} {count}\n");
        eventually(&line, || api.vestibule.ask_operations(&Ask::get("/metrics")).text().contains(&line).then_some(()));
    };
    RUNTIME.block_on(async {
        let (first, second) = (authenticated(&api, &free).await, authenticated(&api, &free).await);
        gauge("free", 2);
        let mut third = open(&api).await;
        say(&mut third, json!({"type": "auth", "access_token": free})).await;
        assert_eq!(end(&mut third).await, 1013);
        drop(authenticated(&api, &held).await);
        drop(first);
        gauge("free", 1);
        drop(authenticated(&api, &free).await);
        drop(second);
        gauge("free", 0);
    });
    api.vestibule.await_line(&["too many WebSockets to Home Assistant", "addon=free"]);
}

/// Section 6: the end is passed on, with what is said at it.
#[test]
fn an_end_is_passed_on() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        say(&mut socket, json!({"id": 1, "type": "close", "code": 4001})).await;
        assert_eq!(end(&mut socket).await, 4001);
        let mut socket = authenticated(&api, &token).await;
        let goodbye = CloseFrame { code: CloseCode::from(4002), reason: "".into() };
        socket.close(Some(goodbye)).await.unwrap();
        let _answer = end(&mut socket).await;
    });
    eventually("Home Assistant hears the end", || home.closed().contains(&4002).then_some(()));
}
