//! A request on its way to the add-on: its head and its body, as the stream takes them.
//!
//! Head, chunk size, data and line ends go out in one vectored write. When the add-on has stopped reading, what is left
//! of the request is written into nowhere: its answer may be here already (RFC 9112 section 9.5).

use std::io::{self, ErrorKind, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::Request;
use http_body::Body as _;

use super::body_framing::Persistence;
use super::error::Http1Error;
use super::request_head::{self, UploadFraming};
use crate::dial::Wire;
use crate::http::RequestBody;

/// What is to be written next.
pub(super) struct RequestWriter {
    /// The head, and later the sizes of chunks. Its allocation stays for the next request.
    lead: Vec<u8>,
    lead_written: usize,
    data: Bytes,
    tail: &'static [u8],
    stage: Stage,
    framing: UploadFraming,
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
        Self {
            lead: Vec::new(),
            lead_written: 0,
            data: Bytes::new(),
            tail: b"",
            stage: Stage::Done,
            framing: UploadFraming::Length(0),
            begun: Begun::NotOnNew,
            peer_closed: false,
        }
    }

    /// Begins a request. `first` is a piece of its body that was read from it already.
    pub(super) fn begin(
        &mut self,
        request: &Request<RequestBody>,
        first: Bytes,
        used: bool,
    ) -> Result<Persistence, Http1Error> {
        self.lead.clear();
        self.lead_written = 0;
        self.begun = if used { Begun::NotOnUsed } else { Begun::NotOnNew };
        let (framing, persistence) = request_head::encode(request, &mut self.lead)?;
        (self.framing, self.stage) = (framing, Stage::Body);
        let is_last = request.body().is_end_stream();
        if !first.is_empty() {
            self.put(first, is_last)?;
        } else if is_last {
            self.end()?;
        }
        Ok(persistence)
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
        std::mem::take(&mut self.data)
    }

    /// Gives the allocation back, between two requests.
    pub(super) fn release(&mut self) {
        if self.is_done() && self.lead.is_empty() {
            self.lead = Vec::new();
        }
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
                Stage::Flush if !self.has_unwritten() => {
                    ready!(self.poll_flush(cx, stream))?;
                    self.stage = Stage::Done;
                    continue;
                }
                // Before the head is written, so that a first piece that is here goes out with it.
                Stage::Body => match self.poll_body(cx, body) {
                    Poll::Ready(read) => {
                        read.map_err(WriteError::Failed)?;
                    }
                    Poll::Pending if !self.has_unwritten() => {
                        // What was written may wait in a TLS session for more.
                        let _ = self.poll_flush(cx, stream)?;
                        return Poll::Pending;
                    }
                    Poll::Pending => {}
                },
                Stage::Piece if !self.has_unwritten() => {
                    self.stage = Stage::Body;
                    continue;
                }
                Stage::Piece | Stage::Flush => {}
            }
            if self.has_unwritten() {
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
        match &mut self.framing {
            UploadFraming::Length(left) => {
                let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                // A byte beyond the length would be the beginning of another request.
                *left = left.checked_sub(length).ok_or(Http1Error::RequestLength)?;
                self.stage = if *left == 0 { Stage::Flush } else { Stage::Piece };
                if is_last && *left > 0 {
                    return Err(Http1Error::RequestLength);
                }
            }
            UploadFraming::Chunked => {
                // RFC 9112 section 7.1. Writing to a vector does not fail.
                let _ = write!(self.lead, "{:x}\r\n", data.len());
                self.tail = if is_last { b"\r\n0\r\n\r\n" } else { b"\r\n" };
                self.stage = if is_last { Stage::Flush } else { Stage::Piece };
            }
        }
        self.data = data;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Http1Error> {
        match self.framing {
            UploadFraming::Length(0) => {}
            UploadFraming::Length(_) => return Err(Http1Error::RequestLength),
            UploadFraming::Chunked => self.tail = b"0\r\n\r\n",
        }
        self.stage = Stage::Flush;
        Ok(())
    }

    fn has_unwritten(&self) -> bool {
        self.lead_written < self.lead.len() || !self.data.is_empty() || !self.tail.is_empty()
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, stream: &mut dyn Wire) -> Poll<Result<(), WriteError>> {
        if self.peer_closed {
            self.forget();
            return Poll::Ready(Ok(()));
        }
        let lead = self.lead.get(self.lead_written..).unwrap_or_default();
        let written = if self.begun == Begun::NotOnUsed {
            // One record of TLS at most (RFC 8446 section 5.1): of more, the first records may have gone out when a
            // write fails with a later one. Of a write that fails with the first, nothing can have been read.
            let slices = up_to(TLS_RECORD, [lead, &self.data, self.tail]);
            ready!(Pin::new(stream).poll_write_vectored(cx, &slices))
        } else if self.data.is_empty() && self.tail.is_empty() {
            ready!(Pin::new(stream).poll_write(cx, lead))
        } else {
            ready!(Pin::new(stream).poll_write_vectored(cx, &[lead, &self.data, self.tail].map(IoSlice::new)))
        };
        Poll::Ready(match written {
            Ok(0) => Err(WriteError::Failed(io::Error::from(ErrorKind::WriteZero).into())),
            Ok(count) => {
                self.begun = Begun::Yes;
                self.advance(count);
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
        self.forget();
        Ok(())
    }

    fn advance(&mut self, mut count: usize) {
        let of_lead = count.min(self.lead.len().saturating_sub(self.lead_written));
        self.lead_written = self.lead_written.saturating_add(of_lead);
        if self.lead_written == self.lead.len() {
            self.lead.clear();
            self.lead_written = 0;
        }
        count = count.saturating_sub(of_lead);
        let of_data = count.min(self.data.len());
        self.data.advance(of_data);
        count = count.saturating_sub(of_data);
        self.tail = self.tail.get(count..).unwrap_or_default();
    }

    fn forget(&mut self) {
        self.lead.clear();
        self.lead_written = 0;
        (self.data, self.tail) = (Bytes::new(), b"");
    }
}

/// What only a closed reader causes. Any other error, of TLS say, leaves nothing on the stream that could be believed.
fn has_left(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// The first `most` bytes of the parts.
fn up_to(mut most: usize, parts: [&[u8]; 3]) -> [IoSlice<'_>; 3] {
    parts.map(|part| {
        let part = part.get(..most).unwrap_or(part);
        most = most.saturating_sub(part.len());
        IoSlice::new(part)
    })
}

/// Writes and pieces of the body in one turn.
const ROUNDS: usize = 16;
/// What one record of TLS carries at most.
const TLS_RECORD: usize = 16 * 1024;
