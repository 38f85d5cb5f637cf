//! One HTTP/1.1 connection to an add-on, driven by the task that waits for its answer.
//!
//! hyper splits a connection into a sender and a future that must be polled. Here the request's own task polls it: the
//! add-on's bytes are read and handed on in one go, without waking a second task for the head and a third for the body.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::half_closed::{HalfClosedStream, PeerClosed};
use crate::dial::Wire;
use crate::http::RequestBody;

/// A connection that can take a request.
pub(super) struct Http1Connection {
    sender: SendRequest<RequestBody>,
    driver: Driver,
    /// Whether it has carried a request before: one that it refuses then may be tried on another.
    pub(super) used: bool,
    pub(super) idle_since: Instant,
    /// It carries this request and no other.
    once: bool,
    peer_closed: PeerClosed,
}

/// hyper's half of a connection.
type Driven = Connection<TokioIo<HalfClosedStream<Box<dyn Wire>>>, RequestBody>;

enum Driver {
    Inline(Box<Driven>),
    Spawned,
    Detached(#[allow(dead_code, reason = "dropped, it ends the task")] AbortOnDropHandle<hyper::Result<()>>),
    Ended,
}

/// A request that was not answered.
pub(super) enum Unanswered {
    /// Not one byte of it was sent: it may be tried again.
    Unsent(Box<Request<RequestBody>>),
    /// It may have reached the add-on.
    Sent(hyper::Error),
}

impl Http1Connection {
    /// Begins HTTP on a new stream.
    pub(super) async fn open(stream: Box<dyn Wire>) -> hyper::Result<Self> {
        let peer_closed = PeerClosed::default();
        let (sender, connection) =
            builder().handshake(TokioIo::new(HalfClosedStream::of(stream, &peer_closed))).await?;
        Ok(Self {
            sender,
            driver: Driver::Inline(Box::new(connection)),
            used: false,
            idle_since: Instant::now(),
            once: false,
            peer_closed,
        })
    }

    /// Begins HTTP on a new stream that is to become a tunnel; a task of its own drives it from now on.
    pub(super) async fn open_for_upgrade(stream: Box<dyn Wire>) -> hyper::Result<Self> {
        // The bare stream and no [`HalfClosedStream`]: in a tunnel a write that fails must end it, not go on into
        // nowhere.
        let (sender, connection) = builder().handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "connection to an add-on ended");
            }
        });
        Ok(Self {
            sender,
            driver: Driver::Spawned,
            used: false,
            idle_since: Instant::now(),
            once: false,
            peer_closed: PeerClosed::default(),
        })
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = std::pin::pin!(self.sender.try_send_request(request));
        let driver = &mut self.driver;
        // The first poll hands the request to hyper, driving writes it and may read the answer, and the second poll
        // takes that. Without the second one the answer would cost another wake-up of this task.
        let answer = std::future::poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            driver.poll(cx);
            answer.as_mut().poll(cx)
        });
        // Before the first await: a request that is given up half-way leaves a used connection.
        self.used = true;
        answer.await.map_err(|mut failed| match failed.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request)),
            None => Unanswered::Sent(failed.into_error()),
        })
    }

    /// Drives the connection as far as it goes. An error shows in the answer.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        self.driver.poll(cx);
    }

    /// Gives the connection a task of its own: the rest of an upload must not wait for the reader of its answer. It
    /// ends with the connection, and so with the answer: an upload that outlived it could no longer be cut.
    pub(super) fn detach(&mut self) {
        self.driver = match std::mem::replace(&mut self.driver, Driver::Ended) {
            Driver::Inline(connection) => Driver::Detached(AbortOnDropHandle::new(tokio::spawn(connection))),
            other => other,
        };
    }

    /// Keeps it out of the pool after this request.
    pub(super) fn use_once(&mut self) {
        self.once = true;
    }

    /// Whether it can take the next request now. Anything that came from the add-on unasked, its end included, says no
    /// (S-58).
    pub(super) fn is_reusable(&mut self) -> bool {
        if self.once || self.peer_closed.is_so() || !matches!(self.driver, Driver::Inline(_)) {
            return false;
        }
        // Nobody drives an idle connection, so hyper has not seen what lies in the socket: the add-on's end, or bytes
        // that a broken add-on sent behind its answer and that would be taken for the next one. No waker, since nobody
        // waits for it.
        self.driver.poll(&mut Context::from_waker(std::task::Waker::noop()));
        matches!(self.driver, Driver::Inline(_)) && self.sender.is_ready() && !self.sender.is_closed()
    }
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Self::Inline(connection) = self
            && Pin::new(connection).poll(cx).is_ready()
        {
            // A future that has ended must not be polled again.
            *self = Self::Ended;
        }
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_header_size(ANSWER_HEAD).max_buf_size(READ_BUFFER);
    builder
}

/// The largest head of an answer: some add-ons send long `Content-Security-Policy` and `Set-Cookie` lines.
const ANSWER_HEAD: usize = 64 * 1024;
/// What one answer may hold while its reader is slow.
const READ_BUFFER: usize = 128 * 1024;

/// hyper says that a connection broke off in the middle of a message, as opposed to a message that is not HTTP.
pub(super) fn is_hang_up(error: &hyper::Error) -> bool {
    // hyper has no question for this one: an error of the socket stands only in its source.
    let io = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<io::Error>);
    error.is_incomplete_message() || error.is_closed() || error.is_canceled() || io
}
