//! A clock of server-sent events: one a second, for as long as a client listens.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tokio::time::{Interval, MissedTickBehavior};

use super::WhoamiBody;
use crate::clock::Clock;

pub(super) fn stream() -> Response<WhoamiBody> {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    // A client that did not read for a minute gets the next tick and not sixty at once.
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut response = Response::new(Ticks { interval, count: 0 }.boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

struct Ticks {
    interval: Interval,
    count: u64,
}

impl Body for Ticks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.interval.poll_tick(cx));
        self.count = self.count.saturating_add(1);
        let event = format!("id: {}\ndata: {}\n\n", self.count, Clock::System.now());
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(event)))))
    }
}
