//! One connection to an add-on, from its first request to its last.
//!
//! Nothing drives it but who asks it for something: the request's own task writes the request, reads the head of the
//! answer, and then its body.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::Response;
use tokio::io::ReadBuf;
use tokio::task::unconstrained;
use tokio::time::Instant;

use super::body_decoder::BodyDecoder;
use super::error::Http1Error;
use super::outgoing::OutgoingRequest;
use super::read_buffer::ReadBuffer;
use super::request_writer::{RequestWriter, WriteError};
use super::response_parser::{Parsed, ResponseHead, ResponseParser};
use crate::connection::Persistence;
use crate::dial::Wire;
use crate::http::RequestBody;
#[cfg(test)]
use crate::upstream::open_count::OpenConnections;
use crate::upstream::open_count::OpenCount;

/// A connection that can take a request, or that carries one.
pub(in crate::upstream) struct Http1Connection(Box<State>);

/// In a box of its own, since a connection is moved between the pool, the request and its answer.
struct State {
    stream: Box<dyn Wire>,
    reader: ReadBuffer,
    writer: RequestWriter,
    /// What is left of the request's body when the head of its answer has come.
    upload: Option<RequestBody>,
    body: BodyDecoder,
    persistence: Persistence,
    used: bool,
    idle_since: Instant,
    /// The worker that made it, whose runtime watches its socket.
    worker: usize,
    /// Among the open connections to the add-on, counted down when it is dropped.
    _counted: OpenCount,
}

/// A request that no add-on has seen a byte of.
pub(in crate::upstream) struct UnsentRequest {
    request: Box<OutgoingRequest>,
    /// A piece of its body that was read already.
    first: Bytes,
}

impl From<OutgoingRequest> for UnsentRequest {
    /// Boxed, since it is handed on through several futures, each of which would be larger by all of it.
    fn from(request: OutgoingRequest) -> Self {
        Self { request: Box::new(request), first: Bytes::new() }
    }
}

/// Why a request was not answered.
pub(in crate::upstream) enum SendError {
    /// Not one byte of it was sent: it may be tried again.
    Unsent(UnsentRequest),
    /// It may have reached the add-on.
    Failed(Http1Error),
}

impl Http1Connection {
    /// On a new stream, made by this worker and counted among the open connections to the add-on.
    pub(in crate::upstream) fn new(stream: Box<dyn Wire>, worker: usize, counted: OpenCount) -> Self {
        Self(Box::new(State {
            stream,
            reader: ReadBuffer::new(),
            writer: RequestWriter::new(),
            upload: None,
            body: BodyDecoder::ended(),
            persistence: Persistence::KeepAlive,
            used: false,
            idle_since: Instant::now(),
            worker,
            _counted: counted,
        }))
    }

    /// The only one that there is.
    #[cfg(test)]
    pub(super) fn alone(stream: Box<dyn Wire>) -> Self {
        Self::new(stream, 0, OpenConnections::default().count())
    }

    /// The worker that made it.
    pub(in crate::upstream) fn worker(&self) -> usize {
        self.0.worker
    }

    /// Whether it has carried a request before: one that it refuses then may be tried on another.
    pub(in crate::upstream) fn was_used(&self) -> bool {
        self.0.used
    }

    pub(in crate::upstream) fn idle_since(&self) -> Instant {
        self.0.idle_since
    }

    /// From now on it waits for its next request.
    pub(in crate::upstream) fn rest(&mut self) {
        self.0.idle_since = Instant::now();
    }

    /// Gives its buffers back: the next request may be long in coming.
    pub(in crate::upstream) fn release_buffers(&mut self) {
        self.0.reader.release();
        self.0.writer.release();
    }

    /// Keeps it out of the pool after this request.
    pub(in crate::upstream) fn use_once(&mut self) {
        self.0.persistence = Persistence::Close;
    }

    /// Sends a request and waits for the head of its answer. The body is read from the connection then.
    pub(in crate::upstream) async fn send(&mut self, request: UnsentRequest) -> Result<Response<()>, SendError> {
        let state = &mut *self.0;
        let UnsentRequest { mut request, first } = request;
        // First of all: what is left of a request that is given up half-way must not meet the next one.
        state.persistence = Persistence::Close;
        let used = std::mem::replace(&mut state.used, true);
        state.writer.begin(&request, first, used).map_err(SendError::Failed)?;
        let mut parser = ResponseParser::new(request.method.clone());
        let head = poll_fn(|cx| state.poll_head(cx, &mut request, &mut parser)).await;
        match head {
            Ok(head) => {
                state.take_head(&head);
                let mut response = Response::new(());
                *response.status_mut() = head.status;
                std::mem::swap(response.headers_mut(), &mut request.headers);
                state.upload = (!state.writer.is_done()).then_some(request.body);
                Ok(response)
            }
            Err(WriteError::Unsent) => {
                let first = state.writer.take_unsent();
                Err(SendError::Unsent(UnsentRequest { request, first }))
            }
            Err(WriteError::Failed(error)) => Err(SendError::Failed(error)),
        }
    }

