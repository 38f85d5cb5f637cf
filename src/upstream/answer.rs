//! The body of an add-on's answer: streamed as it comes, cut when it may no longer go on, and never ended cleanly when
//! it broke off.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::answer_source::AnswerSource;
use super::compression::{Compressor, Step};
use super::grpc_call::GrpcCall;
use super::pool::HeldSlot;
use super::unanswered::UpstreamError;
use crate::connection::InFlightGuard;
use crate::exchanges::Open;
use crate::http::{MinRate, Rate, RateMeter};
use crate::refusal::Reason;

/// The body of an add-on's answer. Trailers are dropped (DESIGN section 2, step 2), but those of
/// gRPC.
pub struct AnswerBody {
    source: AnswerSource,
    open: Option<Open>,
    cut: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    grpc: Option<GrpcCall>,
    /// What the add-on's bytes go through, where they are compressed.
    compressor: Option<Box<Compressor>>,
    /// The rest of a piece that the client takes in parts, and how fast it does.
    rest: Bytes,
    meter: RateMeter,
    taking: Option<usize>,
    _held: Option<(HeldSlot, InFlightGuard)>,
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The add-on broke off.
    #[error("the add-on's answer broke off")]
    Broken(#[source] UpstreamError),
    /// It could not be compressed any further.
    #[error("the answer could not be compressed")]
    Compression(#[source] io::Error),
    /// The session ended, the permission was lost, or the process stops.
    #[error("the answer was cut: {}", .0.map_or("stopping", Reason::label))]
    Cut(Option<Reason>),
}

impl AnswerBody {
    pub(super) fn relay(
        source: AnswerSource,
        grpc: Option<GrpcCall>,
        (place, open, serving): (HeldSlot, Open, InFlightGuard),
        reading: MinRate,
    ) -> Self {
        let mut body = Self {
            source,
            open: Some(open),
            grpc,
            meter: RateMeter::new(reading),
            _held: Some((place, serving)),
            ..Self::empty()
        };
        // An answer without a body (HEAD, 204, 304) is never polled by hyper: its connection would be dropped with it
        // instead of being kept.
        body.source.give_back_if_ended();
        body.waits_for_client(0, Instant::now());
        body
    }

    /// The same, compressed.
    pub(super) fn through(mut self, compressor: Option<Compressor>) -> Self {
        self.compressor = compressor.map(Box::new);
        self
    }

    /// No body at all: that of an answer after which there is a tunnel, which holds the exchange itself.
    pub(super) fn empty() -> Self {
        Self {
            source: AnswerSource::Ended,
            open: None,
            cut: None,
            grpc: None,
            compressor: None,
            rest: Bytes::new(),
            meter: RateMeter::new(MinRate::idle(Duration::MAX)),
            taking: None,
            _held: None,
        }
    }

    /// The client has taken what it had, and has room for more.
    fn note_poll(&mut self, now: Instant) {
        let (Some(open), Some(taken)) = (&self.open, self.taking.take()) else { return };
        if self.meter.moves(now, taken) == Rate::TooSlow {
            open.exchange().cut_slow_reader();
        }
        open.exchange().note_poll();
    }

    /// The client has so much to take; at the beginning nothing but the head, and it may have no room for more.
    fn waits_for_client(&mut self, length: usize, now: Instant) {
        let Some(open) = &self.open else { return };
        self.taking = Some(length);
        let by = self.meter.waits(now);
        open.exchange().note_frame();
        open.exchange().must_take_by(by);
    }

    /// The next part of what is there for the client. Parts are small, so that a slow line is seen to move.
    fn hand_over(&mut self, now: Instant) -> Frame<Bytes> {
        // `split_to` shares the buffer: parts cost no copy.
        let part = self.rest.split_to(self.rest.len().min(PART));
        self.waits_for_client(part.len(), now);
        Frame::data(part)
    }

    /// The first part of this, which is all that there is.
    fn hand_over_all(&mut self, data: Bytes, now: Instant) -> Frame<Bytes> {
        self.rest = data;
        self.hand_over(now)
    }

    /// Goes on with what the add-on has sent, where it is compressed.
    fn compress(&mut self) -> io::Result<Step> {
        self.compressor.as_mut().map_or(Ok(Step::NeedsInput), |compressor| compressor.step())
    }

    /// Nothing more comes, and what was compressed is not ended: the client must not take it for whole.
    fn drop_rest(&mut self) {
        self.source = AnswerSource::Ended;
        self.compressor = None;
    }

    fn fails(&mut self, error: io::Error) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        self.drop_rest();
        Poll::Ready(Some(Err(AnswerError::Compression(error))))
    }

    fn trailers(&self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        // Only gRPC has its status in trailers. Anywhere else a trailer could bring in a header that was confined at
        // the top.
        let grpc = self.grpc.as_ref()?;
        let mut trailers = frame.into_trailers().ok()?;
        grpc.trailer_filter().apply(&mut trailers);
        Some(Frame::trailers(trailers))
    }

    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<AnswerError> {
        let Some(open) = &self.open else { return Poll::Pending };
        // Made when it is first waited for: most answers are there at once and never register with the token.
        let cut = self.cut.get_or_insert_with(|| Box::pin(open.cut()));
        cut.as_mut().poll(cx).map(|()| AnswerError::Cut(open.exchange().why()))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerError>>> {
        let this = &mut *self;
        // hyper polls a body when the client's side has room, so being polled is the proof that the client has taken
        // the last part.
        let now = Instant::now();
        this.note_poll(now);
        if let Some(open) = this.open.as_ref().filter(|open| open.is_cut()) {
            // Dropped and not given back: the rest of this answer still lies in it.
            let why = open.exchange().why();
            this.drop_rest();
            return Poll::Ready(Some(Err(AnswerError::Cut(why))));
        }
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.hand_over(now))));
        }
        loop {
            match this.compress() {
                Ok(Step::NeedsInput) => {}
                Ok(Step::Output(data)) => return Poll::Ready(Some(Ok(this.hand_over_all(data, now)))),
                Ok(Step::Yields) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Err(error) => return this.fails(error),
            }
            let Poll::Ready(frame) = this.source.poll_frame(cx) else {
                // The add-on pauses: the client gets what it has said until now.
                match this.compressor.as_mut().map_or(Ok(None), |compressor| compressor.flush()) {
                    Ok(Some(data)) => return Poll::Ready(Some(Ok(this.hand_over_all(data, now)))),
                    Ok(None) => {}
                    Err(error) => return this.fails(error),
                }
                // Asked last, when there is nothing to hand on: the check at the top has covered every other way
                // through.
                return this.poll_cut(cx).map(|error| Some(Err(error)));
            };
            let Some(frame) = frame else {
                this.source.give_back_if_ended();
                return match this.compressor.take().map(|compressor| compressor.finish()) {
                    None => Poll::Ready(None),
                    Some(Ok(data)) => Poll::Ready(Some(Ok(this.hand_over_all(data, now)))),
                    Some(Err(error)) => this.fails(error),
                };
            };
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    this.drop_rest();
                    return Poll::Ready(Some(Err(AnswerError::Broken(error))));
                }
            };
            this.source.give_back_if_ended();
            match frame.into_data() {
                Ok(data) => match &mut this.compressor {
                    Some(compressor) => compressor.put(data),
                    None => return Poll::Ready(Some(Ok(this.hand_over_all(data, now)))),
                },
                Err(other) => {
                    if let Some(trailers) = this.trailers(other) {
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.source.is_ended() && self.compressor.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // How long it will be, nobody knows.
        if self.compressor.is_some() {
            return SizeHint::default();
        }
        let mut hint = self.source.size_hint();
        let rest = u64::try_from(self.rest.len()).unwrap_or_default();
        match hint.upper().and_then(|upper| upper.checked_add(rest)) {
            // The upper bound first: it must never be the smaller one.
            Some(upper) => hint.set_upper(upper),
            None => return hint,
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}

/// What a client has to take at once before it is asked whether it moves: at the default of a minute, half a kilobyte a
/// second.
const PART: usize = 32 * 1024;
