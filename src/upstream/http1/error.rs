//! What can go wrong between us and an add-on.

use std::io;

use crate::connection::WrongLength;
use crate::http::BodyError;

/// Why an exchange with an add-on came to nothing, or to half.
#[derive(Debug, thiserror::Error)]
pub enum Http1Error {
    /// Reading or writing failed.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// The end came too early.
    #[error("the connection was closed before the end of the answer")]
    Closed,
    /// What came is no HTTP/1.0 and no HTTP/1.1, or another thing than a head came where one must be.
    #[error("not an answer of HTTP/1.0 or HTTP/1.1")]
    NotHttp,
    /// A line of the head is none, or there are too many.
    #[error("the head of the answer cannot be read")]
    Head(#[from] httparse::Error),
    /// The head has no end within the limit.
    #[error("the head of the answer is too large")]
    HeadTooLarge,
    /// A header of the answer is none.
    #[error("a header of the answer cannot be read")]
    Header(#[source] http::Error),
    /// Lengths that differ, or one that is no number.
    #[error("the length of the answer cannot be believed")]
    ContentLength,
    /// A coding that nobody asked for, or one where there must be none.
    #[error("the transfer coding of the answer cannot be believed")]
    TransferEncoding,
    /// 1xx without end.
    #[error("too many interim answers")]
    TooManyInterim,
    /// What is wrong with a body in chunks.
    #[error("the chunks of the answer cannot be read: {0}")]
    Chunk(&'static str),
    /// The client's side of an upload went wrong.
    #[error("the upload ended early")]
    RequestBody(#[source] BodyError),
    /// A body that is shorter or longer than its head said.
    #[error("the upload has another length than was said")]
    RequestLength(#[from] WrongLength),
}

impl Http1Error {
    /// Whether the add-on hung up, as opposed to saying something that is not HTTP.
    pub(in crate::upstream) fn is_hang_up(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Closed)
    }
}
