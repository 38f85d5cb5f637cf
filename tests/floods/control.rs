//! Frames without content: PING and its acknowledgement, SETTINGS, empty DATA, PRIORITY, `WINDOW_UPDATE`, and what has
//! no name.

use crate::support::h2_frames::{ACK, DATA, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame};
use crate::support::{Ask, H2Client};
use crate::{CALM, Scene, await_number};

const MANY: usize = 20_000;

/// Each flood by its name, one frame of it. Stream 1 is a POST whose body is open.
fn floods() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("PING", frame(PING, 0, 0, b"12345678")),
        ("acknowledgements of no PING", frame(PING, ACK, 0, b"12345678")),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[])),
        ("SETTINGS with values", frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0].repeat(100))),
        ("empty DATA", frame(DATA, 0, 1, &[])),
        ("padded empty DATA", frame(DATA, 8, 1, &[0])),
        ("PRIORITY", frame(PRIORITY, 0, 3, &[0, 0, 0, 0, 1])),
        ("WINDOW_UPDATE of one byte", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        ("WINDOW_UPDATE of one byte for a stream", frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
        ("an unknown type", frame(200, 0, 0, b"nothing")),
        ("PRIORITY_UPDATE", frame(16, 0, 0, b"\0\0\0\x01u=1")),
    ]
}

#[test]
fn s66_a_flood_of_frames_without_content_ends_the_connection() {
    let mut scene = Scene::set();
    let mut counted = 0.0;
    for (name, one) in floods() {
        let mut client = scene.client();
        client.send(&scene.head("POST", 1, 0));
        let heard = scene.flood(&mut client, &one.repeat(MANY), name);
        assert!(heard.closed || heard.goaway() == Some(CALM), "{name}: {:?}", heard.goaway());
        // The library has a limit of its own for empty DATA, which is a lower one.
        if !name.contains("DATA") {
            counted += 1.0;
            await_number(&scene, "vestibule_http2_floods_total", counted);
        }
    }
    scene.no_panic();
}

#[test]
fn s200_no_peer_writes_a_log_line_for_each_frame() {
    let mut scene = Scene::set_with(|config| {
        config.unset("log", "filter");
    });
    for (name, one) in floods() {
        let mut client = scene.client();
        client.send(&scene.head("POST", 1, 0));
        scene.flood(&mut client, &one.repeat(MANY), name);
    }
    let log = scene.vestibule.stderr();
    let libraries: Vec<_> = log.lines().filter(|line| line.contains(" h2::")).take(3).collect();
    assert!(libraries.is_empty(), "a library of ours wrote {libraries:#?}");
    let about: Vec<_> = log.lines().filter(|line| !line.contains("vestibule::access")).collect();
    let floods = about.iter().filter(|line| line.contains("too many HTTP/2 frames")).count();
    assert!((1..=5).contains(&floods), "once in a while: {about:#?}");
    assert!(about.iter().any(|line| line.contains("peer=127.0.0.1:")), "with an address: {about:#?}");
    assert!(about.len() < 50, "{} lines", about.len());
}

#[test]
fn s66_up_to_the_limit_they_are_answered_and_not_beyond() {
    let mut scene = Scene::set_with(|config| {
        config.set("limits", "http2_control_frames", "100");
    });
    // Two frames of its own go out with the preface.
    let mut client = scene.client();
    client.send(&frame(PING, 0, 0, b"12345678").repeat(90));
    client.await_heard("all acknowledgements", |heard| {
        heard.frames.iter().filter(|frame| frame.kind == PING).count() == 90
    });
    client.send(&scene.get(1));
    assert_eq!(client.await_answer(1), Some(0x88), "still served");
    let mut client = scene.client();
    let heard = scene.flood(&mut client, &frame(PING, 0, 0, b"12345678").repeat(1000), "a tenfold of it");
    assert!(heard.closed || heard.goaway() == Some(CALM));
}

#[test]
fn s66_clients_that_measure_cancel_and_open_small_windows_are_served_for_ever() {
    let mut scene = Scene::set_with(|config| {
        config.set("limits", "http2_control_frames", "100");
    });
    let mut client = scene.client();
    for stream in (0..300).map(|number| 2 * number + 1) {
        // A PING, two windows, a priority and a cancellation that comes late, for each request.
        client.send(&scene.get(stream));
        assert_eq!(client.await_answer(stream), Some(0x88), "stream {stream}");
        let window = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 5]);
        let about = [frame(PING, 0, 0, b"12345678"), window.repeat(2), frame(16, 0, 0, b"\0\0\0\x01u=1")].concat();
        client.send(&[about, frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat());
    }
    // A window of a kilobyte makes a window update for each half of one.
    let large = crate::support::RawAddon::answering(
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n".to_vec(), vec![b'x'; 2_000_000]].concat(),
    );
    scene.vestibule.reconfigure(|config| {
        config.addon("large", &large);
    });
    scene.vestibule.command_ok(&["reload"]);
    let mut reader = H2Client::connect_with_window(scene.vestibule.https(), 1024);
    let answer = reader.ask(&Ask::get("/ingress/large/").cookie(&scene.cookie));
    assert_eq!((answer.status, answer.body.len()), (200, 2_000_000));
    scene.others_are_served();
}
