//! Header blocks that are small on the wire and large in memory, or that never end.

use std::iter::repeat_n;

use crate::Scene;
use crate::support::h2_frames::{
    CONTINUATION, END_HEADERS, END_STREAM, FrameClient, HEADERS, Heard, WINDOW_UPDATE, block, frame, pseudo, string,
};
use crate::support::{RawAddon, eventually};

const MIB: u64 = 1024;

#[test]
fn s64_a_flood_of_continuations_ends_the_connection() {
    let mut scene = Scene::set();
    let before = scene.memory("VmRSS");
    let field = block(&[(b"x", &[b'y'; 100])]);
    for (name, payload) in
        [("with nothing in them", vec![]), ("with fields", field), ("with a string without end", vec![b'x'; 1000])]
    {
        let mut client = scene.client();
        let mut head = block(&pseudo("GET", "/ingress/a/flood"));
        if name.ends_with("without end") {
            head.extend([0, 1, b'x', 127, 0xff, 0xff, 0x7f]);
        }
        client.send(&frame(HEADERS, END_STREAM, 1, &head));
        scene.flood(&mut client, &frame(CONTINUATION, 0, 1, &payload).repeat(20_000), name);
        let mut client = scene.client();
        client.send(&[frame(HEADERS, 0, 1, &head), frame(CONTINUATION, END_HEADERS, 3, &payload)].concat());
        client.await_heard("the end of the connection", Heard::is_over);
    }
    assert_eq!(scene.reached(), 0);
    let grown = scene.memory("VmHWM").saturating_sub(before);
    assert!(grown < 32 * MIB, "{grown} KiB");
    scene.no_panic();
}

/// A request whose header block has one field of this value in the dynamic table and then names it again and again, a
/// byte each (RFC 7541 section 6.1). `new` is for the first block of a connection.
fn bomb(scene: &Scene, stream: u32, name: &[u8], value: &[u8], (new, times): (bool, usize)) -> Vec<u8> {
    let mut fields = pseudo("GET", "/ingress/a/flood");
    fields.push((b"cookie", scene.cookie.as_bytes()));
    let mut bytes = block(&fields);
    if new {
        bytes.extend([vec![0x40], string(name), string(value)].concat());
    }
    bytes.extend(repeat_n(0x80 | 0x3e, times));
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &bytes)
}

#[test]
fn s65_header_blocks_of_a_byte_a_field_hold_a_bounded_amount_of_memory() {
    let large = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec(), vec![b'x'; 1_000_000]].concat();
    let addon = RawAddon::answering(large);
    let scene = Scene::set_with(|config| {
        config.clear_addons().addon("a", &addon).set("limits", "body_stall_timeout", "\"2s\"");
        config.addon("b", &addon);
    });
    // Cookie crumbs, and fields as large as the table takes them, as many as the limit of a list lets in and far more.
    let cases: [(&str, &[u8], &[u8], usize); 4] = [
        ("crumbs", b"cookie", b"a=b", 80),
        ("many crumbs", b"cookie", b"a=b", 10_000),
        ("large fields", b"x-large", &[b'v'; 3000], 4),
        ("many large fields", b"x-large", &[b'v'; 3000], 10_000),
    ];
    for (name, field, value, times) in cases {
        let before = scene.memory("VmRSS");
        let mut sent = 0;
        let mut clients: Vec<FrameClient> = (0..16)
            .map(|_| {
                // No window: nothing of an answer can go out.
                let mut client = FrameClient::connect_with(scene.vestibule.https(), &[(4, 0)]);
                for stream in (0..100_u32).map(|number| 2 * number + 1) {
                    let bytes = bomb(&scene, stream, field, value, (stream == 1, times));
                    sent += bytes.len();
                    if !client.send(&bytes) {
                        break;
                    }
                }
                client
            })
            .collect();
        for _ in 0..20 {
            for (client, stream) in clients.iter_mut().zip((0..100).map(|number| 2 * number + 1)) {
                client.send(&frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]));
            }
        }
        let grown = scene.memory("VmRSS").saturating_sub(before);
        println!("{name}: {} KiB sent, {grown} KiB more memory", sent / 1024);
        assert!(grown < 96 * MIB, "{name}: {grown} KiB for {sent} bytes");
        drop(clients);
        eventually("the add-on's places", || {
            let open = scene.number("vestibule_open_requests{addon=\"a\"}");
            (open < 1.0).then_some(())
        });
    }
    scene.no_panic();
}
