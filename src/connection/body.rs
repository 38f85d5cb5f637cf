//! The body of a client's request, as its connection hands it on.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::unread::UnreadBody;
use crate::budget::Permit;

/// The body of a client's request, on its way or read already.
#[derive(Debug)]
pub struct ClientBody(Kind);

#[derive(Debug)]
enum Kind {
    Incoming(Incoming),
    /// The same, with the place where it leaves what is not read.
    Watched(Option<Incoming>, UnreadBody),
    Buffered {
        bytes: Option<Bytes>,
        /// Whether the client had said its length.
        sized: bool,
        /// What it is counted by, for as long as its bytes are here.
        counted: Option<Permit>,
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
            // Whoever drops a body half-read (a refusal, an add-on that hung up) need not know that the client is still
            // sending.
            unread.leave(rest);
        }
    }
}

impl ClientBody {
    /// The body of a request as hyper gave it; `unread` takes what is left of it when it is dropped.
    pub(super) fn arrived(incoming: Incoming, unread: Option<UnreadBody>) -> Self {
        match unread {
            Some(unread) => Self(Kind::Watched(Some(incoming), unread)),
            None => incoming.into(),
        }
    }

    /// A body of no bytes and a known length of zero.
    pub fn empty() -> Self {
        Self::buffered(Bytes::new(), true, None)
    }

    /// One that was read already, and whether the client had said its length; it counts until its bytes go on.
    pub fn buffered(bytes: Bytes, sized: bool, counted: Option<Permit>) -> Self {
        // An empty body has no frame. hyper would wait for one to be taken before it ends the message.
        Self(Kind::Buffered { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), sized, counted })
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => Pin::new(incoming).poll_frame(cx),
            Kind::Watched(None, _) => Poll::Ready(None),
            Kind::Buffered { bytes, counted, .. } => {
                // The bytes go on from here and are counted elsewhere, if at all: kept, the permit would hold the
                // budget for as long as the add-on takes.
                *counted = None;
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => incoming.is_end_stream(),
            Kind::Watched(None, _) => true,
            Kind::Buffered { bytes, .. } => bytes.is_none(),
        }
    }

    /// Exact only where it was: a body that came in chunks goes on in chunks.
    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Incoming(incoming) | Kind::Watched(Some(incoming), _) => incoming.size_hint(),
            Kind::Watched(None, _) => SizeHint::with_exact(0),
            Kind::Buffered { bytes, sized, .. } => {
                let length = bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if *sized || length == 0 { SizeHint::with_exact(length) } else { SizeHint::default() }
            }
        }
    }
}
