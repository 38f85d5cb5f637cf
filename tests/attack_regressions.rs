//! What an attacker found in the running binary, each test named after what went wrong.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "support/mod.rs"]
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use crate::support::h2::status_of;
use crate::support::{Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, eventually};

const PATH: &str = "/ingress/a/";

fn vestibule_with(addon: &RawAddon, lines: &str) -> Vestibule {
    Vestibule::start(|config| {
        config.addon_with("a", addon, lines);
    })
}

/// An add-on that reads heads and bodies and never answers.
fn silent() -> RawAddon {
    RawAddon::scripted(|_, wire| {
        let _ = support::addon::until_closed(wire);
        Keep::Closed
    })
}

/// An add-on that answers with bytes without end.
fn endless() -> RawAddon {
    RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        while wire.write(&[b'x'; 16384]).is_ok() {}
        Keep::Closed
    })
}

/// An add-on that says `answer` as soon as it has a head. What it hears of the body afterwards is told: the number of
/// bytes, and 0 at the end; or it does not listen at all.
fn hasty(answer: &'static [u8], listens: bool) -> (String, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        let mut kept_open = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut room = [0; 4096];
            let mut head = Vec::new();
            while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = stream.read(&mut room[..1]).unwrap_or_default();
                if read == 0 {
                    break;
                }
                head.push(room[0]);
            }
            stream.write_all(answer).unwrap();
            loop {
                if !listens {
                    kept_open.push(stream);
                    break;
                }
                let read = stream.read(&mut room).unwrap_or_default();
                if tell.send(read).is_err() || read == 0 {
                    break;
                }
            }
        }
    });
    let lines =
        format!("slug = \"a\"\nupstream = \"http://{address}\"\npath = \"/ingress/a\"\nresponse_timeout = \"1s\"");
    (lines, told)
}

#[test]
fn a_get_with_a_body_of_unknown_length_lost_it() {
    let addon = RawAddon::start();
    let vestibule = vestibule_with(&addon, "");
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask { body: Some(b"abc".to_vec()), ..Ask::get(PATH) }.trailer("x-last", "1").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{protocol:?}");
        assert_eq!(addon.one().body, b"abc", "{protocol:?}");
    }
}

#[test]
fn the_add_ons_time_to_answer_began_twice_after_an_upload() {
    let addon = silent();
    let vestibule = vestibule_with(&addon, "response_timeout = \"1500ms\"");
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let asked = Stopwatch::start();
        assert_eq!(vestibule.ask(protocol, &Ask::post(PATH, "abc").cookie(&cookie)).status, 504, "{protocol:?}");
        asked.assert_within(Duration::from_millis(2900), &format!("{protocol:?}: 504"));
    }
}

#[test]
fn an_upload_to_an_add_on_that_stopped_reading_hung_for_ever() {
    let (lines, _hear) = hasty(b"", false);
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&lines);
    });
    let cookie = vestibule.cookie("bob");
    let mut client = H2Client::connect(vestibule.https());
    let (mut stream, response) = client.open(&Ask::new("POST", PATH).cookie(&cookie), false).unwrap();
    stream.send_data(Bytes::from(vec![b'x'; 30_000_000]), true).unwrap();
    assert_eq!(status_of(response), 504);
}

#[test]
fn an_upload_whose_last_frame_came_late_was_never_done() {
    let (quick, slow) = (RawAddon::start(), silent());
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &quick).addon_with("b", &slow, "response_timeout = \"1s\"");
    });
    let cookie = vestibule.cookie("bob");
    let mut client = H2Client::connect(vestibule.https());
    let mut status = |path: &str| {
        let ask = Ask::new("POST", path).cookie(&cookie).field("content-length", "3");
        let (mut stream, response) = client.open(&ask, false).unwrap();
        stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
        status_of(response)
    };
    assert_eq!((status(PATH), status(PATH)), (200, 200));
    assert_eq!(quick.accepted(), 1, "the connection to the add-on is used again");
    assert_eq!(status("/ingress/b/"), 504);
}

#[test]
fn head_was_answered_with_content_over_http2() {
    let addon = RawAddon::start();
    let vestibule = vestibule_with(&addon, "");
    for (target, status) in [("/.vestibule/sign-in", 200), (PATH, 401)] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::new("HEAD", target));
            assert_eq!((answer.status, answer.body.len(), answer.complete), (status, 0, true), "{protocol:?} {target}");
        }
    }
}

#[test]
fn s48_another_spelling_of_a_framing_header_reached_the_add_on() {
    let addon = RawAddon::start();
    let vestibule = vestibule_with(&addon, "");
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask =
            Ask::post(PATH, "abc").cookie(&cookie).field("Transfer_Encoding", "chunked").field("Content_Length", "0");
        let ask = ask.field("Content.Length", "1").field("Keep_Alive", "1").field("X_Other", "1");
        assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{protocol:?}");
        let head = String::from_utf8(addon.one().head).unwrap().to_lowercase();
        for gone in ["transfer_encoding", "content_length", "content.length", "keep_alive"] {
            assert!(!head.contains(gone), "{protocol:?}: {head}");
        }
        assert!(head.contains("x_other"), "{protocol:?}: {head}");
    }
}

