//! A stream whose bytes are counted: few before its peer has shown who it is, and by the budget of the add-on after
//! that.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::addon_api::body::Room;
use crate::budget::Permit;

/// A stream that is read only as far as its allowance goes; reading more is [`io::ErrorKind::QuotaExceeded`].
#[derive(Debug)]
pub(crate) struct Metered<S> {
    stream: S,
    allowance: Allowance,
}

#[derive(Debug)]
enum Allowance {
    /// So many bytes are left, for ever.
    Bytes(usize),
    /// What one message takes is counted until it has been passed on.
    Messages(Box<Message>),
}

/// What has been read of a message.
#[derive(Debug)]
struct Message {
    room: Room,
    /// Bytes read, frame headers and control frames between its fragments included.
    read: usize,
    permit: Option<Permit>,
}

impl<S> Metered<S> {
    /// A stream that gives at most `most` bytes, and what comes with the last of them in one read.
    pub(super) fn new(stream: S, most: usize) -> Self {
        Self { stream, allowance: Allowance::Bytes(most) }
    }

    /// As much as there is room for.
    pub(crate) fn within(stream: S, room: Room) -> Self {
        Self { stream, allowance: Allowance::messages(room) }
    }

    /// From here on as much is read as there is room for.
    pub(super) fn lift(&mut self, room: Room) {
        self.allowance = Allowance::messages(room);
    }

    /// A message has been passed on: its room is free again.
    pub(super) fn passed_on(&mut self) {
        if let Allowance::Messages(message) = &mut self.allowance {
            (message.read, message.permit) = (0, None);
        }
    }
}

impl Allowance {
    fn messages(room: Room) -> Self {
        Self::Messages(Box::new(Message { room, read: 0, permit: None }))
    }

    fn count(&mut self, read: usize) -> Result<(), io::ErrorKind> {
        match self {
            // Never refilled: before a token is shown, pings and fragments are paid for out of the same few bytes.
            Self::Bytes(left) => *left = left.checked_sub(read).ok_or(io::ErrorKind::QuotaExceeded)?,
            Self::Messages(message) => message.count(read).map_err(|_| io::ErrorKind::QuotaExceeded)?,
        }
        Ok(())
    }
}

impl Message {
    fn count(&mut self, read: usize) -> Result<(), crate::budget::Refused> {
        self.read = self.read.saturating_add(read);
        match &mut self.permit {
            Some(permit) => self.room.grow(permit, read)?,
            // Nearly all messages end here, and no lock is taken for them.
            None if self.read <= UNCOUNTED => {}
            None => self.permit = Some(self.room.take(self.read)?),
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let read = buf.filled().len().saturating_sub(before);
        // Counted as it is read, before the library has a message: a frame header may promise gigabytes, and what
        // arrives is what takes memory.
        self.allowance.count(read)?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Bytes of a message that are not counted. They come with the WebSocket, and each add-on has a limited number of
/// those.
const UNCOUNTED: usize = 64 * 1024;
