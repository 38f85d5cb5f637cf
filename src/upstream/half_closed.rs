//! What an add-on has said before it closed.
//!
//! An add-on that does not want a body answers and closes, and the next bytes of the body are met by a reset. hyper
//! gives a connection up at the first write that fails, though the answer may lie in the socket by then. This stream
//! lets writes succeed into nowhere once the add-on has stopped reading, so that hyper reads on: the answer, or the end
//! that says that there is none (RFC 9112 section 9.5).

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream whose reader may have left.
pub(super) struct HalfClosedStream<S> {
    stream: S,
    peer_closed: PeerClosed,
}

/// Whether the add-on has stopped reading. It would not get the next request even where it can still write, as each
/// direction of a Unix socket can be closed alone.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerClosed(Arc<AtomicBool>);

impl PeerClosed {
    pub(super) fn is_so(&self) -> bool {
        // Relaxed is enough: the task that drives the connection writes and reads this, and nothing else is published
        // with it.
        self.0.load(Ordering::Relaxed)
    }
}

impl<S> HalfClosedStream<S> {
    /// The stream; `peer_closed` is told when its reader has left.
    pub(super) fn of(stream: S, peer_closed: &PeerClosed) -> Self {
        Self { stream, peer_closed: peer_closed.clone() }
    }

    /// A write as it went, or as if it had gone when the reader has left.
    fn unless_left(&mut self, written: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        match written {
            // All of it counts as written: a short count would make hyper try the rest again, for ever.
            Poll::Ready(Err(error)) if has_left(&error) => {
                self.peer_closed.0.store(true, Ordering::Relaxed);
                Poll::Ready(Ok(length))
            }
            other => other,
        }
    }
}

fn has_left(error: &io::Error) -> bool {
    // Only what a closed reader causes. Any other error, of TLS say, leaves nothing on this stream that could be
    // believed.
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

impl<S: AsyncRead + Unpin> AsyncRead for HalfClosedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HalfClosedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.peer_closed.is_so() {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.unless_left(written, buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = || bufs.iter().map(|buf| buf.len()).sum();
        if self.peer_closed.is_so() {
            return Poll::Ready(Ok(length()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.unless_left(written, length())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.peer_closed.is_so() {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(cx).map_ok(|()| 0);
        self.unless_left(flushed, 0).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
