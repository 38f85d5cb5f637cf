//! A body that was read before its request goes on: held in memory whole, and sent on as it came.
//!
//! In comes a body on its way, out come its bytes for whoever judges by them; what is sent on then has the same bytes, and
//! the same `Content-Length` or none, as it would have had unread. One request holds at most what its reader allows.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::body::{BodyError, RequestBody};
use super::sanitize::Sanitized;
use super::unread::Unread;
use crate::refusal::Reason;

/// The body of a client's request, on its way or read already.
#[derive(Debug)]
pub struct ClientBody(Kind);

#[derive(Debug)]
enum Kind {
    Incoming(Incoming),
    /// The same, with the place where it leaves what nobody reads.
    Watched(Option<Incoming>, Unread),
    Held {
        bytes: Option<Bytes>,
        /// Whether the client had said its length.
        sized: bool,
    },
}

impl From<Incoming> for ClientBody {
    fn from(incoming: Incoming) -> Self {
        Self(Kind::Incoming(incoming))
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        if let Kind::Watched(incoming, unread) = &mut self.0
            && let Some(rest) = incoming.take()
        {
            unread.leave(rest);
        }
    }
}

impl ClientBody {
    /// As it arrived.
    pub(super) fn arrived(incoming: Incoming, unread: Option<Unread>) -> Self {
        match unread {
            Some(unread) => Self(Kind::Watched(Some(incoming), unread)),
            None => incoming.into(),
        }
    }

    fn held(bytes: Bytes, sized: bool) -> Self {
        Self(Kind::Held { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), sized })
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => Pin::new(incoming).poll_frame(cx),
            Kind::Watched(None, _) => Poll::Ready(None),
            Kind::Held { bytes, .. } => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => incoming.is_end_stream(),
            Kind::Watched(None, _) => true,
            Kind::Held { bytes, .. } => bytes.is_none(),
        }
    }

    /// Exact only where it was: a body that came in chunks goes on in chunks.
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => incoming.size_hint(),
            Kind::Watched(None, _) => SizeHint::with_exact(0),
            Kind::Held { bytes, sized } => {
                let length = bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if *sized || length == 0 { SizeHint::with_exact(length) } else { SizeHint::default() }
            }
        }
    }
}

impl Sanitized {
    /// Reads the body and keeps it, so that it can be judged and then sent on. At most `limit` bytes, with no pause longer
    /// than `stall`. Reading is what tells a client that waits for it to go on (RFC 9110 section 10.1.1).
    pub async fn hold_body(&mut self, limit: usize, stall: Duration) -> Result<Bytes, Reason> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let body = std::mem::replace(self.body_mut(), ClientBody::held(Bytes::new(), true));
        let length = body.size_hint().exact();
        if length.is_some_and(|length| length > limit) {
            return Err(Reason::JudgedBodyTooLarge);
        }
        let (mut body, _) = RequestBody::new(body, limit, stall);
        // Copied: pieces of a byte each would keep the buffers alive that they were read into.
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| match error {
                BodyError::TooLarge => Reason::JudgedBodyTooLarge,
                BodyError::Stalled => Reason::BodyTimeout,
                BodyError::Broken(_) | BodyError::Abandoned => Reason::MalformedRequest,
            })?;
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
        let bytes = bytes.freeze();
        *self.body_mut() = ClientBody::held(bytes.clone(), length.is_some());
        Ok(bytes)
    }
}
