//! Streams that are opened to be reset: by the client (rapid reset), or by us on its provocation (`MadeYouReset`).

use crate::Scene;
use crate::support::h2_frames::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PRIORITY, RST_STREAM, WINDOW_UPDATE, block, frame,
};

/// What may reach an add-on of thousands of requests that nobody waits for.
const CAP: usize = 1200;

/// The frames of one stream that end in a reset of ours.
type Provocation = fn(&Scene, u32) -> Vec<u8>;

#[test]
fn s62_rapid_reset_ends_the_connection_and_little_reaches_the_add_on() {
    let mut scene = Scene::set();
    let mut client = scene.client();
    let bytes: Vec<u8> = (0..3000_u32)
        .flat_map(|number| [scene.get(2 * number + 1), frame(RST_STREAM, 0, 2 * number + 1, &[0, 0, 0, 8])].concat())
        .collect();
    scene.flood(&mut client, &bytes, "rapid reset");
    assert!(scene.reached() <= CAP, "{} requests at the add-on", scene.reached());
    scene.no_panic();
}

#[test]
fn s62_rapid_reset_of_streams_that_are_served_costs_others_nothing() {
    let mut scene = Scene::set();
    let mut client = scene.client();
    // Each reset in a write of its own: the streams are accepted by then, and the library counts none of them.
    for stream in (0..3000_u32).map(|number| 2 * number + 1) {
        if !client.send(&scene.get(stream)) || !client.send(&frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])) {
            break;
        }
    }
    scene.others_are_served();
    scene.no_panic();
}

#[test]
fn s63_six_provocations_of_a_reset_end_the_connection() {
    let mut scene = Scene::set();
    let provocations: [(&str, Provocation); 6] = [
        ("a window update of nothing", |scene, stream| {
            [scene.head("POST", stream, 0), frame(WINDOW_UPDATE, 0, stream, &[0; 4])].concat()
        }),
        ("a window that overflows", |scene, stream| {
            [scene.head("POST", stream, 0), frame(WINDOW_UPDATE, 0, stream, &[0x7f, 0xff, 0xff, 0xff])].concat()
        }),
        ("a stream that depends on itself", |scene, stream| {
            let on_itself = [&stream.to_be_bytes()[..], &[1]].concat();
            [scene.head("POST", stream, 0), frame(PRIORITY, 0, stream, &on_itself)].concat()
        }),
        ("more data than said", |scene, stream| {
            let head = scene.head_with("POST", stream, 0, &[(b"content-length", b"1")]);
            [head, frame(DATA, END_STREAM, stream, b"12345")].concat()
        }),
        ("data behind the end", |scene, stream| [scene.get(stream), frame(DATA, 0, stream, b"x")].concat()),
        ("malformed trailers", |scene, stream| {
            let trailers = block(&[(b"Upper", b"x")]);
            let head = scene.head("POST", stream, 0);
            [head, frame(HEADERS, END_HEADERS | END_STREAM, stream, &trailers)].concat()
        }),
    ];
    for (name, provoke) in provocations {
        let mut client = scene.client();
        let before = scene.reached();
        let bytes: Vec<u8> = (0..3000_u32).flat_map(|number| provoke(&scene, 2 * number + 1)).collect();
        scene.flood(&mut client, &bytes, name);
        let reached = scene.reached() - before;
        assert!(reached <= CAP, "{name}: {reached} requests at the add-on");
    }
    scene.no_panic();
}
