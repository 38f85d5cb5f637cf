//! The first messages of a WebSocket, before anybody has shown who they are (RFC 6455 section 5): read frame by frame
//! and not a byte further, so that the stream can be handed on as it is.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::entropy;

/// Whose frames are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// A client, whose frames are masked.
    Client,
    /// A server, whose frames are not.
    Server,
}

/// Reads one message of text. Nothing when the peer ends, sends something else, or more than a few bytes.
pub(super) async fn read_text<S>(stream: &mut S, peer: Peer) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut text, mut left, mut begun) = (Vec::new(), MOST, false);
    loop {
        let frame = read_frame(stream, peer, &mut left).await?;
        match (frame.opcode, begun) {
            (TEXT, false) | (CONTINUATION, true) => {
                begun = true;
                text.extend(frame.payload);
                if frame.is_last {
                    return String::from_utf8(text).ok();
                }
            }
            (PING, _) => write_frame(stream, peer, PONG, &frame.payload).await?,
            (PONG, _) => {}
            _ => return None,
        }
    }
}

/// Writes one message of text to this peer.
pub(super) async fn write_text<S>(stream: &mut S, peer: Peer, text: &str) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    write_frame(stream, peer, TEXT, text.as_bytes()).await
}

/// Closes with this code (RFC 6455 section 7.4).
pub(super) async fn close<S>(stream: &mut S, peer: Peer, code: u16)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _gone = write_frame(stream, peer, CLOSE, &code.to_be_bytes()).await;
    let _gone_too = stream.shutdown().await;
}

struct Frame {
    opcode: u8,
    is_last: bool,
    payload: Vec<u8>,
}

async fn read_frame<S>(stream: &mut S, peer: Peer, left: &mut usize) -> Option<Frame>
where
    S: AsyncRead + Unpin,
{
    let [first, second] = bytes(stream).await?;
    // No extension was agreed on, so that the reserved bits must be 0 (RFC 6455 section 5.2).
    if first & RESERVED != 0 || (second & MASKED != 0) != (peer == Peer::Client) {
        return None;
    }
    let length = match second & !MASKED {
        126 => u64::from(u16::from_be_bytes(bytes(stream).await?)),
        127 => u64::from_be_bytes(bytes(stream).await?),
        short => u64::from(short),
    };
    let length = usize::try_from(length).ok()?;
    let (opcode, is_last) = (first & OPCODE, first & FINAL != 0);
    // RFC 6455 section 5.5: control frames are short and in one piece.
    if opcode >= CLOSE && (length > LONGEST_CONTROL || !is_last) {
        return None;
    }
    // Paid for before it is read. A frame without content costs as well, or there could be any number of them.
    *left = left.checked_sub(length.saturating_add(HEADER))?;
    let key: [u8; 4] = if peer == Peer::Client { bytes(stream).await? } else { [0; 4] };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Some(Frame { opcode, is_last, payload })
}

async fn bytes<S, const N: usize>(stream: &mut S) -> Option<[u8; N]>
where
    S: AsyncRead + Unpin,
{
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

async fn write_frame<S>(stream: &mut S, peer: Peer, opcode: u8, payload: &[u8]) -> Option<()>
where
    S: AsyncWrite + Unpin,
{
    // What we send to a server is masked, and what we send to a client is not.
    let mask = if peer == Peer::Server { MASKED } else { 0 };
    let mut frame = vec![FINAL | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..126), _) => frame.push(mask | short),
        (_, Ok(length)) => {
            frame.push(mask | LONG);
            frame.extend(length.to_be_bytes());
        }
        _ => return None,
    }
    if peer == Peer::Server {
        let key = entropy::random::<4>();
        frame.extend(key);
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    } else {
        frame.extend(payload);
    }
    stream.write_all(&frame).await.ok()?;
    stream.flush().await.ok()
}

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// In the place of a length: two bytes of it follow.
const LONG: u8 = 0x7e;
const LONGEST_CONTROL: usize = 125;
/// What a frame is counted as besides its payload.
const HEADER: usize = 8;
/// All that is read of a peer before it has shown who it is: a token, of 8 KiB at most, and pings.
const MOST: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], peer: Peer) -> Option<String> {
        let (mut ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(bytes).await.unwrap();
        theirs.shutdown().await.unwrap();
        read_text(&mut ours, peer).await
    }

    #[tokio::test]
    async fn a_text_is_read_in_fragments_with_pings_between_them_and_nothing_behind_it() {
        let (mut ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_all(b"\x01\x02ab\x89\x01x\x80\x01c\x81\x04rest").await.unwrap();
        assert_eq!(read_text(&mut ours, Peer::Server).await.as_deref(), Some("abc"));
        let mut rest = [0; 6];
        ours.read_exact(&mut rest).await.unwrap();
        assert_eq!(&rest, b"\x81\x04rest");
    }

    #[tokio::test]
    async fn what_is_no_text_of_that_peer_is_nothing() {
        for bytes in [
            &b"\x82\x01a"[..],
            b"\xc1\x01a",
            b"\x88\x02\x03\xe8",
            b"\x80\x01a",
            b"\x81\x81\0\0\0\0a",
            b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"\x81\x01\xff",
            b"\x09\x00",
            b"\x81",
            b"",
        ] {
            assert_eq!(read(bytes, Peer::Server).await, None, "{bytes:?}");
        }
        assert_eq!(read(b"\x81\x01a", Peer::Client).await, None, "not masked");
        assert_eq!(read(b"\x81\x81\x01\0\0\0`", Peer::Client).await.as_deref(), Some("a"));
        let pings = b"\x8a\x00".repeat(MOST / HEADER + 1);
        assert_eq!(read(&[&pings[..], b"\x81\x01a"].concat(), Peer::Server).await, None, "pings without end");
    }

    #[tokio::test]
    async fn what_is_written_to_one_side_is_read_as_the_others() {
        for (to, from) in [(Peer::Server, Peer::Client), (Peer::Client, Peer::Server)] {
            let (mut ours, mut theirs) = tokio::io::duplex(64 * 1024);
            for text in ["", "short", &"long".repeat(1000)] {
                write_text(&mut ours, to, text).await.unwrap();
                assert_eq!(read_text(&mut theirs, from).await.as_deref(), Some(text));
            }
        }
    }
}
