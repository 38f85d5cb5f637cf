//! Ends an exchange from elsewhere: one stream of an HTTP/2 connection, or a whole HTTP/1.1 connection, which carries
//! one answer at a time.
//!
//! hyper asks for the next piece of an answer only when the client takes it, so a client that takes nothing keeps an
//! answer from hearing that it is over. Aborting drops the answer whether the client reads or not.

use std::future::Future;
use std::sync::Arc;

use hyper::rt::Executor;
use tokio::sync::Notify;

/// Aborts one exchange with a client. Clones abort the same one.
#[derive(Debug, Clone, Default)]
pub struct AbortHandle(Arc<Notify>);

impl AbortHandle {
    /// Ends it at once, even in the middle of a frame or a line.
    pub fn abort(&self) {
        // `notify_one` and not `notify_waiters`: it is remembered, so that an abort before anybody waits is not lost.
        self.0.notify_one();
    }

    /// Returns when [`Self::abort`] was called, before or after this.
    pub(crate) async fn aborted(&self) {
        self.0.notified().await;
    }

    /// The handle of the stream whose task this is, if there is one.
    pub(super) fn of_task() -> Option<Self> {
        STREAM.try_with(Self::clone).ok()
    }
}

tokio::task_local! {
    static STREAM: AbortHandle;
}

/// Runs the streams of an HTTP/2 connection, each in a task of its own with an abort handle of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamExecutor;

impl<F> Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let abort_handle = AbortHandle::default();
        tokio::spawn(STREAM.scope(abort_handle.clone(), async move {
            tokio::select! {
                _ = stream => {}
                // Dropped, hyper's stream resets itself (RFC 9113 section 5.4.2).
                () = abort_handle.aborted() => {}
            }
        }));
    }
}