#[test]
fn s65_a_client_that_took_nothing_kept_the_add_ons_stream_for_ever() {
    let addon = endless();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "body_stall_timeout", "\"1s\"").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    // A browser gives 64 KiB to an HTTP/2 stream that nobody reads.
    let mut client = H2Client::connect(vestibule.https());
    let (answer, _unread) = client.stream(&Ask::get(PATH).cookie(&cookie));
    assert_eq!((answer.status, addon.open()), (200, 1));
    eventually("the add-on is let go", || (addon.open() == 0).then_some(()));
    assert_eq!(client.ask(&Ask::new("HEAD", "/.vestibule/session").cookie(&cookie)).status, 200, "other streams go on");
}

#[test]
fn s99_a_client_that_took_nothing_did_not_feel_its_revocation() {
    let addon = endless();
    let vestibule = vestibule_with(&addon, "");
    for protocol in BOTH {
        let ask = Ask::get(PATH).cookie(vestibule.cookie("bob"));
        let (mut h1, mut h2) = (None, None);
        match protocol {
            Protocol::H1 => h1.insert(RawClient::connect(vestibule.https())).send(&ask.to_bytes()),
            Protocol::H2 => {
                let mut client = H2Client::connect(vestibule.https());
                let unread = client.stream(&ask);
                h2 = Some((client, unread));
            }
        }
        eventually("the add-on is asked", || (addon.open() == 1).then_some(()));
        vestibule.revoke("bob");
        let revoked = Stopwatch::start();
        eventually("the add-on is let go", || (addon.open() == 0).then_some(()));
        revoked.assert_within(Duration::from_secs(1), &format!("{protocol:?}: cut"));
        drop((h1, h2));
    }
}

#[test]
fn s104_an_upload_outlived_its_answer() {
    let (lines, hear) = hasty(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&lines);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::new("POST", PATH).cookie(&cookie).field("content-length", "1000000");
        let (mut h1, mut h2) = (None, None);
        match protocol {
            Protocol::H1 => {
                let client = h1.insert(RawClient::connect(vestibule.https()));
                client.send(&[&ask.to_bytes()[..], b"abc"].concat());
                assert_eq!(client.answer().status, 200);
            }
            Protocol::H2 => {
                let mut client = H2Client::connect(vestibule.https());
                let (mut stream, response) = client.open(&ask, false).unwrap();
                stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
                assert_eq!(status_of(response), 200);
                h2 = Some((client, stream));
            }
        }
        let began = Stopwatch::start();
        while hear.recv_timeout(support::PATIENCE).unwrap() != 0 {}
        began.assert_within(Duration::from_secs(5), &format!("{protocol:?}: ended"));
        drop((h1, h2));
    }
}

#[test]
fn more_than_a_hundred_header_lines_were_refused_over_http1_whatever_the_limit() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "header_count", "150").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask =
            |count: usize| (0..count).fold(Ask::get(PATH).cookie(&cookie), |ask, i| ask.field(&format!("x-{i}"), "1"));
        assert_eq!(vestibule.ask(protocol, &ask(140)).status, 200, "{protocol:?}");
        assert!(matches!(vestibule.ask(protocol, &ask(160)).status, 400 | 431), "{protocol:?}");
    }
}

#[test]
fn websockets_have_places_of_their_own_and_no_more() {
    let addon = support::tunnel::echo();
    let target = format!("{PATH}ws");
    for protocol in BOTH {
        let vestibule = vestibule_with(&addon, "websockets = 2\nwebsockets_per_user = 2\nconnections = 1");
        let cookie = vestibule.cookie("bob");
        let mut open: Vec<_> =
            (0..2).map(|_| support::tunnel::Tunnel::opened(&vestibule, protocol, &target, &cookie)).collect();
        let ask =
            support::tunnel::handshake(protocol, &target).field("Origin", support::tunnel::ORIGIN).cookie(&cookie);
        let (answer, none) = support::tunnel::Tunnel::open(&vestibule, protocol, &ask);
        assert_eq!((answer.status, none.is_none()), (429, true), "{protocol:?}");
        open[0].assert_alive("still here");
        drop(open.pop());
        eventually("a place", || support::tunnel::Tunnel::open(&vestibule, protocol, &ask).1);
    }
}

#[test]
fn a_head_that_never_ends_is_not_waited_for() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "header_timeout", "\"1s\"").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for before in [false, true] {
        let mut client = RawClient::connect(vestibule.https());
        if before {
            assert_eq!(client.ask(&Ask::new("GET", PATH).cookie(&cookie)).status, 200);
        }
        client.send(b"GET / HTTP/1.1\r\nHost: p.t");
        let begun = Stopwatch::start();
        assert!(client.is_closed(), "after a request: {before}");
        begun.assert_within(Duration::from_secs(5), "closed");
    }
}

#[test]
fn a_connection_on_which_nothing_is_asked_is_closed() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "idle_timeout", "\"1s\"").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for before in [false, true] {
        let mut client = RawClient::connect(vestibule.https());
        if before {
            assert_eq!(client.ask(&Ask::new("GET", PATH).cookie(&cookie)).status, 200);
        }
        let begun = Stopwatch::start();
        assert!(client.is_closed(), "after a request: {before}");
        begun.assert_within(Duration::from_secs(5), "closed");
    }
}
