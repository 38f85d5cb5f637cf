//! WebSockets through Home Assistant's door: opened for its own pages, and cut when the session is.

use std::time::Duration;

use serde_json::json;

use crate::door::{EntryPoint, passed_on};
use crate::support::plain::PlainClient;
use crate::support::tunnel::{echo, handshake, masked};
use crate::support::{Answer, Protocol, RawAddon, Stopwatch, eventually};

const ORIGIN: &str = "http://ha.local:8123";

/// How long what was open may go on.
const CUT: Duration = Duration::from_secs(2);

fn open(door: &EntryPoint, session: &str, origin: Option<&str>) -> (Answer, PlainClient) {
    let token = door.token("a");
    let ask = passed_on(handshake(Protocol::H1, &format!("/ingress/{token}/ws")), &token, session);
    let ask = origin.into_iter().fold(ask, |ask, origin| ask.field("Origin", origin));
    let mut client = door.connect();
    let answer = client.ask(&ask);
    (answer, client)
}

fn opened(door: &EntryPoint, session: &str) -> PlainClient {
    let (answer, mut client) = open(door, session, Some(ORIGIN));
    assert_eq!(answer.status, 101, "{answer:#?}");
    let frame = masked("hello");
    client.send(&frame);
    assert_eq!(client.up_to(frame.len()), frame);
    client
}

/// S-97: the page of another origin opens none.
#[test]
fn s97_only_home_assistants_own_pages_open_one() {
    let addon = echo();
    let door = EntryPoint::before(&addon);
    let session = door.session("bob");
    drop(opened(&door, &session));
    addon.take(1);
    for origin in
        [None, Some("null"), Some("http://evil.test"), Some("http://ha.local"), Some("http://ha.local:8123.evil.test")]
    {
        let (answer, _) = open(&door, &session, origin);
        assert_eq!((answer.status, answer.text().as_str()), (403, "403: Forbidden"), "{origin:?}");
    }
    let (answer, _) = open(&door, &"0".repeat(128), Some(ORIGIN));
    assert_eq!(answer.status, 401);
    addon.assert_no_request("none of these was opened");
}

/// S-99: revoked, or its user deactivated: cut within two seconds of our knowing.
#[test]
fn s99_what_is_open_ends_with_its_session() {
    let addon = echo();
    let door = EntryPoint::before(&addon);
    let mut socket = opened(&door, &door.session("bob"));
    door.vestibule.revoke("bob");
    let revoked = Stopwatch::start();
    socket.await_end();
    revoked.assert_within(CUT, "cut");

    let mut socket = opened(&door, &door.session("frank"));
    door.vestibule.home().edit_user("frank", |user| user["is_active"] = json!(false));
    socket.await_end();
    eventually("the add-on's side", || (addon.open() == 0).then_some(()));
    door.vestibule.await_line(&["open exchange cut", "addon=a"]);
}

/// The status of an add-on that says no is the add-on's own (section 1.10 has it lost).
#[test]
fn an_add_on_that_says_no_is_heard() {
    let addon = RawAddon::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    let door = EntryPoint::before(&addon);
    let (answer, _) = open(&door, &door.session("bob"), Some(ORIGIN));
    assert_eq!((answer.status, answer.text().as_str()), (404, "none"));
}
