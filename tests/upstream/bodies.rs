//! Bodies of any size, streamed: what breaks off on one side breaks off on the other, what answers early is heard
//! early, and nothing is kept of what has passed. Cases S-55, S-56, S-71 and S-72.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::behind;
use crate::support::h2::{RUNTIME, status_of, tls_with, within};
use crate::support::{
    Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, Vestibule, certificate, eventually, wire,
};

#[test]
fn an_upload_that_breaks_off_is_not_a_whole_one() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    let head = format!("POST /ingress/a/upload HTTP/1.1|Host: p.test|Cookie: {cookie}|");
    for framing in ["Content-Length: 1000||0123456789", "Transfer-Encoding: chunked||a|0123456789|"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("{head}{framing}")));
        eventually("the upload", || (!addon.requests().is_empty()).then_some(()));
        drop(client);
        eventually("the end at the add-on", || (addon.open() == 0).then_some(()));
        assert!(!addon.requests()[0].complete, "{framing}: {:#?}", addon.requests());
        addon.forget();
    }
    for length in [None, Some("1000")] {
        let ask = Ask::new("POST", "/ingress/a/upload").cookie(&cookie);
        let ask = length.into_iter().fold(ask, |ask, length| ask.field("content-length", length));
        let mut client = H2Client::connect(vestibule.https());
        let (mut stream, response) = client.open(&ask, false).unwrap();
        stream.send_data(Bytes::from_static(b"0123456789"), false).unwrap();
        eventually("the upload", || (!addon.requests().is_empty()).then_some(()));
        stream.send_reset(h2::Reason::CANCEL);
        drop(response);
        eventually("the end at the add-on", || (addon.open() == 0).then_some(()));
        assert!(!addon.requests()[0].complete, "{length:?}: {:#?}", addon.requests());
        addon.forget();
    }
}

#[test]
fn a_download_that_nobody_takes_ends_at_the_add_on() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&Ask::get("/ingress/a/").cookie(&cookie).to_bytes());
    assert_eq!(h1.head().status, 200);
    let mut h2 = H2Client::connect(vestibule.https());
    let (answer, stream) = h2.stream(&Ask::get("/ingress/a/").cookie(&cookie));
    assert_eq!((answer.status, addon.open()), (200, 2));
    drop(h1);
    eventually("one less", || (addon.open() == 1).then_some(()));
    drop(stream);
    eventually("none left", || (addon.open() == 0).then_some(()));
    assert_eq!(h2.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200, "the connection lives on");
}

#[test]
fn an_add_on_that_ends_in_the_middle_of_an_upload_is_a_502() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let table =
        format!("slug = \"a\"\nupstream = \"http://{}\"\npath = \"/ingress/a\"", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 1024]);
        }
    });
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", vec![b'x'; 3_000_000]).cookie(&cookie));
        assert!(matches!(answer.status, 502 | 0), "{protocol:?}: {answer:#?}");
    }
}

#[test]
fn s55_an_early_answer_is_heard_before_the_upload_has_ended_and_its_connection_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let table =
        format!("slug = \"a\"\nupstream = \"http://{}\"\npath = \"/ingress/a\"", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for (place, mut stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let tell = tell.clone();
            thread::spawn(move || {
                let mut seen = Vec::new();
                let mut room = [0; 4096];
                while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
                    let read = stream.read(&mut room).unwrap_or_default();
                    if read == 0 {
                        return;
                    }
                    seen.extend_from_slice(&room[..read]);
                }
                let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
                let head = String::from_utf8_lossy(&seen).lines().next().unwrap_or_default().to_owned();
                let _ = tell.send((place, head));
                while stream.read(&mut room).is_ok_and(|read| read > 0) {}
            });
        }
    });
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table);
    });
    let cookie = vestibule.cookie("bob");
    // What is left of the body looks like a request, and must be nobody's.
    let smuggled = format!("GET /ingress/a/smuggled HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n\r\n");
    let mut client = RawClient::connect(vestibule.https());
    let head =
        format!("POST /ingress/a/big HTTP/1.1|Host: p.test|Cookie: {cookie}|Content-Length: {}||", smuggled.len());
    client.send(&wire(&head));
    let answer = client.answer_to("POST");
    assert_eq!((answer.status, answer.text().as_str()), (413, "big"));
    client.send(smuggled.as_bytes());
    let _ = client.answer();
    let mut h2 = H2Client::connect(vestibule.https());
    let ask = Ask::new("POST", "/ingress/a/big2").cookie(&cookie).field("content-length", "1000000");
    let (mut stream, response) = h2.open(&ask, false).unwrap();
    // The answer may be whole before this is sent, and the stream ended with it (RFC 9113 section 8.1).
    let _ = stream.send_data(Bytes::from_static(b"some"), false);
    assert_eq!(status_of(response), 413);
    let last = vestibule.ask(Protocol::H1, &Ask::post("/ingress/a/last", "x").cookie(&cookie));
    assert_eq!(last.status, 413);
    let seen: Vec<(usize, String)> = told.try_iter().collect();
    let heads: Vec<&str> = seen.iter().map(|(_, head)| head.as_str()).collect();
    assert_eq!(
        heads,
        ["POST /big HTTP/1.1", "POST /big2 HTTP/1.1", "POST /last HTTP/1.1"],
        "each on a connection of its own"
    );
    assert_eq!(seen.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn s55_what_an_add_on_says_before_it_hangs_up_on_an_upload_is_heard() {
    // It reads the head, answers and closes with the body unread, which resets the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addon = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
        }
    });
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&format!("slug = \"a\"\nupstream = \"http://{addon}\"\npath = \"/ingress/a\""));
    });
    let cookie = vestibule.cookie("bob");
    for round in 0..10 {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", vec![b'x'; 3_000_000]).cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str()), (413, "big"), "{protocol:?} {round}");
        }
    }
}

