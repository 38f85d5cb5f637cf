//! What is read whole for add-ons has a limit for all and for each of them, with room just below it and none above; and
//! a user of a Unix socket has as many connections as an address (S-160, S-161).

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::home::SmallHome;
use crate::home_assistant::{start, token};
use crate::socket::{asked, authenticated, next, say};
use crate::starved::assert_refusals;
use crate::supervised::Supervised;
use crate::support::h2::RUNTIME;
use crate::support::json_socket::end;
use crate::support::plain::PlainClient;
use crate::support::{Ask, Extra, PATIENCE, Vestibule, eventually};

/// Room for the answer to a call, which is read whole too.
const ANSWER: usize = 8 << 10;

/// What `big` is answered with.
const BIG: usize = 5 << 20;

fn limited(api: &mut Supervised, limits: &[(&str, &str)]) {
    api.vestibule.reconfigure(|config| {
        for (name, value) in limits {
            config.set("limits", name, value);
        }
    });
    api.vestibule.command_ok(&["reload"]);
}

/// S-160: a message of Home Assistant is counted while it is on its way to the add-on, and no longer.
#[test]
fn a_message_of_home_assistant_takes_room_until_it_is_passed_on() {
    for (limit, above, below) in
        [("addon_api_bytes_per_addon", r#""5MiB""#, r#""6MiB""#), ("addon_api_bytes", r#""5MiB""#, r#""6MiB""#)]
    {
        let home = SmallHome::start();
        let mut api = start(&home);
        let token = token(&api, "free");
        limited(&mut api, &[(limit, below)]);
        RUNTIME.block_on(async {
            let mut socket = authenticated(&api, &token).await;
            for id in 1..6 {
                let answer = asked(&mut socket, json!({"id": id, "type": "big"})).await;
                assert_eq!(answer["result"].as_str().unwrap().len(), BIG, "{limit} of {below}, message {id}");
            }
        });
        limited(&mut api, &[(limit, above)]);
        RUNTIME.block_on(async {
            let mut socket = authenticated(&api, &token).await;
            assert_eq!(asked(&mut socket, json!({"id": 1, "type": "ping"})).await["type"], "pong");
            say(&mut socket, json!({"id": 2, "type": "big"})).await;
            assert_eq!(end(&mut socket).await, 1013, "{limit} of {above}");
        });
        assert_refusals(&api, limit, 1);
    }
}

/// S-160: the same for what an add-on says.
#[test]
fn a_message_of_an_addon_takes_room_until_it_is_passed_on() {
    let home = SmallHome::start();
    let mut api = start(&home);
    let token = token(&api, "free");
    limited(&mut api, &[("addon_api_bytes_per_addon", r#""2MiB""#)]);
    let message = |id: u32, bytes: usize| {
        Message::text(json!({"id": id, "type": "frigate/x", "x": "x".repeat(bytes)}).to_string())
    };
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        for id in 1..6 {
            socket.send(message(id, (2 << 20) - 4096)).await.unwrap();
            assert_eq!(next(&mut socket).await["id"], id, "just below, again and again");
        }
        let _ = socket.send(message(6, 2 << 20)).await;
        assert_eq!(end(&mut socket).await, 1013);
    });
    assert_refusals(&api, "addon_api_bytes_per_addon", 1);
}

/// S-160: a body that is read whole.
#[test]
fn bodies_that_are_read_whole_share_the_room() {
    for limit in ["addon_api_bytes_per_addon", "addon_api_bytes"] {
        let home = SmallHome::start();
        let mut api = start(&home);
        let token = token(&api, "held");
        limited(&mut api, &[(limit, r#""1MiB""#)]);
        let head = |length: usize| {
            format!(
                "POST /core/api/services/light/turn_on HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            )
        };
        let body =
            |length: usize| format!(r#"{{"entity_id":"light.bed_light"{}}}"#, " ".repeat(length - 31)).into_bytes();
        let call = |length: usize| {
            let mut client = PlainClient::connect(api.api());
            client.send(head(length).as_bytes());
            client.send(&body(length));
            client.head().status
        };
        let (first, second) = (600 << 10, 424 << 10);
        // Where the second is read before the first it is the first that has no room, and another takes its place.
        let mut slow = eventually("the first takes its room", || {
            let mut slow = PlainClient::connect(api.api());
            slow.send(head(first).as_bytes());
            slow.send(&body(first)[..first - 1]);
            api.ask(&Ask::get("/core/api/").field("Authorization", format!("Bearer {token}")));
            (call(second + 2) == 429).then_some(slow)
        });
        eventually("there is room below", || (call(second - ANSWER) == 200).then_some(()));
        assert_refusals(&api, limit, 1);
        slow.send(b"}");
        assert_eq!(slow.head().status, 200, "{limit}: the first has lost nothing");
        eventually("all of the room again", || (call((1 << 20) - ANSWER) == 200).then_some(()));
    }
}

/// S-161: on a Unix socket the user of the operating system stands in the place of the address.
#[test]
fn a_user_of_the_unix_socket_has_so_many_connections_and_another_has_theirs() {
    let vestibule = Vestibule::start_with(
        |config| {
            config.set("supervisor", "listen", r#""unix:run/addons.sock""#);
            config.set("limits", "addon_api_connections_per_address", "3");
        },
        |_| {},
        |folder| {
            fs::create_dir(folder.join("run")).unwrap();
            Extra::default()
        },
    );
    vestibule.await_line(&["listening for add-ons on"]);
    let path = vestibule.path("run/addons.sock");
    let ping = b"GET /supervisor/ping HTTP/1.1\r\nHost: x\r\n\r\n";
    let connect = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = [0; 9];
        let answered = stream.write_all(ping).and_then(|()| stream.read_exact(&mut answer)).is_ok();
        assert!(!answered || answer == *b"HTTP/1.1 ", "an answer, or the end");
        answered.then_some(stream)
    };
    let mut kept: Vec<_> = (0..3).map(|_| connect().expect("there is a place")).collect();
    assert!(connect().is_none(), "a fourth is closed");
    if let Some(answered) = answered_as_another_user(&path, vestibule.folder()) {
        assert!(answered, "another user has places of their own");
    }
    drop(kept.pop());
    eventually("a place again", || connect().map(drop));
}

#[allow(clippy::print_stderr, reason = "whoever reads the results must see what was not tested")]
/// Whether a call of another user of this machine is answered; nothing where tests may not be somebody else.
fn answered_as_another_user(socket: &std::path::Path, folder: &std::path::Path) -> Option<bool> {
    for folder in [folder, socket.parent().unwrap()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let program = "import os, socket, sys\n\
                   os.setgroups([]); os.setgid(65534); os.setuid(65534)\n\
                   peer = socket.socket(socket.AF_UNIX); peer.settimeout(20); peer.connect(sys.argv[1])\n\
                   peer.sendall(b'GET /supervisor/ping HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n\
                   print(peer.recv(9).decode())\n";
    let whoami = Command::new("id").arg("-u").output().unwrap();
    if whoami.stdout.trim_ascii() != b"0" {
        eprintln!("skipped: only root may be another user");
        return None;
    }
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", program]).arg(socket).stdin(Stdio::null());
    let output = command.output().expect("python3 is there where the tests run as root");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout.starts_with(b"HTTP/1.1"))
}