    /// The next bytes of the answer, and the rest of the upload meanwhile.
    pub(in crate::upstream) fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Http1Error>>> {
        if let Poll::Ready(Err(error)) = self.poll_upload(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        self.poll_body(cx)
    }

    /// The next bytes of the answer.
    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Http1Error>>> {
        let state = &mut *self.0;
        loop {
            if let Some(data) = state.body.decode(&mut state.reader)? {
                return Poll::Ready(Some(Ok(data)));
            }
            if state.body.is_ended() {
                return Poll::Ready(None);
            }
            if ready!(state.reader.poll_fill(cx, &mut *state.stream))? == 0 {
                state.body.close()?;
            }
        }
    }

    /// Writes the rest of the upload.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Http1Error>> {
        let state = &mut *self.0;
        let Some(body) = &mut state.upload else { return Poll::Ready(Ok(())) };
        let written = ready!(state.writer.poll(cx, &mut *state.stream, body));
        state.upload = None;
        Poll::Ready(written.map_err(|error| match error {
            WriteError::Failed(error) => error,
            // It was answered, so there is nothing to be tried again.
            WriteError::Unsent => Http1Error::Closed,
        }))
    }

    /// How many bytes of the answer are missing, where that is known.
    pub(in crate::upstream) fn left(&self) -> Option<u64> {
        self.0.body.left()
    }

    /// Whether it can take another request. Anything that came from the add-on unasked, its end included, says no
    /// (S-58).
    pub(in crate::upstream) fn is_reusable(&mut self) -> bool {
        let state = &mut *self.0;
        let done = state.body.is_ended() && state.writer.is_done() && state.upload.is_none();
        let kept = state.persistence == Persistence::KeepAlive && !state.writer.has_peer_closed();
        done && kept && state.reader.is_empty() && state.is_silent()
    }
}

impl State {
    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        request: &mut OutgoingRequest,
        parser: &mut ResponseParser,
    ) -> Poll<Result<ResponseHead, WriteError>> {
        // As late as can be. What came meanwhile on a connection that was idle is no answer to this request (S-58), and
        // where that is its end, nothing has been lost.
        if !self.writer.may_be_answered() && !self.is_silent() {
            return Poll::Ready(Err(WriteError::Unsent));
        }
        if let Poll::Ready(Err(error)) = self.writer.poll(cx, &mut *self.stream, &mut request.body) {
            return Poll::Ready(Err(error));
        }
        if !self.writer.may_be_answered() {
            return Poll::Pending;
        }
        for _ in 0..ROUNDS {
            // The request's own headers are no longer needed when an answer to it is here.
            match parser.parse(&mut self.reader, &mut request.headers).map_err(WriteError::Failed)? {
                Parsed::Head(head) => return Poll::Ready(Ok(head)),
                Parsed::Interim => {}
                Parsed::Incomplete => {
                    let read = ready!(self.reader.poll_fill(cx, &mut *self.stream));
                    if read.map_err(|error| WriteError::Failed(error.into()))? == 0 {
                        return Poll::Ready(Err(WriteError::Failed(Http1Error::Closed)));
                    }
                }
            }
        }
        // The rest in another turn: with interim answers without end, the clock would never be looked at.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Prepares for the body.
    fn take_head(&mut self, head: &ResponseHead) {
        self.body = BodyDecoder::new(head.framing);
        self.persistence = head.persistence;
        if let Some(left) = self.body.left() {
            self.reader.expect(left);
        }
    }

    /// Whether nothing has come. Nobody drives an idle connection, so that its end, or bytes that would be taken for
    /// the next answer, may lie in the socket. No waker, since nobody waits for it: the one of the last request, and
    /// with it all that its task holds, is given up here.
    fn is_silent(&mut self) -> bool {
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        // A task that has used up its turn would be told that there is nothing, whatever there is.
        let mut read = unconstrained(poll_fn(|cx| Pin::new(&mut *self.stream).poll_read(cx, &mut byte)));
        Pin::new(&mut read).poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }
}

/// Reads, and interim answers, in one turn.
const ROUNDS: usize = 16;
