//! The body of an answer on its way out: what the account learns from it, frame by frame.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::RequestLog;
use crate::telemetry::UpstreamFailure;
use crate::upstream::{AnswerBody, AnswerError};

/// The body of an answer, counted.
#[derive(Debug)]
pub struct LoggedBody {
    body: Either,
    request_log: Option<Box<RequestLog>>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "an add-on's answer is the rule, and a box would be an allocation for each"
)]
pub(super) enum Either {
    Own(Full<Bytes>),
    Addon(AnswerBody),
}

impl std::fmt::Debug for Either {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Own(_) => "Own",
            Self::Addon(_) => "Addon",
        })
    }
}

impl LoggedBody {
    pub(super) fn new(body: Either, request_log: Option<Box<RequestLog>>) -> Self {
        Self { body, request_log }
    }

    fn note(&mut self, poll: &Poll<Option<Result<Frame<Bytes>, AnswerError>>>) {
        let ended = self.body.is_end_stream();
        let Some(request_log) = &mut self.request_log else { return };
        match poll {
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                request_log.moved.1 = request_log.moved.1.saturating_add(u64::try_from(length).unwrap_or_default());
                // hyper does not poll again once a body says that it has ended, so the last frame has to tell.
                request_log.complete = ended;
            }
            Poll::Ready(Some(Err(error))) => {
                match error {
                    AnswerError::Cut(reason) => request_log.reason = *reason,
                    AnswerError::Compression(_) => {}
                    AnswerError::Broken(_) => request_log.metrics().failed(UpstreamFailure::CutShort),
                }
                tracing::debug!(error = %crate::telemetry::chain(error), "an answer ended early");
            }
            Poll::Ready(None) => request_log.complete = true,
            Poll::Pending => {}
        }
    }
}

impl Body for LoggedBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let poll = match &mut self.body {
            Either::Own(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Either::Addon(body) => Pin::new(body).poll_frame(cx),
        };
        self.note(&poll);
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Either::Own(body) => body.size_hint(),
            Either::Addon(body) => body.size_hint(),
        }
    }
}

impl Either {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Addon(body) => body.is_end_stream(),
        }
    }
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        // A body that was empty from the start is never polled.
        if self.body.is_end_stream()
            && let Some(request_log) = &mut self.request_log
        {
            request_log.complete = true;
        }
    }
}
