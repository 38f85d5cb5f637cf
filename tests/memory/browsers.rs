//! The readers on the browsers' side that a peer can fill, each filled by many at the same time: case S-204.
//!
//! Each line of the table is a process of its own. It holds at most what the reader's limit allows to each of the
//! peers, and at most ten times what they have sent, whichever is less; a share for each connection (its TLS session
//! and buffers) and for the allocator comes on top.

use crate::support::form::SIGN_IN;
use crate::support::h2_frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, FrameClient, HEADERS, block, frame, pseudo, string,
};
use crate::support::tunnel::{KEY, ORIGIN, accept, switching};
use crate::support::{ConfigFile, RawAddon, Vestibule};
use crate::table::{Bound, judge, row};
use crate::wire::{Filled, KIB, Wire, plain, settle, wires};

const MIB: u64 = KIB * KIB;
/// A TLS session, its buffers, hyper's and h2's, the kernel's share not counted.
const CONNECTION: u64 = 128 * KIB;
/// What the allocator keeps, and what a process needs that has just begun to serve.
const PROCESS: u64 = 4 * MIB;

/// One line of the table.
struct Reader {
    name: &'static str,
    /// How many fill it at the same time, on how many connections.
    peers: usize,
    connections: usize,
    /// What each of them may hold by the documented limits.
    limit: u64,
    /// What all of them together may hold; ten times what was sent, but for one.
    bound: Bound,
    configure: fn(&mut ConfigFile),
    fill: fn(&Vestibule, &str, usize) -> Filled,
}

#[test]
fn s204_no_reader_holds_more_than_its_limit_nor_ten_times_what_was_sent() {
    let mut rows = Vec::new();
    for reader in readers() {
        // But for downloads and WebSockets it never answers, and it reads no more: what passes waits where it is.
        let addon = RawAddon::scripted(|request, wire| {
            if let Some(accept) = accept(request) {
                let _ = wire.write(&switching(&accept, ""));
            }
            if request.target() == "/download" {
                let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n");
                let _ = wire.write(&vec![b'x'; 4_000_000]);
            }
            loop {
                std::thread::park();
            }
        });
        let vestibule = Vestibule::start(|config| {
            config.addon_with("a", &addon, JUDGED).set("log", "filter", "\"info\"");
            config.set("limits", "connections_per_address", "4096");
            (reader.configure)(config);
        });
        let cookie = vestibule.cookie("bob");
        let count = |number: usize| u64::try_from(number).unwrap();
        let (connections, peers) = (count(reader.connections), count(reader.peers));
        let mut held = None;
        // How much was sent is known when it was sent.
        let filled = row(&format!("{}, {peers} peers", reader.name), reader.bound, &vestibule, || {
            let (sent, holds) = (reader.fill)(&vestibule, &cookie, reader.connections);
            held = Some(holds);
            settle(&vestibule);
            sent
        });
        drop(held);
        rows.push(filled.at_most(peers * reader.limit).besides(connections * CONNECTION + PROCESS));
    }
    judge("browsers' side", &rows);
}

/// A rule that reads bodies below one path.
const JUDGED: &str = r#"[[addon.protect]]
path = "/judged"
methods = ["POST"]
body = "/entity_id"
access = "control"
"#;