#[test]
fn s55_who_is_refused_in_the_middle_of_an_upload_gets_to_read_it() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "max_body = \"1KiB\"");
    for length in ["Content-Length: 100000000", "Transfer-Encoding: chunked"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|{length}||")));
        let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat();
        // More than all buffers on the way hold.
        let sent = (0..160).all(|_| client.try_send(&chunk));
        assert!(sent, "{length}: the connection is not reset over the upload");
        assert_eq!(client.answer_to("POST").status, 413, "{length}");
    }
}

#[test]
fn s56_100_continue_is_said_once_somebody_wants_the_body() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "max_body = \"1KiB\"");
    let head = "POST /ingress/a/ HTTP/1.1|Host: p.test|Expect: 100-continue|";
    // A refusal comes without it: the body need not be sent at all.
    for (lines, status) in
        [("Content-Length: 4||".to_owned(), "401"), (format!("Cookie: {cookie}|Content-Length: 4000||"), "413")]
    {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("{head}{lines}")));
        let first = String::from_utf8_lossy(&client.some()).into_owned();
        assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{first}");
    }
    addon.assert_untouched("refused before the body");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!("{head}Cookie: {cookie}|Content-Length: 4||")));
    assert_eq!(client.up_to(25), b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(b"body");
    assert_eq!(client.answer_to("POST").status, 200);
    assert_eq!(addon.one().body, b"body");
}

#[test]
fn interim_answers_without_end_are_not_waited_for() {
    // Few and long, many at once: there is always another to read, and reading one is little work even where nothing
    // is optimised. Of short ones a debug build reads for seconds before it looks at the clock again, which it does
    // after so many reads, and on a loaded machine for longer than any client waits.
    let hints = format!("HTTP/1.1 103 Early Hints\r\nLink: </{}>\r\n\r\n", "x".repeat(16 * 1024)).repeat(64);
    let addon = RawAddon::scripted(move |_, wire| {
        while wire.write(hints.as_bytes()).is_ok() {}
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "response_timeout = \"500ms\"");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert!(matches!(answer.status, 502 | 504), "{protocol:?}: {answer:#?}");
    }
}

/// An add-on of plain loops: `/down` sends so many bytes, `/up` takes what comes and says how much it was.
fn loops(size: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || carry(stream, size));
        }
    });
    address
}

fn carry(mut stream: TcpStream, size: u64) -> Option<()> {
    let mut room = vec![0; 256 * 1024];
    let mut seen = Vec::new();
    let end = loop {
        let read = stream.read(&mut room).ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&room[..read]);
        if let Some(at) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n");
    if seen.starts_with(b"GET") {
        stream.write_all(head.as_bytes()).ok()?;
        let mut left = size;
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
            stream.write_all(&room[..piece]).ok()?;
            left -= piece as u64;
        }
        return Some(());
    }
    let mut got = (seen.len() - end) as u64;
    while got < size {
        got += stream.read(&mut room).ok().filter(|read| *read > 0)? as u64;
    }
    let told = got.to_string();
    let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{told}", told.len());
    stream.write_all(answer.as_bytes()).ok()
}

/// The memory of a process in bytes, as `/proc/PID/status` names it.
fn memory(vestibule: &Vestibule, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", vestibule.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kib: u64 = line.trim_start_matches(':').trim().strip_suffix(" kB").unwrap().parse().unwrap();
    kib * 1024
}

/// Lets `pass` happen and says by how much the memory grew at its highest.
pub(crate) fn growth(vestibule: &Vestibule, pass: impl FnOnce()) -> u64 {
    // proc_pid_clear_refs(5): 5 resets the peak resident set size to the current one.
    std::fs::write(format!("/proc/{}/clear_refs", vestibule.pid()), "5").unwrap();
    let before = memory(vestibule, "VmRSS");
    pass();
    memory(vestibule, "VmHWM").saturating_sub(before)
}

pub(crate) const MIB: u64 = 1024 * 1024;

/// Bytes each way: enough that a body which is kept shows, and little enough for everyday. `VESTIBULE_BODY_MIB=1024`
/// says more.
fn size() -> u64 {
    std::env::var("VESTIBULE_BODY_MIB").ok().and_then(|mib| mib.parse().ok()).unwrap_or(128) * MIB
}

