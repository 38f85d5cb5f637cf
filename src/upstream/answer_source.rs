//! Where the body of an add-on's answer comes from.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::http1::{Http1Connection, UploadingAnswer};
use super::pool::Pool;
use super::unanswered::UpstreamError;

/// Where a body comes from, while there is more of it.
pub(super) enum AnswerSource {
    /// All of it was read.
    Ended,
    /// Our own connection, and the pool that it goes back to.
    Http1(Http1Connection, Arc<Pool>),
    /// The same, whose upload has not ended; it goes back to no pool.
    Uploading(UploadingAnswer),
    /// hyper: a gRPC call, or a handshake that was declined.
    Hyper(Incoming),
}

impl AnswerSource {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let data = match self {
            Self::Ended => return Poll::Ready(None),
            Self::Http1(connection, _) => connection.poll_answer(cx),
            Self::Uploading(answer) => answer.poll_body(cx),
            Self::Hyper(incoming) => return Pin::new(incoming).poll_frame(cx).map_err(UpstreamError::from),
        };
        data.map(|data| data.map(|data| data.map(Frame::data).map_err(UpstreamError::from)))
    }

    /// Whether nothing more will come.
    pub(super) fn is_ended(&self) -> bool {
        match self {
            Self::Ended => true,
            Self::Http1(connection, _) => connection.left() == Some(0),
            Self::Uploading(answer) => answer.left() == Some(0),
            Self::Hyper(incoming) => incoming.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let left = match self {
            Self::Ended => Some(0),
            Self::Http1(connection, _) => connection.left(),
            Self::Uploading(answer) => answer.left(),
            Self::Hyper(incoming) => return incoming.size_hint(),
        };
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    /// Gives the connection back as soon as the last byte was read from the add-on, however slowly the client takes it.
    pub(super) fn give_back_if_ended(&mut self) {
        if self.is_ended()
            && let Self::Http1(connection, pool) = std::mem::replace(self, Self::Ended)
        {
            pool.give_back(connection);
        }
    }
}
