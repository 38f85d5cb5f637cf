//! A stream whose bytes are felt by a [`Pulse`], and which is not closed over somebody who still sends.
//!
//! A request may be answered before all of its body was read: it is too large, or the add-on does not want it. Were the
//! connection closed at once, the bytes that still come would be met by a reset, which takes the answer out of the client's
//! hands before it is read. So the end is said, and what comes is read and forgotten for a while (RFC 9112 section 9.6).

use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::pulse::Pulse;

/// A stream whose bytes are felt by a pulse.
pub(super) struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
    /// The end has been said; what still comes is read and forgotten.
    listens: bool,
    silence: Option<Pin<Box<Sleep>>>,
}

impl<S> Felt<S> {
    pub(super) fn new(stream: S, pulse: &Arc<Pulse>) -> Self {
        Self { stream, pulse: Arc::clone(pulse), listens: false, silence: None }
    }
}

impl<S: AsyncRead + Unpin> Felt<S> {
    /// Reads what still comes, and forgets it, until the client has closed or is silent. The pulse bounds it as it bounds the
    /// head of a request.
    fn poll_listened(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [MaybeUninit::uninit(); 4096];
        loop {
            let mut buf = ReadBuf::uninit(&mut room);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.pulse.has_read();
                    self.silence = None;
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(SILENCE)));
                    return silence.as_mut().poll(cx);
                }
            }
        }
    }
}

/// For how long somebody who was answered may say nothing before the connection is closed.
const SILENCE: Duration = Duration::from_secs(2);

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.has_read();
        }
        poll
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.pulse.has_written(poll.is_pending());
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.pulse.has_written(poll.is_pending());
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.pulse.has_written(poll.is_pending());
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.listens {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.listens = self.pulse.had_body();
        }
        if self.listens { self.poll_listened(cx).map(Ok) } else { Poll::Ready(Ok(())) }
    }
}
