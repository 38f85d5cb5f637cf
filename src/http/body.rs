//! The client's body on its way to the add-on: counted, limited, and never without progress for too long.
//!
//! Trailers do not pass, but to an add-on that speaks gRPC, and then through a filter: a name in a trailer would reach
//! the add-on behind the back of the stage that strips names (S-11). A body that breaks off is an error here, so that
//! it breaks off upstream too.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::min_rate::{MinRate, Rate, RateMeter};
use super::trailers::TrailerFilter;
use crate::connection::ClientBody;

/// A request's body on its way to the add-on: counted, bounded and timed.
pub struct RequestBody {
    incoming: ClientBody,
    meter: RateMeter,
    stalled: Option<Pin<Box<Sleep>>>,
    left: u64,
    progress: Arc<BodyProgress>,
    call: Option<Box<Streamed>>,
}

/// What the body of a gRPC call has besides.
struct Streamed {
    trailer_filter: Arc<TrailerFilter>,
    abandoned: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// What became of a body, for those who watch it from outside.
#[derive(Debug)]
pub struct BodyProgress {
    /// None of a body that was whole from the start: nothing of it is waited for.
    start: Option<Instant>,
    // Milliseconds after `start`.
    moved: AtomicU64,
    waits: AtomicBool,
    bytes: AtomicU64,
    done: AtomicBool,
    too_large: AtomicBool,
    timed_out: AtomicBool,
    broken: AtomicBool,
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client's side broke off or was malformed.
    #[error("the client's body broke off")]
    Broken(#[source] hyper::Error),
    /// No byte for too long, or too few.
    #[error("the client's body stalled")]
    Stalled,
    /// More bytes than the add-on's limit.
    #[error("the client's body is larger than the limit")]
    TooLarge,
    /// The answer is no longer waited for.
    #[error("the request was given up")]
    Abandoned,
}

impl RequestBody {
    /// Limits `incoming` to `limit` bytes and holds the client to a pace.
    pub fn new(incoming: ClientBody, limit: u64, min_rate: MinRate) -> (Self, Arc<BodyProgress>) {
        let progress = Arc::new(BodyProgress::new(is_whole(&incoming)));
        let meter = RateMeter::new(min_rate);
        (Self { incoming, meter, stalled: None, left: limit, progress: Arc::clone(&progress), call: None }, progress)
    }

    /// The same for a gRPC call, which may stand `idle`: its trailers pass through `trailer_filter`, and it breaks off
    /// when it is `abandoned`. Over HTTP/2 a body has a life of its own, and would outlive an answer that was cut.
    pub fn of_call(
        incoming: ClientBody,
        limit: u64,
        idle: Duration,
        trailer_filter: Arc<TrailerFilter>,
        abandoned: &CancellationToken,
    ) -> (Self, Arc<BodyProgress>) {
        // Not `is_whole`: a call whose body has length zero may still end with trailers.
        let progress = Arc::new(BodyProgress::new(incoming.is_end_stream()));
        let call =
            Some(Box::new(Streamed { trailer_filter, abandoned: Box::pin(abandoned.clone().cancelled_owned()) }));
        // No minimum rate: a streaming call may rightly send a few bytes now and then.
        let meter = RateMeter::new(MinRate::idle(idle));
        (Self { incoming, meter, stalled: None, left: limit, progress: Arc::clone(&progress), call }, progress)
    }

    /// Whether all of the body is here: where trailers may follow, its length does not say so.
    fn is_whole(&self) -> bool {
        if self.call.is_some() { self.incoming.is_end_stream() } else { is_whole(&self.incoming) }
    }

    /// Trailers, where they may pass.
    fn trailers(&self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let call = self.call.as_ref()?;
        let mut trailers = frame.into_trailers().ok()?;
        call.trailer_filter.apply(&mut trailers);
        // Nothing can follow trailers, so the body is done before its stream says so.
        self.progress.done.store(true, Ordering::Relaxed);
        Some(Frame::trailers(trailers))
    }

