//! The HTTP/2 connections to an add-on that speaks gRPC: the calls of one user share one, each on a stream of its own.
//!
//! Streams of one connection share its window and the number that the add-on allows. With one connection for all, a
//! user who takes nothing of a few answers would hold up every other user's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::unanswered::Unanswered;
use crate::dial::Wire;
use crate::http::RequestBody;
use crate::ids::UserId;

/// Each user's own connection, made when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Http2Connections(Mutex<HashMap<UserId, Arc<Http2Connection>>>);

/// The connection of one user, while there is one.
#[derive(Debug, Default)]
pub(super) struct Http2Connection {
    current: Mutex<Option<Stream>>,
    /// Held while a new one is made: other calls wait for that, and do not each dial.
    pub(super) dialling: tokio::sync::Mutex<()>,
}

/// A way to make calls on the connection.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    sender: SendRequest<RequestBody>,
    /// Whether it was there before this call.
    pub(super) used: bool,
    since: Instant,
}

impl Stream {
    /// Begins HTTP/2 on a new connection. A task of its own drives it until the last call on it has ended.
    pub(super) async fn open(stream: Box<dyn Wire>) -> hyper::Result<Self> {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(ANSWER_HEAD);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // Unlike HTTP/1.1 it needs a task: many calls share it, and PING and window updates come when nobody reads an
        // answer.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to an add-on ended");
            }
        });
        Ok(Self { sender, used: false, since: Instant::now() })
    }

    /// Makes a call and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, Unanswered<Box<Request<RequestBody>>>> {
        // hyper gives a request back only where none of it was written, so sending it again cannot do anything twice.
        self.sender.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request)),
            None => Unanswered::Sent(failed.into_error().into()),
        })
    }
}

impl Http2Connections {
    /// The connection of this user, which may not be there yet.
    pub(super) fn of(&self, user: &UserId) -> Arc<Http2Connection> {
        Arc::clone(self.lock().entry(user.clone()).or_default())
    }

    /// Forgets connections that have not been asked for in so long, or that have ended, and users without one.
    pub(super) fn prune(&self, oldest: Duration) {
        self.lock().retain(|_, shared| {
            shared.prune(oldest);
            // A call that holds it is about to dial, and the next call must find that connection.
            Arc::strong_count(shared) > 1 || shared.lock().is_some()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Arc<Http2Connection>>> {
        self.0.lock()
    }
}

impl Http2Connection {
    /// The connection, if there is one that is good.
    pub(super) fn stream(&self) -> Option<Stream> {
        // A short lock and no await in it: [`Self::dialling`] is the one that is held while a connection is made.
        let mut current = self.lock();
        let stream = current.as_mut().filter(|stream| !stream.sender.is_closed())?;
        // The clone that is handed out says that the connection was there before: a call that it refuses unsent may be
        // tried on a new one.
        (stream.used, stream.since) = (true, Instant::now());
        Some(stream.clone())
    }

    /// Lets all calls of the user from now on have this connection.
    pub(super) fn keep(&self, stream: &Stream) {
        *self.lock() = Some(stream.clone());
    }

    /// Lets no further call have the connection. Those that are open on it go on.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    /// Forgets a connection that has not been asked for in so long, or that has ended.
    pub(super) fn prune(&self, oldest: Duration) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|stream| stream.sender.is_closed() || stream.since.elapsed() >= oldest) {
            *current = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Stream>> {
        self.current.lock()
    }
}

/// What one slow reader's answer may hold, and all answers of one user together. Anything beyond waits.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// The largest head of an answer, and the largest trailers.
const ANSWER_HEAD: u32 = 64 * 1024;
