//! HTTP/2 frames by hand, for bytes that no library says: illegal names, pseudo-headers in trailers (RFC 9113).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::h2::{RUNTIME, tls, within};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

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
pub(crate) fn send(to: SocketAddr, head: Block<'_>, data: Option<&[u8]>, trailers: Option<Block<'_>>) -> Fate {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, SETTINGS, 0, 0, &[]);
    let alone = data.is_none() && trailers.is_none();
    frame(&mut bytes, HEADERS, END_HEADERS | if alone { END_STREAM } else { 0 }, 1, &block(head));
    if let Some(data) = data {
        frame(&mut bytes, DATA, if trailers.is_none() { END_STREAM } else { 0 }, 1, data);
    }
    if let Some(trailers) = trailers {
        frame(&mut bytes, HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers));
    }
    RUNTIME.block_on(within(async {
        let mut stream = tls(to).await;
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return Fate::Refused;
        }
        let mut head = [0; 9];
        while stream.read_exact(&mut head).await.is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            if stream.read_exact(&mut payload).await.is_err() {
                break;
            }
            match (head[3], head[8]) {
                (HEADERS, 1) => return Fate::Answered { ok: payload.first() == Some(&0x88) },
                (RST_STREAM, 1) | (GOAWAY, _) => return Fate::Refused,
                _ => {}
            }
        }
        Fate::Refused
    }))
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

fn frame(bytes: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    bytes.extend(&length[1..]);
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
}

/// Literal fields without indexing, new names, no Huffman code (RFC 7541 section 6.2.2).
fn block(fields: Block<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            bytes.push(u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("a text shorter than 127 bytes"));
            bytes.extend(*text);
        }
    }
    bytes
}
