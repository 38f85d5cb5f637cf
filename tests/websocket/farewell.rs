//! A WebSocket that is ended from the side is told so by a close frame, 1008 or 1001, where a frame can stand; in the
//! middle of another it is cut. Cases S-99 and S-100.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::WS;
use crate::lifetime::CUT;
use crate::support::h2::{RUNTIME, within};
use crate::support::tunnel::{ORIGIN, Tunnel, accept, masked, switching};
use crate::support::{BOTH, ConfigFile, Keep, Protocol, RawAddon, Stopwatch, Vestibule, certificate, eventually};

/// An add-on that says these bytes once a WebSocket is open, and what it hears in one.
struct Listening {
    addon: RawAddon,
    /// By connection.
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Listening {
    fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let (bytes, heard) = (bytes.into(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let shared = Arc::clone(&heard);
        let addon = RawAddon::scripted(move |request, wire| {
            let Some(accept) = accept(request) else { return Keep::Closed };
            let place = {
                let mut heard = shared.lock().unwrap();
                heard.push(Vec::new());
                heard.len() - 1
            };
            let _ = wire.write(&[switching(&accept, ""), bytes.clone()].concat());
            loop {
                let some = wire.some();
                if some.is_empty() {
                    return Keep::Closed;
                }
                shared.lock().unwrap()[place].extend(some);
            }
        });
        Self { addon, heard }
    }

    /// On the last connection.
    fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().last().cloned().unwrap_or_default()
    }

    /// What it heard in all, once its side is closed.
    fn heard_to_the_end(&self) -> Vec<u8> {
        eventually("the end of the add-on's side", || (self.addon.open() == 0).then_some(()));
        self.heard()
    }
}

fn vestibule(addon: &RawAddon, configure: impl FnOnce(&mut ConfigFile)) -> Vestibule {
    Vestibule::start(|config| {
        config.addon_with("a", addon, "access = { groups = [\"system-users\"] }");
        configure(config);
    })
}

/// The frame as a server writes it (RFC 6455 sections 5.2 and 5.5.1).
fn close(code: u16, reason: &str) -> Vec<u8> {
    let length = u8::try_from(reason.len() + 2).unwrap();
    [&[0x88, length][..], &code.to_be_bytes(), reason.as_bytes()].concat()
}

/// The payload of a close frame as a client writes it: final, masked.
#[track_caller]
fn masked_close(bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() >= 6 && bytes[0] == 0x88 && bytes[1] & 0x80 != 0, "a masked close frame: {bytes:?}");
    assert_eq!(bytes.len(), 6 + usize::from(bytes[1] & 0x7f), "and nothing else: {bytes:?}");
    bytes[6..].iter().zip(bytes[2..6].iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// Everything up to the end.
fn rest(tunnel: &mut Tunnel) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let some = tunnel.some();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

/// Opens a WebSocket, lets a frame pass each way, lets `end` happen, and sees what each side is told.
#[track_caller]
fn assert_told(configure: impl FnOnce(&mut ConfigFile), end: impl Fn(&mut Vestibule), code: u16, reason: &str) {
    let frame = [&[0x81, 5][..], b"hello"].concat();
    let listening = Listening::saying(frame.clone());
    let mut vestibule = vestibule(&listening.addon, configure);
    let cookie = vestibule.cookie("bob");
    let mut tunnels = BOTH.map(|protocol| {
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        assert_eq!(tunnel.up_to(frame.len()), frame);
        tunnel
    });
    end(&mut vestibule);
    for (tunnel, protocol) in tunnels.iter_mut().zip(BOTH) {
        assert_eq!(rest(tunnel), close(code, reason), "{protocol:?}");
    }
    listening.heard_to_the_end();
    for heard in listening.heard.lock().unwrap().iter() {
        assert_eq!(masked_close(heard), 1001_u16.to_be_bytes());
    }
}

#[test]
fn s99_who_is_revoked_is_told_1008() {
    assert_told(|_| {}, |vestibule| vestibule.revoke("bob"), 1008, "session ended");
}

#[test]
fn s99_who_expires_is_told_1008() {
    let shortly = |config: &mut ConfigFile| {
        config.set("session", "idle_timeout", r#""2s""#).set("session", "absolute_timeout", r#""2s""#);
    };
    assert_told(shortly, |_| {}, 1008, "session ended");
}

#[test]
fn s99_who_may_no_longer_is_told_1008() {
    let loses = |vestibule: &mut Vestibule| {
        vestibule.home().edit_user("bob", |user| user["group_ids"] = serde_json::json!(["system-read-only"]));
    };
    assert_told(|_| {}, loses, 1008, "not allowed any more");
}

#[test]
fn who_is_there_when_we_stop_is_told_1001() {
    let at_once = |config: &mut ConfigFile| {
        config.set("limits", "drain_timeout", r#""1s""#);
    };
    assert_told(at_once, |vestibule| vestibule.signal("TERM"), 1001, "going away");
}

#[test]
fn who_is_silent_for_too_long_is_told_1001() {
    let listening = Listening::saying("");
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &listening.addon, "websocket_idle_timeout = \"1s\"");
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        assert_eq!(rest(&mut tunnel), close(1001, "idle for too long"), "{protocol:?}");
        assert_eq!(masked_close(&listening.heard_to_the_end()), 1001_u16.to_be_bytes());
    }
}

#[test]
fn an_add_on_that_is_taken_away_is_told_as_1001() {
    let gone = |vestibule: &mut Vestibule| {
        vestibule.reconfigure(|config| {
            config.clear_addons();
        });
        vestibule.signal("HUP");
    };
    assert_told(|_| {}, gone, 1001, "no longer here");
}

#[test]
fn s100_in_the_middle_of_a_frame_nothing_is_said() {
    // Ten bytes are promised and five have come; a long length lacks its last byte; a header its second.
    for begun in [&b"\x82\x0ahalf!"[..], b"\x82\x7f\0\0\0\0\0\0\0", b"\x82\x02ok\x82"] {
        let listening = Listening::saying(begun);
        let vestibule = vestibule(&listening.addon, |_| {});
        for protocol in BOTH {
            let cookie = vestibule.cookie("bob");
            let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
            assert_eq!(tunnel.up_to(begun.len()), begun);
            vestibule.revoke("bob");
            let revoked = Stopwatch::start();
            assert_eq!(rest(&mut tunnel), b"", "{protocol:?}: cut, for the client is in the middle of {begun:?}");
            revoked.assert_within(CUT, "cut");
            // The other direction is at its beginning.
            assert_eq!(masked_close(&listening.heard_to_the_end()), 1001_u16.to_be_bytes());
        }
    }
}

#[test]
fn s100_an_upload_in_the_middle_of_a_frame_is_cut() {
    let listening = Listening::saying("");
    let vestibule = vestibule(&listening.addon, |_| {});
    for protocol in BOTH {
        let cookie = vestibule.cookie("bob");
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        let whole = masked("a whole one, and then half of one");
        let sent = [&whole[..], &whole[..10]].concat();
        tunnel.send(&sent);
        eventually("the bytes", || (listening.heard() == sent).then_some(()));
        vestibule.revoke("bob");
        assert_eq!(rest(&mut tunnel), close(1008, "session ended"), "{protocol:?}: the client is between two frames");
        assert_eq!(listening.heard_to_the_end(), sent, "{protocol:?}: not a byte more");
    }
}

#[test]
fn s100_behind_a_close_frame_no_other_is_said() {
    let said = close(4321, "their own");
    let listening = Listening::saying(said.clone());
    let vestibule = vestibule(&listening.addon, |_| {});
    for protocol in BOTH {
        let cookie = vestibule.cookie("bob");
        let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
        assert_eq!(tunnel.up_to(said.len()), said);
        vestibule.revoke("bob");
        assert_eq!(rest(&mut tunnel), b"", "{protocol:?}");
    }
}

#[test]
fn s100_what_the_two_say_to_each_other_passes_byte_for_byte() {
    let odd: [&[u8]; 10] = [
        b"\x81\x02ok",
        b"\x82\x80\x01\x02\x03\x04",
        b"\xf1\x03\xff\xfe\xfd",
        b"\x8f\x00",
        b"\x09\x02hi",
        b"\x89\x7e\x00\x03abc",
        b"\x88\x01x",
        b"\x82\xff\x80\0\0\0\0\0\0\0mask and more",
        b"GET / HTTP/1.1\r\nHost: p.test\r\n\r\n",
        b"\0\r\n\r\n",
    ];
    for bytes in odd {
        let listening = Listening::saying(bytes);
        let vestibule = vestibule(&listening.addon, |_| {});
        for protocol in BOTH {
            let cookie = vestibule.cookie("bob");
            let mut tunnel = Tunnel::opened(&vestibule, protocol, WS, &cookie);
            assert_eq!(tunnel.up_to(bytes.len()), bytes, "{protocol:?}");
            tunnel.send(bytes);
            eventually("the same bytes", || (listening.heard() == bytes).then_some(()));
            vestibule.revoke("bob");
            let revoked = Stopwatch::start();
            tunnel.await_end();
            revoked.assert_within(CUT, &format!("{protocol:?} {bytes:?}: cut"));
            listening.heard_to_the_end();
        }
        assert_eq!(listening.addon.requests().len(), 2, "nothing in a tunnel is a request: {bytes:?}");
    }
}

#[test]
fn s99_a_real_client_and_a_real_server_understand_what_they_are_told() {
    let heard = Arc::<Mutex<Option<Message>>>::default();
    let address = RUNTIME.block_on(serve(Arc::clone(&heard)));
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&format!("slug = \"a\"\nupstream = \"http://{address}\"\npath = \"/ingress/a\""));
    });
    let cookie = vestibule.cookie("bob");
    let mut request = format!("wss://p.test:{}{WS}", vestibule.https().port()).into_client_request().unwrap();
    request.headers_mut().insert("host", "p.test".parse().unwrap());
    request.headers_mut().insert("origin", ORIGIN.parse().unwrap());
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let mut socket = RUNTIME.block_on(within(async {
        let stream = crate::support::h2::tls_with(vestibule.https(), certificate::client(b"http/1.1")).await;
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        socket.send(Message::text("hello")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
        socket
    }));
    vestibule.revoke("bob");
    let last = RUNTIME.block_on(within(socket.next())).unwrap().unwrap();
    let Message::Close(Some(frame)) = last else { panic!("a close frame, not {last:?}") };
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Policy, "session ended"));
    assert!(RUNTIME.block_on(within(socket.next())).is_none(), "and then a clean end");
    let told = eventually("the add-on's last message", || heard.lock().unwrap().clone());
    assert!(matches!(told, Message::Close(Some(frame)) if frame.code == CloseCode::Away));
}

/// A WebSocket server of a library: it says back what it hears, and keeps the close frame.
async fn serve(heard: Arc<Mutex<Option<Message>>>) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                *heard.lock().unwrap() = Some(message);
            } else {
                let _ = socket.send(message).await;
            }
        }
    });
    address
}

#[test]
fn s99_who_takes_nothing_is_cut_all_the_same() {
    let addon = RawAddon::scripted(|request, wire| {
        let _ = wire.write(&switching(&accept(request).unwrap(), ""));
        let frame = [&[0x82, 126, 0x10, 0][..], &[0; 0x1000]].concat();
        while wire.write(&frame).is_ok() {}
        Keep::Closed
    });
    let vestibule = vestibule(&addon, |_| {});
    let cookie = vestibule.cookie("bob");
    let unread = Tunnel::opened(&vestibule, Protocol::H1, WS, &cookie);
    eventually("the add-on", || (addon.open() == 1).then_some(()));
    vestibule.revoke("bob");
    let revoked = Stopwatch::start();
    eventually("the end", || (addon.open() == 0).then_some(()));
    revoked.assert_within(CUT, "cut");
    drop(unread);
}