    /// Ends when the client has been waited for too long.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.meter.waits(Instant::now());
        let sleep = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        // One timer for all pauses: a new one for each frame would cost more than the frame.
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx)
    }

    /// A byte too few in the time that it took.
    fn is_too_slow(&mut self, frame: &Frame<Bytes>) -> bool {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        self.meter.moves(Instant::now(), bytes) == Rate::TooSlow
    }
}

/// Whether all of a body is here. Over HTTP/2 the frame that ends it may come long after its last byte, and a reader
/// that knows the length does not ask for that frame.
pub(super) fn is_whole(incoming: &ClientBody) -> bool {
    incoming.is_end_stream() || incoming.size_hint().exact() == Some(0)
}

impl BodyProgress {
    fn new(done: bool) -> Self {
        Self {
            start: (!done).then(Instant::now),
            moved: AtomicU64::new(0),
            waits: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            done: AtomicBool::new(done),
            too_large: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }
    }

    /// When a byte was last read, or when there was none yet; nothing of a body that was whole from the start.
    pub fn last_moved(&self) -> Option<Instant> {
        Some(self.start? + Duration::from_millis(self.moved.load(Ordering::Relaxed)))
    }

    /// Whether the add-on wants more and the client has sent no more.
    pub fn waits_for_client(&self) -> bool {
        self.waits.load(Ordering::Relaxed) && !self.is_done()
    }

    fn moves(&self) {
        self.waits.store(false, Ordering::Relaxed);
        // Relaxed here and below: each value is read by itself, and no other memory is published through it.
        let Some(start) = self.start else { return };
        self.moved.store(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn stalls(&self) -> BodyError {
        self.timed_out.store(true, Ordering::Relaxed);
        BodyError::Stalled
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the whole body was read.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// Whether it was larger than the limit.
    pub fn is_too_large(&self) -> bool {
        self.too_large.load(Ordering::Relaxed)
    }

    /// Whether the client sent too slowly for too long.
    pub fn has_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::Relaxed)
    }

    /// Whether the client broke off or sent something that is no body.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        // A body whose length is known is done with its last byte. Its end is not asked for, as it may come much later.
        if this.progress.is_done() {
            return Poll::Ready(None);
        }
        if let Some(call) = &mut this.call
            // Before the client is asked for more: an abandoned call must not take another byte from it.
            && call.abandoned.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(BodyError::Abandoned)));
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(cx) else {
                // It was the add-on that asked, so from here on the client is waited for, and the client's time runs.
                this.progress.waits.store(true, Ordering::Relaxed);
                ready!(this.poll_stalled(cx));
                return Poll::Ready(Some(Err(this.progress.stalls())));
            };
            this.progress.moves();
            let Some(frame) = frame else {
                this.progress.done.store(true, Ordering::Relaxed);
                return Poll::Ready(None);
            };
            // Noted beside the error, because whoever sends this body wraps the error, and the answer must blame the
            // client and not the add-on.
            let frame = frame.inspect_err(|_| this.progress.broken.store(true, Ordering::Relaxed));
            let frame = frame.map_err(BodyError::Broken)?;
            if this.is_too_slow(&frame) {
                return Poll::Ready(Some(Err(this.progress.stalls())));
            }
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(other) => match this.trailers(other) {
                    Some(trailers) => return Poll::Ready(Some(Ok(trailers))),
                    // Asked again at once: returning `Pending` after dropped trailers would leave no waker registered.
                    None => continue,
                },
            };
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            // Counted as it comes, whatever `Content-Length` says: a body in chunks has none.
            let Some(left) = this.left.checked_sub(length) else {
                this.progress.too_large.store(true, Ordering::Relaxed);
                return Poll::Ready(Some(Err(BodyError::TooLarge)));
            };
            this.left = left;
            this.progress.bytes.fetch_add(length, Ordering::Relaxed);
            if this.is_whole() {
                this.progress.done.store(true, Ordering::Relaxed);
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.progress.is_done()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