fn giant() -> (Vestibule, String) {
    let table = format!("slug = \"a\"\nupstream = \"http://{}\"\npath = \"/ingress/a\"", loops(size()));
    let vestibule = Vestibule::start(|config| {
        config.set("log", "filter", "\"info\"").addon_table(&table);
    });
    let cookie = vestibule.cookie("bob");
    // What is made once is there before it is measured.
    for protocol in BOTH {
        vestibule.ask(protocol, &Ask::get("/.vestibule/session").cookie(&cookie));
    }
    (vestibule, cookie)
}

type Way = fn(&Vestibule, &str);

#[test]
fn s72_a_giant_passes_in_both_directions_and_leaves_no_trace() {
    let (vestibule, cookie) = giant();
    let ways: [(&str, Way); 4] = [("h1 down", h1_down), ("h1 up", h1_up), ("h2 down", h2_down), ("h2 up", h2_up)];
    for (name, way) in ways {
        let begun = std::time::Instant::now();
        let grown = growth(&vestibule, || way(&vestibule, &cookie));
        println!("{name}: {} MiB in {:?}, {} KiB more memory", size() / MIB, begun.elapsed(), grown / 1024);
        assert!(grown < 20 * MIB, "{name}: {grown} bytes");
    }
}

fn h1_down(vestibule: &Vestibule, cookie: &str) {
    RUNTIME.block_on(async {
        let mut stream = tls_with(vestibule.https(), certificate::client(b"http/1.1")).await;
        stream.write_all(&Ask::get("/ingress/a/down").cookie(cookie).to_bytes()).await.unwrap();
        let mut room = vec![0; 256 * 1024];
        let mut got = 0;
        while got < size() {
            let read = within(stream.read(&mut room)).await.unwrap() as u64;
            assert_ne!(read, 0, "after {got}");
            got += read;
        }
    });
}

fn h1_up(vestibule: &Vestibule, cookie: &str) {
    RUNTIME.block_on(async {
        let mut stream = tls_with(vestibule.https(), certificate::client(b"http/1.1")).await;
        let head = format!("POST /ingress/a/up HTTP/1.1|Host: p.test|Cookie: {cookie}|Content-Length: {}||", size());
        stream.write_all(&wire(&head)).await.unwrap();
        let piece = vec![0; 256 * 1024];
        for _ in 0..size() / piece.len() as u64 {
            within(stream.write_all(&piece)).await.unwrap();
        }
        // What is written to a TLS stream may wait in it until the socket has room.
        within(stream.flush()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = within(stream.read(&mut answer)).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
    });
}

fn h2_down(vestibule: &Vestibule, cookie: &str) {
    let mut client = H2Client::connect_with_window(vestibule.https(), 1024 * 1024);
    let (_, response) = client.open(&Ask::get("/ingress/a/down").cookie(cookie), true).unwrap();
    RUNTIME.block_on(async {
        let mut body = within(response).await.unwrap().into_body();
        let mut got = 0;
        while let Some(data) = within(body.data()).await {
            let data = data.unwrap();
            got += data.len() as u64;
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        assert_eq!(got, size());
    });
}

fn h2_up(vestibule: &Vestibule, cookie: &str) {
    let mut client = H2Client::connect(vestibule.https());
    // With its length, so that the add-on gets the bytes alone and no chunks.
    let ask = Ask::new("POST", "/ingress/a/up").field("content-length", size().to_string()).cookie(cookie);
    let (mut stream, response) = client.open(&ask, false).unwrap();
    RUNTIME.block_on(async {
        let (mut left, zeros) = (size(), Bytes::from(vec![0; 64 * 1024]));
        while left > 0 {
            let piece = usize::try_from(left.min(64 * 1024)).unwrap();
            stream.reserve_capacity(piece);
            let room = within(std::future::poll_fn(|cx| stream.poll_capacity(cx))).await.unwrap().unwrap();
            let piece = room.min(piece);
            stream.send_data(zeros.slice(..piece), false).unwrap();
            left -= piece as u64;
        }
        stream.send_data(Bytes::new(), true).unwrap();
        assert_eq!(within(response).await.unwrap().status(), 200);
    });
}

#[test]
fn s72_slow_readers_cost_the_buffer_of_one_answer_each() {
    const READERS: u64 = 8;
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        while wire.write(&[0; 16 * 1024]).is_ok() {}
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    let mut held = Vec::new();
    let grown = growth(&vestibule, || {
        for _ in 0..READERS / 2 {
            let mut client = RawClient::connect(vestibule.https());
            client.send(&ask.to_bytes());
            assert_eq!(client.head().status, 200);
            let mut streams = H2Client::connect(vestibule.https());
            let unread = streams.stream(&ask);
            held.push((client, streams, unread));
        }
        // A little is taken now and then, as over a bad line.
        for _ in 0..20 {
            for (client, _, (_, stream)) in &mut held {
                assert_eq!(client.up_to(1024).len(), 1024);
                assert!(!stream.some().is_empty());
            }
        }
    });
    println!("{READERS} slow readers: {} KiB more memory", grown / 1024);
    assert!(grown < READERS * 2 * MIB, "{grown} bytes for {READERS} readers");
}
