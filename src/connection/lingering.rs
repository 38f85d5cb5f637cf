//! A stream whose bytes are felt by a [`Pulse`], and which is not closed over somebody who still sends.
//!
//! A request may be answered before all of its body was read: it is too large, or the add-on does not want it. Were the
//! connection closed at once, the bytes that still come would be met by a reset, which takes the answer out of the client's
//! hands before it is read. So the end is said, and what comes is read and forgotten for a while (RFC 9112 section 9.6).
//!
//! What passes is looked at as well, as far as no library of ours has a limit for it: see [`Watched`].

use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::h2_frames::FrameBudget;
use super::line_ends::LineEnds;
use super::timeouts::Pulse;

/// A stream whose bytes are felt by a pulse.
pub(super) struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
    watched: Watched,
    /// A frame too many has come: nothing more is read, and nothing more is said.
    over: bool,
    /// The end has been said; what still comes is read and forgotten.
    listens: bool,
    forgotten: usize,
    silence: Option<Pin<Box<Sleep>>>,
}

/// What is looked at in the bytes that pass.
pub(super) enum Watched {
    /// Where the lines of heads end.
    Http1(Box<LineEnds>),
    /// Which frames come.
    Http2(Box<FrameBudget>),
}

impl<S> Felt<S> {
    pub(super) fn new(stream: S, pulse: &Arc<Pulse>, watched: Watched) -> Self {
        Self { stream, pulse: Arc::clone(pulse), watched, over: false, listens: false, forgotten: 0, silence: None }
    }
}

impl<S: AsyncWrite + Unpin> Felt<S> {
    /// Ends a connection over which too many frames came: says so where that can be said, and then reads as one that the
    /// peer has closed.
    fn ends_flooded(&mut self, cx: &mut Context<'_>) {
        self.over = true;
        self.pulse.is_flooded();
        if let Watched::Http2(budget) = &self.watched
            && let Some(farewell) = budget.farewell()
        {
            // A peer that reads nothing does not hear of it.
            let _ = Pin::new(&mut self.stream).poll_write(cx, &farewell);
        }
    }

    fn has_written(&mut self, poll: &Poll<io::Result<usize>>, bufs: &[io::IoSlice<'_>]) {
        self.pulse.has_written(poll.is_pending());
        let (Watched::Http2(budget), Poll::Ready(Ok(written))) = (&mut self.watched, poll) else { return };
        let mut left = *written;
        for buf in bufs {
            let here = left.min(buf.len());
            budget.sends(buf.get(..here).unwrap_or_default());
            left -= here;
        }
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
                    self.forgotten = self.forgotten.saturating_add(buf.filled().len());
                    if self.forgotten > MOST_FORGOTTEN && self.over {
                        return Poll::Ready(());
                    }
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

/// What may still come from somebody who has sent too many frames.
const MOST_FORGOTTEN: usize = 1 << 20;

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Felt<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(Ok(()));
        }
        if let Watched::Http1(lines) = &mut this.watched
            && let Some(end) = lines.must_read()
        {
            buf.put_slice(end.get(..buf.remaining()).unwrap_or(end));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let poll = Pin::new(&mut this.stream).poll_read(cx, buf);
        let read = buf.filled_mut().get_mut(before..).unwrap_or_default();
        if read.is_empty() {
            return poll;
        }
        this.pulse.has_read();
        let lasts = match &mut this.watched {
            Watched::Http1(lines) => {
                lines.check(read, &this.pulse);
                true
            }
            Watched::Http2(budget) => budget.receives(read),
        };
        if !lasts {
            buf.set_filled(before);
            this.ends_flooded(cx);
        }
        poll
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.over {
            return Poll::Ready(Ok(buf.len()));
        }
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.has_written(&poll, &[io::IoSlice::new(buf)]);
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.over {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.has_written(&poll, bufs);
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
            self.listens = self.over || self.pulse.had_body();
        }
        if self.listens { self.poll_listened(cx).map(Ok) } else { Poll::Ready(Ok(())) }
    }
}