fn readers() -> Vec<Reader> {
    let plain: fn(&mut ConfigFile) = |_| {};
    let line = |name, peers, connections, limit, fill| Reader {
        name,
        peers,
        connections,
        limit,
        bound: Bound::TenTimes,
        configure: plain,
        fill,
    };
    vec![
        line("sign-in form, HTTP/1.1", 32, 32, 32 * KIB, |vestibule, _, connections| {
            h1_trickle(vestibule, connections, SIGN_IN, "")
        }),
        line("sign-in form, HTTP/2", 32, 4, 32 * KIB, |vestibule, _, connections| {
            h2_trickle(vestibule, connections, SIGN_IN, &[])
        }),
        line("judged body, HTTP/1.1", 32, 32, 64 * KIB, |vestibule, cookie, connections| {
            h1_trickle(vestibule, connections, "/ingress/a/judged", &format!("Cookie: {cookie}\r\n"))
        }),
        line("judged body, HTTP/2", 32, 4, 64 * KIB, |vestibule, cookie, connections| {
            h2_trickle(vestibule, connections, "/ingress/a/judged", &[(b"cookie", cookie.as_bytes())])
        }),
        line("head, HTTP/1.1", 128, 128, 64 * KIB, h1_heads),
        line("header block, HTTP/2", 128, 128, 32 * KIB, h2_heads),
        // One byte stands for a whole field (RFC 7541 section 6.1): what counts is the documented size of the head.
        Reader { bound: Bound::Limit(256 * 32 * KIB), ..line("cookie crumbs, HTTP/2", 256, 4, 32 * KIB, h2_crumbs) },
        line("WebSocket to a slow add-on, HTTP/1.1", 32, 32, 64 * KIB, h1_tunnels),
        line("WebSocket to a slow add-on, HTTP/2", 32, 8, 256 * KIB, h2_tunnels),
        line("upload to a slow add-on, HTTP/1.1", 32, 32, 128 * KIB, h1_uploads),
        line("upload to a slow add-on, HTTP/2", 32, 8, 256 * KIB, h2_uploads),
        line("download that is not taken, HTTP/2", 128, 4, 320 * KIB, h2_downloads),
        line("question of another proxy", 64, 64, 64 * KIB, questions),
        line("TLS handshake in pieces", 256, 256, 64 * KIB, handshakes),
        Reader {
            name: "PROXY header",
            peers: 256,
            connections: 256,
            limit: 8 * KIB,
            bound: Bound::TenTimes,
            configure: |config| {
                config.set("listen", "https", r#"["127.0.0.1:0", { address = "127.0.0.1:0", proxy_protocol = true }]"#);
                config.set("listen", "trusted_proxies", r#"["127.0.0.0/8"]"#);
            },
            fill: proxy_headers,
        },
    ]
}

/// Bodies of a byte at a time, each in a record and a chunk of its own.
fn h1_trickle(vestibule: &Vestibule, connections: usize, path: &str, more: &str) -> Filled {
    let kind = if path == SIGN_IN { "application/x-www-form-urlencoded" } else { "application/json" };
    wires(vestibule, connections, |wire: &mut Wire| {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: p.test\r\nOrigin: {ORIGIN}\r\nContent-Type: {kind}\r\n{more}");
        let mut sent = wire.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
        for _ in 0..1000 {
            sent += wire.send(b"1\r\na\r\n");
        }
        sent
    })
}

/// Bodies of a byte at a time over HTTP/2, a frame of sixteen kilobytes that is nobody's between two of them.
fn h2_trickle(vestibule: &Vestibule, connections: usize, path: &str, more: &[(&[u8], &[u8])]) -> Filled {
    let kind: &[u8] = if path == SIGN_IN { b"application/x-www-form-urlencoded" } else { b"application/json" };
    let mut fields = pseudo("POST", path);
    fields.extend([(&b"origin"[..], ORIGIN.as_bytes()), (b"content-type", kind)]);
    fields.extend(more);
    let (head, nobodys) = (block(&fields), frame(200, 0, 0, &[0; 16_000]));
    let mut sent = 0;
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut client = FrameClient::connect(vestibule.https());
            let streams = (0..8_u32).map(|number| 2 * number + 1);
            let mut bytes: Vec<u8> =
                streams.clone().flat_map(|stream| frame(HEADERS, END_HEADERS, stream, &head)).collect();
            // As many as the budget of frames without content lasts for.
            for stream in streams.cycle().take(900) {
                bytes.extend(frame(DATA, 0, stream, b"a"));
                bytes.extend(&nobodys);
            }
            sent += bytes.len();
            assert!(client.send(&bytes), "they are taken");
            client
        })
        .collect();
    (sent, Box::new(clients))
}

/// Heads that do not end.
fn h1_heads(vestibule: &Vestibule, _: &str, connections: usize) -> Filled {
    wires(vestibule, connections, |wire: &mut Wire| {
        let field = format!("X-A: {}\r\n", "b".repeat(200));
        wire.send(format!("GET / HTTP/1.1\r\nHost: p.test\r\n{}X", field.repeat(70)).as_bytes())
    })
}

/// Header blocks that do not end.
fn h2_heads(vestibule: &Vestibule, _: &str, connections: usize) -> Filled {
    let mut sent = 0;
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut client = FrameClient::connect(vestibule.https());
            let head = frame(HEADERS, END_STREAM, 1, &block(&pseudo("GET", "/ingress/a/")));
            let more = frame(CONTINUATION, 0, 1, &block(&[(b"x-a", &[b'b'; 3000])]));
            let bytes = [head, more.repeat(4)].concat();
            sent += bytes.len();
            client.send(&bytes);
            client
        })
        .collect();
    (sent, Box::new(clients))
}

