//! The line to a client, for those who must be able to hang up from elsewhere: one stream of an HTTP/2 connection, or a
//! whole HTTP/1.1 connection, which carries one answer at a time.
//!
//! hyper asks for the next piece of an answer only when the client takes it, so a client that takes nothing keeps an answer
//! from hearing that it is over. Hanging up drops the answer whether the client reads or not.

use std::future::Future;
use std::sync::Arc;

use hyper::rt::Executor;
use tokio::sync::Notify;

/// A line to a client. Clones are the same line.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<Notify>);

impl Line {
    /// Ends it at once, in the middle of whatever is said.
    pub fn hang_up(&self) {
        self.0.notify_one();
    }

    /// Ends when somebody has hung up.
    pub(crate) async fn hung_up(&self) {
        self.0.notified().await;
    }

    /// The line of the stream whose task this is, if it is one's.
    pub(super) fn of_task() -> Option<Self> {
        STREAM.try_with(Self::clone).ok()
    }
}

tokio::task_local! {
    static STREAM: Line;
}

/// Runs the streams of an HTTP/2 connection, each in a task of its own and on a line of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams;

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let line = Line::default();
        tokio::spawn(STREAM.scope(line.clone(), async move {
            tokio::select! {
                _ = stream => {}
                // Dropped, hyper's stream resets itself (RFC 9113 section 5.4.2).
                () = line.hung_up() => {}
            }
        }));
    }
}
