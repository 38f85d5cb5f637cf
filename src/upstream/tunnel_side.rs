//! One side of a tunnel: what is read from it, what is written to it, and where its frames end.

use super::websocket_frames::Frames;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{ReadHalf, WriteHalf};

/// One side of an open tunnel, and the place in the frames that were passed on to it.
pub(super) struct Side {
    pub(super) from: ReadHalf<TokioIo<Upgraded>>,
    pub(super) to: WriteHalf<TokioIo<Upgraded>>,
    pub(super) frames: Frames,
}

impl Side {
    pub(super) fn new(upgraded: Upgraded) -> Self {
        let (from, to) = tokio::io::split(TokioIo::new(upgraded));
        Self { from, to, frames: Frames::default() }
    }
}
