//! Why a request has no answer, or half of one, whoever carried it: our own client, or hyper's.

use std::io;

use super::http1::{Http1Error, SendError, UnsentRequest};

/// What went wrong between us and an add-on.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Over our own HTTP/1.1.
    #[error("no HTTP/1.1 with the add-on")]
    Http1(#[from] Http1Error),
    /// Over HTTP/2, or in the answer to a handshake.
    #[error("no HTTP with the add-on")]
    Hyper(#[from] hyper::Error),
}

/// A request that was not answered.
pub(super) enum Unanswered<T> {
    /// Not one byte of it was sent: it may be tried again.
    Unsent(T),
    /// It may have reached the add-on.
    Sent(UpstreamError),
}

impl From<SendError> for Unanswered<UnsentRequest> {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Unsent(request) => Self::Unsent(request),
            SendError::Failed(error) => Self::Sent(error.into()),
        }
    }
}

impl UpstreamError {
    /// Whether the add-on hung up in the middle of a message, as opposed to a message that is not HTTP.
    pub(super) fn is_hang_up(&self) -> bool {
        match self {
            Self::Http1(error) => error.is_hang_up(),
            Self::Hyper(error) => {
                // hyper has no question for this one: an error of the socket stands only in its source.
                let io = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<io::Error>);
                error.is_incomplete_message() || error.is_closed() || error.is_canceled() || io
            }
        }
    }
}
