//! The body of an add-on's answer: streamed as it comes, cut when it may no longer go on, and never ended cleanly when it
//! broke off.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::grpc::Trailed;
use super::link::Link;
use super::pool::{Place, Pool};
use crate::exchanges::Open;
use crate::http::Serving;
use crate::refusal::Reason;

/// The body of an add-on's answer. Trailers are dropped (DESIGN section 2, step 2), but those of
/// gRPC.
pub struct AnswerBody {
    incoming: Option<Incoming>,
    link: Option<(Link, Arc<Pool>)>,
    open: Option<Open>,
    cut: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    trailed: Option<Trailed>,
    _place: Option<Place>,
    _serving: Option<Serving>,
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The add-on broke off.
    #[error("the add-on's answer broke off")]
    Broken(#[source] hyper::Error),
    /// The session ended, the permission was lost, or the process stops.
    #[error("the answer was cut: {}", .0.map_or("stopping", Reason::label))]
    Cut(Option<Reason>),
}

impl AnswerBody {
    pub(super) fn relay(
        incoming: Incoming,
        link: Option<(Link, Arc<Pool>)>,
        place: Option<Place>,
        trailed: Option<Trailed>,
        open: Open,
        serving: Serving,
    ) -> Self {
        let (incoming, open, serving) = (Some(incoming), Some(open), Some(serving));
        let mut body = Self { incoming, link, open, cut: None, trailed, _place: place, _serving: serving };
        body.give_back_if_ended();
        body
    }

    /// No body at all: that of an answer after which there is a tunnel, which holds the exchange itself.
    pub(super) fn empty() -> Self {
        Self { incoming: None, link: None, open: None, cut: None, trailed: None, _place: None, _serving: None }
    }

    fn give_back_if_ended(&mut self) {
        let ended = self.incoming.as_ref().is_some_and(Body::is_end_stream);
        if ended && let Some((link, pool)) = self.link.take() {
            pool.give_back(link);
        }
    }

    fn trailers(&self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let trailed = self.trailed.as_ref()?;
        let mut trailers = frame.into_trailers().ok()?;
        trailed.sieve().apply(&mut trailers);
        Some(Frame::trailers(trailers))
    }

    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<AnswerError> {
        let Some(open) = &self.open else { return Poll::Pending };
        let cut = self.cut.get_or_insert_with(|| Box::pin(open.cut()));
        cut.as_mut().poll(cx).map(|()| AnswerError::Cut(open.exchange().why()))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let this = &mut *self;
        if let Some(open) = this.open.as_ref().filter(|open| open.is_cut()) {
            this.link = None;
            return Poll::Ready(Some(Err(AnswerError::Cut(open.exchange().why()))));
        }
        if let Some(open) = &this.open {
            open.exchange().is_asked();
        }
        let mut driven = false;
        loop {
            let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
            match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.give_back_if_ended();
                    if frame.is_data() {
                        if let Some(open) = &this.open {
                            open.exchange().hands_over();
                        }
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    if let Some(trailers) = this.trailers(frame) {
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.link = None;
                    this.incoming = None;
                    return Poll::Ready(Some(Err(AnswerError::Broken(error))));
                }
                Poll::Ready(None) => {
                    this.give_back_if_ended();
                    return Poll::Ready(None);
                }
                Poll::Pending if !driven => {
                    driven = true;
                    if let Some((link, _)) = &mut this.link {
                        link.drive(cx);
                    }
                }
                Poll::Pending => return this.poll_cut(cx).map(|error| Some(Err(error))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
