//! A stream that gives few bytes before its peer has shown who it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which only so much is read.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    left: Option<usize>,
}

impl<S> Metered<S> {
    /// At most `most` bytes, and what comes with the last of them in one read.
    pub(super) fn new(stream: S, most: usize) -> Self {
        Self { stream, left: Some(most) }
    }

    /// From here on all that comes is read.
    pub(super) fn lift(&mut self) {
        self.left = None;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Some(left) = self.left else { return Poll::Ready(Ok(())) };
        let read = buf.filled().len().saturating_sub(before);
        self.left = Some(left.checked_sub(read).ok_or(io::ErrorKind::QuotaExceeded)?);
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
