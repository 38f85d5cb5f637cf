//! A request on its way to the add-on: its head and its body, as the stream takes them.
//!
//! Head, chunk size, data and line ends go out in one vectored write. When the add-on has stopped reading, what is left
//! of the request is written into nowhere: its answer may be here already (RFC 9112 section 9.5).

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;

use super::error::Http1Error;
use super::outgoing::OutgoingRequest;
use crate::connection::MessageWriter;
use crate::dial::Wire;
use crate::http::RequestBody;

/// What is to be written next.
pub(super) struct RequestWriter {
    message: MessageWriter,
    stage: Stage,
    /// Whether the stream has taken a byte of this request: after that it must not be tried on another connection.
    begun: Begun,
    peer_closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The body is asked for its next piece.
    Body,
    /// A piece of it is being written.
    Piece,
    /// All of it was handed over, and the stream may hold some of it back.
    Flush,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// Not a byte was taken, and the connection has carried a request before: it may have been closed meanwhile.
    NotOnUsed,
    /// Not a byte was taken, on a new connection.
    NotOnNew,
    Yes,
}

/// Why a request could not be written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The connection was closed before a byte of the request was taken.
    Unsent,
    Failed(Http1Error),
}

impl RequestWriter {
    pub(super) fn new() -> Self {
        Self { message: MessageWriter::default(), stage: Stage::Done, begun: Begun::NotOnNew, peer_closed: false }
    }

    /// Begins a request. `first` is a piece of its body that was read from it already.
    pub(super) fn begin(&mut self, request: &OutgoingRequest, first: Bytes, used: bool) -> Result<(), Http1Error> {
        self.message.begin(request.framing).extend_from_slice(&request.head);
        self.begun = if used { Begun::NotOnUsed } else { Begun::NotOnNew };
        self.stage = Stage::Body;
        let is_last = request.body.is_end_stream();
        if !first.is_empty() {
            self.put(first, is_last)?;
        } else if is_last {
            self.end()?;
        }
        Ok(())
    }

    /// Whether all of the request is on its way.
    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether what comes can be an answer to it: on a used connection, once a byte of it has gone. On a new one, an
    /// add-on may say at once that it is busy.
    pub(super) fn may_be_answered(&self) -> bool {
        self.begun != Begun::NotOnUsed
    }

    /// Whether the add-on has stopped reading. It would not get another request, even where it can still write: each
    /// direction of a Unix socket can be closed alone.
    pub(super) fn has_peer_closed(&self) -> bool {
        self.peer_closed
    }

    /// The piece of the body that was not written, of a request that is [`WriteError::Unsent`].
    pub(super) fn take_unsent(&mut self) -> Bytes {
        self.message.take_piece()
    }

    /// Gives the allocation back, between two requests.
    pub(super) fn release(&mut self) {
        self.message.release();
    }

    /// Writes as much as the stream takes and the body has.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Wire,
        body: &mut RequestBody,
    ) -> Poll<Result<(), WriteError>> {
        for _ in 0..ROUNDS {
            match self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Flush if !self.message.has_unwritten() => {
                    ready!(self.poll_flush(cx, stream))?;
                    self.stage = Stage::Done;
                    continue;
                }
                // Before the head is written, so that a first piece that is here goes out with it.
                Stage::Body => match self.poll_body(cx, body) {
                    Poll::Ready(read) => {
                        read.map_err(WriteError::Failed)?;
                    }
                    Poll::Pending if !self.message.has_unwritten() => {
                        // What was written may wait in a TLS session for more.
                        let _ = self.poll_flush(cx, stream)?;
                        return Poll::Pending;
                    }
                    Poll::Pending => {}
                },
                Stage::Piece if !self.message.has_unwritten() => {
                    self.stage = Stage::Body;
                    continue;
                }
                Stage::Piece | Stage::Flush => {}
            }
            if self.message.has_unwritten() {
                ready!(self.poll_write(cx, stream))?;
            }
        }
        // The rest in another turn: an add-on may take whatever comes, and its answer and the clock must be looked at.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_body(&mut self, cx: &mut Context<'_>, body: &mut RequestBody) -> Poll<Result<(), Http1Error>> {
        let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(cx)) else { return Poll::Ready(self.end()) };
        // Trailers do not come: the body drops them (S-11).
        let data = frame.map_err(Http1Error::RequestBody)?.into_data().unwrap_or_default();
        Poll::Ready(if !data.is_empty() {
            self.put(data, body.is_end_stream())
        } else if body.is_end_stream() {
            self.end()
        } else {
            Ok(())
        })
    }

    /// Makes a piece of the body the next to be written.
    fn put(&mut self, data: Bytes, is_last: bool) -> Result<(), Http1Error> {
        self.message.put(data, is_last)?;
        self.stage = if self.message.is_whole() { Stage::Flush } else { Stage::Piece };
        Ok(())
    }

    fn end(&mut self) -> Result<(), Http1Error> {
        self.message.end()?;
        self.stage = Stage::Flush;
        Ok(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, stream: &mut dyn Wire) -> Poll<Result<(), WriteError>> {
        if self.peer_closed {
            self.message.forget();
            return Poll::Ready(Ok(()));
        }
        let written = match self.message.only_slice() {
            Some(lead) if self.begun != Begun::NotOnUsed => ready!(Pin::new(stream).poll_write(cx, lead)),
            _ => {
                // One record of TLS at most (RFC 8446 section 5.1): of more, the first records may have gone out when a
                // write fails with a later one. Of a write that fails with the first, nothing can have been read.
                let most = if self.begun == Begun::NotOnUsed { TLS_RECORD } else { usize::MAX };
                ready!(Pin::new(stream).poll_write_vectored(cx, &self.message.slices(most)))
            }
        };
        Poll::Ready(match written {
            Ok(0) => Err(WriteError::Failed(io::Error::from(ErrorKind::WriteZero).into())),
            Ok(count) => {
                self.begun = Begun::Yes;
                self.message.advance(count);
                Ok(())
            }
            Err(error) if has_left(&error) && self.begun == Begun::NotOnUsed => Err(WriteError::Unsent),
            Err(error) => self.unless_left(error),
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, stream: &mut dyn Wire) -> Poll<Result<(), WriteError>> {
        if self.peer_closed {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(stream).poll_flush(cx));
        Poll::Ready(flushed.or_else(|error| self.unless_left(error)))
    }

    /// Goes on as if the rest had been written when its reader has left.
    fn unless_left(&mut self, error: io::Error) -> Result<(), WriteError> {
        if !has_left(&error) {
            return Err(WriteError::Failed(error.into()));
        }
        self.peer_closed = true;
        self.message.forget();
        Ok(())
    }
}

/// What only a closed reader causes. Any other error, of TLS say, leaves nothing on the stream that could be believed.
fn has_left(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// Writes and pieces of the body in one turn.
const ROUNDS: usize = 16;
/// What one record of TLS carries at most.
const TLS_RECORD: usize = 16 * 1024;
