//! A stream that tells [`IoTimeouts`] of its bytes, and that lingers when it is closed while the client still sends.
//!
//! A request may be answered before all of its body was read: it is too large, or the add-on does not want it. Were the
//! connection closed at once, the bytes that still come would be met by a reset, which takes the answer out of the
//! client's hands before it is read. So the end is said, and what comes is read and forgotten for a while (RFC 9112
//! section 9.6).
//!
//! What passes is looked at as well, as far as no library of ours has a limit for it: see [`ByteInspector`].

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
use super::timeouts::IoTimeouts;

/// A stream that tells the timeouts of its bytes and closes lingeringly.
pub(super) struct LingeringStream<S> {
    stream: S,
    timeouts: Arc<IoTimeouts>,
    watched: ByteInspector,
    /// A frame too many has come: nothing more is read, and nothing more is said.
    over: bool,
    /// The end has been said; what still comes is read and forgotten.
    listens: bool,
    forgotten: usize,
    silence: Option<Pin<Box<Sleep>>>,
}

/// What is looked at in the bytes that pass.
pub(super) enum ByteInspector {
    /// Nothing: who reads them looks at all of them.
    None,
    /// Where the lines of heads end.
    Http1(Box<LineEnds>),
    /// How many frames without content come.
    Http2(Box<FrameBudget>),
}

impl<S> LingeringStream<S> {
    /// The stream alone.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    pub(super) fn new(stream: S, timeouts: &Arc<IoTimeouts>, watched: ByteInspector) -> Self {
        Self {
            stream,
            timeouts: Arc::clone(timeouts),
            watched,
            over: false,
            listens: false,
            forgotten: 0,
            silence: None,
        }
    }
}

impl<S: AsyncWrite + Unpin> LingeringStream<S> {
    /// Ends a connection over which too many frames came: says so where that can be said, and then reads as one that
    /// the peer has closed.
    fn ends_flooded(&mut self, cx: &mut Context<'_>) {
        // From here on reads give an end and writes succeed into nowhere, so hyper winds the connection up by itself.
        self.over = true;
        self.timeouts.mark_flooded();
        if let ByteInspector::Http2(budget) = &self.watched
            && let Some(goaway) = budget.goaway()
        {
            // A peer that reads nothing does not hear of it.
            let _ = Pin::new(&mut self.stream).poll_write(cx, &goaway);
        }
    }

    fn note_write(&mut self, poll: &Poll<io::Result<usize>>, bufs: &[io::IoSlice<'_>]) {
        self.timeouts.note_write(poll.is_pending());
        let (ByteInspector::Http2(budget), Poll::Ready(Ok(written))) = (&mut self.watched, poll) else { return };
        let mut left = *written;
        for buf in bufs {
            let here = left.min(buf.len());
            budget.sends(buf.get(..here).unwrap_or_default());
            left -= here;
        }
    }
}

impl<S: AsyncRead + Unpin> LingeringStream<S> {
    /// Reads what still comes, and forgets it, until the client has closed or is silent. The timeouts bound it as they
    /// bound the head of a request.
    fn poll_listened(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [MaybeUninit::uninit(); 4096];
        loop {
            let mut buf = ReadBuf::uninit(&mut room);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    self.timeouts.note_read();
                    // Each byte begins the silence anew: a client that is still sending has not read the answer yet.
                    self.silence = None;
                    self.forgotten = self.forgotten.saturating_add(buf.filled().len());
                    // Only a peer that flooded us is bounded in bytes. Any other may send the rest of a body, within
                    // its limits on time.
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

/// How long a client that was answered may be silent before the connection is closed.
const SILENCE: Duration = Duration::from_secs(2);

/// Bytes that may still come from a client that has sent too many frames.
const MOST_FORGOTTEN: usize = 1 << 20;

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for LingeringStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // An end to hyper.
        if this.over {
            return Poll::Ready(Ok(()));
        }
        // Before the socket is read: hyper waits for the end of a head that may never come, and would answer only then.
        if let ByteInspector::Http1(lines) = &mut this.watched
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
        this.timeouts.note_read();
        let lasts = match &mut this.watched {
            ByteInspector::Http1(lines) => {
                lines.check(read, &this.timeouts);
                true
            }
            ByteInspector::Http2(budget) => budget.receives(read),
            ByteInspector::None => true,
        };
        if !lasts {
            // hyper gets nothing of this read: a single frame of it would cost what the budget has just refused.
            buf.set_filled(before);
            this.ends_flooded(cx);
        }
        poll
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for LingeringStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.over {
            return Poll::Ready(Ok(buf.len()));
        }
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_write(&poll, &[io::IoSlice::new(buf)]);
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
        self.note_write(&poll, bufs);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS may take a write into its own buffer and block only here: a reader that has stopped is seen at the flush.
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.timeouts.note_write(poll.is_pending());
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.listens {
            // Our end is said first, so that a client that waits for it stops sending.
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.listens = self.over || self.timeouts.had_body();
        }
        // Without a body nothing is on its way that a reset could answer, and the connection closes at once.
        if self.listens { self.poll_listened(cx).map(Ok) } else { Poll::Ready(Ok(())) }
    }
}
