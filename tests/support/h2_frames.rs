//! HTTP/2 frames by hand, for bytes that no library says: illegal names, pseudo-headers in trailers, floods (RFC 9113).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

use super::h2::{RUNTIME, tls, within};
use super::patience::eventually;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
/// The flag of DATA and HEADERS.
pub(crate) const END_STREAM: u8 = 1;
/// The flag of SETTINGS and PING.
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// What became of stream 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It got an answer. The first byte of its header block tells 200 from all others (RFC 7541 appendix A).
    Answered {
        /// Whether the status was 200.
        ok: bool,
    },
    /// It was reset, or the connection was.
    Refused,
}

/// Fields of a header block, written without compression.
pub(crate) type Block<'a> = &'a [(&'a [u8], &'a [u8])];

/// Sends one request on a connection of its own: a header block, data if there is any, and trailers if there are any.
pub(crate) fn send(to: SocketAddr, fields: Block<'_>, data: Option<&[u8]>, trailers: Option<Block<'_>>) -> Fate {
    let alone = data.is_none() && trailers.is_none();
    let mut bytes = frame(HEADERS, END_HEADERS | if alone { END_STREAM } else { 0 }, 1, &block(fields));
    if let Some(data) = data {
        bytes.extend(frame(DATA, if trailers.is_none() { END_STREAM } else { 0 }, 1, data));
    }
    if let Some(trailers) = trailers {
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers)));
    }
    let mut client = FrameClient::connect(to);
    client.send(&bytes);
    let heard = client.await_heard("a word about stream 1", |heard| {
        heard.closed || heard.frames.iter().any(|frame| frame.stream == 1 || frame.kind == GOAWAY)
    });
    let first = heard.frames.iter().find(|frame| frame.kind == GOAWAY || frame.stream == 1);
    match first {
        Some(frame) if frame.kind == HEADERS => Fate::Answered { ok: frame.first == Some(0x88) },
        _ => Fate::Refused,
    }
}

/// The pseudo-headers of a request.
pub(crate) fn pseudo<'a>(method: &'a str, path: &'a str) -> Vec<(&'a [u8], &'a [u8])> {
    vec![
        (b":method", method.as_bytes()),
        (b":scheme", b"https"),
        (b":authority", b"p.test"),
        (b":path", path.as_bytes()),
    ]
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Literal fields without indexing, new names, no Huffman code (RFC 7541 section 6.2.2).
pub(crate) fn block(fields: Block<'_>) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| [vec![0], string(name), string(value)].concat()).collect()
}

/// A string without Huffman code (RFC 7541 section 5.2).
pub(crate) fn string(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match text.len() {
        short @ 0..127 => bytes.push(u8::try_from(short).expect("it is short")),
        long => {
            bytes.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128).expect("a remainder") | 128);
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).expect("a remainder"));
        }
    }
    bytes.extend(text);
    bytes
}

/// One frame of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    /// The first byte of the payload.
    pub(crate) first: Option<u8>,
    /// The error code of `RST_STREAM` and GOAWAY.
    pub(crate) code: Option<u32>,
}

/// What the other side has said so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Heard {
    pub(crate) frames: Vec<Frame>,
    pub(crate) closed: bool,
}

impl Heard {
    /// The error code of the first GOAWAY.
    pub(crate) fn goaway(&self) -> Option<u32> {
        self.frames.iter().find(|frame| frame.kind == GOAWAY).and_then(|frame| frame.code)
    }

    /// Whether the connection is over, one way or another.
    pub(crate) fn is_over(&self) -> bool {
        self.closed || self.goaway().is_some()
    }

    /// The frames of a stream.
    pub(crate) fn of(&self, stream: u32) -> Vec<Frame> {
        self.frames.iter().filter(|frame| frame.stream == stream).copied().collect()
    }

    /// Whether a stream has ended, with an answer or a reset.
    pub(crate) fn has_ended(&self, stream: u32) -> bool {
        self.of(stream).iter().any(|frame| frame.kind == RST_STREAM || frame.ends_stream())
    }
}

impl Frame {
    /// Whether it is the last of an answer.
    pub(crate) fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// A connection that says frames and keeps what it hears. It reads at all times, so that no flood of its own stops it.
pub(crate) struct FrameClient {
    write: WriteHalf<TlsStream<TcpStream>>,
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

/// Closes the connection.
impl Drop for FrameClient {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl FrameClient {
    /// Connects, with the settings that are the default.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::connect_with(to, &[])
    }

    /// Connects with these settings (RFC 9113 section 6.5.2).
    pub(crate) fn connect_with(to: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let settings: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        let (read, write) = tokio::io::split(RUNTIME.block_on(within(tls(to))));
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listening = RUNTIME.spawn(listen(read, Arc::clone(&heard)));
        let mut this = Self { write, heard, listening };
        this.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        this.send(&[frame(SETTINGS, 0, 0, &settings), frame(SETTINGS, ACK, 0, &[])].concat());
        this
    }

    /// Sends bytes, and says whether the other side takes them all.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        RUNTIME
            .block_on(within(async { self.write.write_all(bytes).await.is_ok() && self.write.flush().await.is_ok() }))
    }

    /// What was heard so far.
    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().expect("nobody panics here").clone()
    }

    /// Waits until enough was heard.
    pub(crate) fn await_heard(&self, what: &str, enough: impl Fn(&Heard) -> bool) -> Heard {
        eventually(what, || Some(self.heard()).filter(&enough))
    }

    /// The first byte of the header block of the answer on a stream: the status, where it is an indexed one.
    pub(crate) fn await_answer(&self, stream: u32) -> Option<u8> {
        let heard = self.await_heard("an answer", |heard| heard.has_ended(stream) || heard.is_over());
        heard.of(stream).iter().find(|frame| frame.kind == HEADERS).and_then(|frame| frame.first)
    }
}

async fn listen(mut read: ReadHalf<TlsStream<TcpStream>>, heard: Arc<Mutex<Heard>>) {
    let mut start = [0; 9];
    while read.read_exact(&mut start).await.is_ok() {
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut payload = vec![0; length as usize];
        if read.read_exact(&mut payload).await.is_err() {
            break;
        }
        let number = |at: usize| {
            let bytes = payload.get(at..at + 4)?;
            Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let code = match start[3] {
            RST_STREAM => number(0),
            GOAWAY => number(4),
            _ => None,
        };
        let stream = u32::from_be_bytes([start[5], start[6], start[7], start[8]]);
        let frame = Frame { kind: start[3], flags: start[4], stream, first: payload.first().copied(), code };
        heard.lock().expect("nobody panics here").frames.push(frame);
    }
    heard.lock().expect("nobody panics here").closed = true;
}
