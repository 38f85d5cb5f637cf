//! A body that ends with its exchange: streamed as it comes, never ended cleanly when it was cut.

use std::error::Error;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::exchange::Open;
use crate::refusal::Reason;

/// A body on the list of what is open, until its last byte.
pub struct CutBody<B> {
    body: Option<B>,
    open: Open,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// A body that is read on behalf of an exchange, and no further than that goes.
pub struct CutUpload<B> {
    body: B,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Why such a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum CutBodyError {
    /// The sender broke off.
    #[error("the body broke off")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// It may no longer go on, or the process stops.
    #[error("the body was cut: {}", .0.map_or("stopping", Reason::label))]
    Cut(Option<Reason>),
}

impl<B> CutBody<B> {
    /// The body of this exchange.
    pub fn new(body: B, open: Open) -> Self {
        let cut = Box::pin(open.cut());
        Self { body: Some(body), open, cut }
    }
}

impl<B> Body for CutBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = CutBodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutBodyError>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        // The end of it first: not a byte goes on after it.
        if this.cut.as_mut().poll(cx).is_ready() {
            // Dropped at once: the sender hears of the end however slow the client is.
            this.body = None;
            return Poll::Ready(Some(Err(CutBodyError::Cut(this.open.exchange().why()))));
        }
        // hyper asks for a frame when there is room for it: the client has taken the one before.
        this.open.exchange().note_poll();
        let polled = Pin::new(body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && frame.is_data()
        {
            this.open.exchange().note_frame();
        }
        polled.map_err(|error| CutBodyError::Broken(error.into()))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl<B> CutUpload<B> {
    /// The body of a request that this exchange is about.
    pub fn new<S: ?Sized>(body: B, open: &Open<S>) -> Self {
        Self { body, cut: Box::pin(open.cut()) }
    }
}

impl<B> Body for CutUpload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = CutBodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutBodyError>>> {
        let this = &mut *self;
        if this.cut.as_mut().poll(cx).is_ready() {
            // An error and not an end: the peer must not take half an upload for all of it.
            return Poll::Ready(Some(Err(CutBodyError::Cut(None))));
        }
        Pin::new(&mut this.body).poll_frame(cx).map_err(|error| CutBodyError::Broken(error.into()))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
