//! An answer that came before its upload had ended.
//!
//! A client may read an answer only after the last byte of its upload, and then whoever reads the answer must not be
//! the one who writes the upload: each would wait for the other. So the upload has a task of its own here.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio_util::task::AbortOnDropHandle;

use super::connection::Http1Connection;
use super::error::Http1Error;

/// The answer, and with it the upload: one that outlived its answer could no longer be cut. The connection ends with
/// them.
pub(in crate::upstream) struct UploadingAnswer {
    shared: Arc<Mutex<Shared>>,
    _upload: AbortOnDropHandle<()>,
}

struct Shared {
    connection: Http1Connection,
    /// Why the upload broke off: its answer breaks off too.
    failed: Option<Http1Error>,
    reader: Option<Waker>,
}

impl UploadingAnswer {
    /// Gives the rest of the upload a task.
    pub(in crate::upstream) fn new(connection: Http1Connection) -> Self {
        let shared = Arc::new(Mutex::new(Shared { connection, failed: None, reader: None }));
        let upload = Arc::clone(&shared);
        // The lock is held for a read or a write that never waits, as in `tokio::io::split`.
        let upload = poll_fn(move |cx| upload.lock().poll_upload(cx));
        Self { shared, _upload: AbortOnDropHandle::new(tokio::spawn(upload)) }
    }

    /// The next bytes of the answer.
    pub(in crate::upstream) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Http1Error>>> {
        let mut shared = self.shared.lock();
        if let Some(error) = shared.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let read = shared.connection.poll_body(cx);
        if read.is_pending() {
            shared.reader = Some(cx.waker().clone());
        }
        read
    }

    /// How many bytes of the answer are missing, where that is known.
    pub(in crate::upstream) fn left(&self) -> Option<u64> {
        self.shared.lock().connection.left()
    }
}

impl Shared {
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.connection.poll_upload(cx)) {
            self.failed = Some(error);
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(())
    }
}
