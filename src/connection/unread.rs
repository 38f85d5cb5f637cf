//! The rest of a body that is not read, because its request was answered before.
//!
//! Takes the rest of a body whose reader is gone, so that the client gets to see the answer. Over HTTP/2 the stream of
//! such a request ends with a reset, and there are clients that take the reset for the whole of the answer. So what is
//! on its way is read and forgotten for a moment, first before the answer and then after it. Most bodies end meanwhile,
//! and then there is no reset at all. Over HTTP/1.1, [`super::lingering`] does the same for a connection.

use std::sync::Arc;
use std::time::Duration;

use http::header::EXPECT;
use http::{Request, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use parking_lot::Mutex;

/// The place where the rest of a body is left.
#[derive(Debug, Clone)]
pub(super) struct UnreadBody(Arc<Mutex<Option<Incoming>>>);

impl UnreadBody {
    /// A place for the rest of the body, for a request over HTTP/2 whose body is on its way. A client that waits to be
    /// asked for it sends nothing.
    pub(super) fn of(request: &Request<Incoming>) -> Option<Self> {
        let comes = request.version() == Version::HTTP_2
            && !request.body().is_end_stream()
            // What follows a CONNECT is a tunnel's bytes: read here, they would be missing there.
            && request.method() != http::Method::CONNECT
            && !request.headers().contains_key(EXPECT);
        comes.then(|| Self(Arc::default()))
    }

    /// Leaves the rest of a body.
    pub(super) fn leave(&self, rest: Incoming) {
        if !rest.is_end_stream() {
            *self.0.lock() = Some(rest);
        }
    }

    fn take(&self) -> Option<Incoming> {
        self.0.lock().take()
    }

    /// Forgets what is on its way, for a moment, before the answer goes out; and for a while more behind it.
    ///
    /// RFC 9113 section 8.1: a server MAY request that the client abort transmission of a request without error by
    /// sending a `RST_STREAM` with an error code of `NO_ERROR` after sending a complete response. The stream resets
    /// itself so when the last of it is dropped.
    pub(super) async fn forget(self) {
        let Some(mut rest) = self.take() else { return };
        // Where the length says that all of it is here, only its end is missing, which some clients take their time
        // over.
        let is_whole = rest.size_hint().exact() == Some(0);
        // In a task of its own for the longer wait: the answer must not stand behind a slow upload.
        if is_whole || tokio::time::timeout(BEFORE, forget(&mut rest, MOST)).await.is_err() {
            tokio::spawn(async move { tokio::time::timeout(BEHIND, forget(&mut rest, MOST)).await });
        }
    }
}

/// Reads to the end, or this many bytes.
async fn forget(rest: &mut Incoming, most: usize) {
    let mut read = 0_usize;
    while let Some(Ok(frame)) = rest.frame().await {
        read = read.saturating_add(frame.data_ref().map_or(0, bytes::Bytes::len));
        // Bounded, or a client could have us read an upload without end that was refused.
        if read > most {
            return;
        }
    }
}

/// What a client sends right behind a head is here by then, and the wait is too short to be noticed.
const BEFORE: Duration = Duration::from_millis(100);
/// How long is read on behind the answer.
const BEHIND: Duration = Duration::from_secs(2);
/// More than a form, and less than an upload.
const MOST: usize = 256 * 1024;