/// Requests whose cookie comes in crumbs, a byte each, and whose answers never come.
fn h2_crumbs(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    let mut sent = 0;
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut client = FrameClient::connect(vestibule.https());
            for number in 0..64_u32 {
                let mut fields = pseudo("GET", "/ingress/a/");
                fields.push((b"cookie", cookie.as_bytes()));
                let mut bytes = block(&fields);
                if number == 0 {
                    bytes.extend([vec![0x40], string(b"cookie"), string(b"a=b")].concat());
                }
                bytes.extend([0x80 | 0x3e; 80]);
                let bytes = frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &bytes);
                sent += bytes.len();
                client.send(&bytes);
            }
            client
        })
        .collect();
    (sent, Box::new(clients))
}

/// Frames of a WebSocket right behind its handshake, to an add-on that accepts it and takes nothing.
fn h1_tunnels(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    wires(vestibule, connections, |wire: &mut Wire| {
        let head = format!(
            "GET /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nOrigin: {ORIGIN}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        wire.send(head.as_bytes()) + wire.send(&vec![b'x'; 4 << 20])
    })
}

/// WebSockets of one connection (RFC 8441), each as far as its window goes.
fn h2_tunnels(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    h2_streams(vestibule, connections, || {
        let mut fields = pseudo("CONNECT", "/ingress/a/");
        fields.push((b":protocol", b"websocket"));
        fields.extend([
            (&b"cookie"[..], cookie.as_bytes()),
            (b"origin", ORIGIN.as_bytes()),
            (b"sec-websocket-version", b"13"),
        ]);
        block(&fields)
    })
}

fn h1_uploads(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    wires(vestibule, connections, |wire: &mut Wire| {
        let head = format!(
            "POST /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nContent-Length: 99999999\r\n\r\n"
        );
        wire.send(head.as_bytes()) + wire.send(&vec![b'x'; 4 << 20])
    })
}

fn h2_uploads(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    h2_streams(vestibule, connections, || {
        let mut fields = pseudo("POST", "/ingress/a/");
        fields.push((b"cookie", cookie.as_bytes()));
        block(&fields)
    })
}

/// Four streams for each connection, with as many bytes as their windows let through.
fn h2_streams(vestibule: &Vestibule, connections: usize, head: impl Fn() -> Vec<u8>) -> Filled {
    let mut sent = 0;
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut client = FrameClient::connect(vestibule.https());
            for stream in (0..4_u32).map(|number| 2 * number + 1) {
                let data = frame(DATA, 0, stream, &[b'x'; 16_000]).repeat(13);
                let bytes = [frame(HEADERS, END_HEADERS, stream, &head()), data].concat();
                sent += bytes.len();
                client.send(&bytes);
            }
            client
        })
        .collect();
    (sent, Box::new(clients))
}

/// Downloads into a window of nothing. What counts as sent is what the add-on has to say.
fn h2_downloads(vestibule: &Vestibule, cookie: &str, connections: usize) -> Filled {
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut client = FrameClient::connect_with(vestibule.https(), &[(4, 0)]);
            for stream in (0..32_u32).map(|number| 2 * number + 1) {
                let mut fields = pseudo("GET", "/ingress/a/download");
                fields.push((b"cookie", cookie.as_bytes()));
                client.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields)));
            }
            client
        })
        .collect();
    (4_000_000 * connections * 32, Box::new(clients))
}

/// What forward-auth never reads.
fn questions(vestibule: &Vestibule, _: &str, connections: usize) -> Filled {
    wires(vestibule, connections, |wire: &mut Wire| {
        let head = "POST /.vestibule/verify HTTP/1.1\r\nHost: p.test\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
                    X-Forwarded-Host: p.test\r\nX-Forwarded-Uri: /ingress/a/\r\nContent-Length: 99999999\r\n\r\n";
        wire.send(head.as_bytes()) + wire.send(&vec![b'x'; 1 << 20])
    })
}

/// The first pieces of a handshake that is far longer, in records of their own.
fn handshakes(vestibule: &Vestibule, _: &str, connections: usize) -> Filled {
    // A ClientHello of sixty kilobytes (RFC 8446 section 4), of which the last piece is missing.
    let hello = [&[1, 0, 0xea, 0x60, 3, 3][..], &vec![7; 50_000]].concat();
    let records: Vec<u8> = hello
        .chunks(1000)
        .flat_map(|piece| {
            let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
            [&[22, 3, 1][..], &length, piece].concat()
        })
        .collect();
    plain(vestibule.https(), &records, connections)
}

/// A header of the second version that says it is longer than it is, and one of the first that has no end.
fn proxy_headers(vestibule: &Vestibule, _: &str, connections: usize) -> Filled {
    let second = vestibule.stderr().lines().rev().find_map(|line| {
        let (_, address) = line.split_once("listening on https://")?;
        address.split_whitespace().next()?.parse().ok()
    });
    let signature = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
    plain(second.expect("both addresses are in the log"), &[&signature[..], &vec![7; 60_000]].concat(), connections)
}
