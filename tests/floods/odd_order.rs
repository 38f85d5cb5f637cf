//! Frames where none may stand.

use crate::Scene;
use crate::support::h2_frames::{DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, block, frame};

#[test]
fn s68_frames_in_an_order_that_makes_no_sense_hurt_nobody() {
    let mut scene = Scene::set();
    let trailers = block(&[(b"x-end", b"1")]);
    let goaway = frame(GOAWAY, 0, 0, &[0; 8]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "trailers that are not the end",
            [
                scene.head("POST", 1, 0),
                frame(DATA, 0, 1, b"x"),
                frame(HEADERS, END_HEADERS, 1, &trailers),
                frame(DATA, 0, 1, b"y"),
            ]
            .concat(),
        ),
        ("a head on a stream that has ended", [scene.get(1), scene.get(1)].concat()),
        (
            "a head on a stream that was reset",
            [scene.head("POST", 1, 0), frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]), scene.get(1)].concat(),
        ),
        ("a head on a stream before the last", [scene.get(5), scene.get(3)].concat()),
        ("a head on a stream of ours", scene.get(2)),
        ("requests behind a goodbye", [goaway.clone(), scene.get(1), scene.get(3)].concat()),
        ("many goodbyes", goaway.repeat(5000)),
        ("data on a stream that was never opened", frame(DATA, END_STREAM, 9, b"x")),
        ("a reset of a stream that was never opened", frame(RST_STREAM, 0, 9, &[0; 4])),
        ("a head on stream 0", frame(HEADERS, END_HEADERS | END_STREAM, 0, &trailers)),
        ("a frame larger than allowed", frame(DATA, 0, 1, &vec![0; 20_000])),
        ("a promise", frame(5, END_HEADERS, 1, &[0, 0, 0, 2])),
    ];
    for (name, bytes) in cases {
        let mut client = scene.client();
        client.send(&bytes);
        // Whatever it is worth, it is told or forgotten; the next connection is none the worse for it.
        drop(client);
        scene.others_are_served();
        assert!(!scene.vestibule.stderr().contains("panic"), "{name}");
    }
    scene.no_panic();
}
