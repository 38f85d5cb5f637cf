//! What was read from an add-on and not yet handed on.
//!
//! Bytes are read into one allocation and handed on as parts of it, without a copy. It is small until an answer proves
//! to be large, stays so while one request follows another, and is given back when the connection comes to rest.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio_util::io::poll_read_buf;

use crate::dial::Wire;

/// The bytes that came last.
pub(super) struct ReadBuffer {
    bytes: BytesMut,
    /// How much room the next read should find.
    room: usize,
    /// The last read filled little of it.
    was_small: bool,
}

impl ReadBuffer {
    /// Empty, and without an allocation.
    pub(super) fn new() -> Self {
        Self { bytes: BytesMut::new(), room: SMALLEST, was_small: false }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes out at most this many bytes.
    pub(super) fn take(&mut self, most: usize) -> Bytes {
        self.bytes.split_to(most.min(self.bytes.len())).freeze()
    }

    /// Throws away this many bytes.
    pub(super) fn skip(&mut self, count: usize) {
        self.bytes.advance(count.min(self.bytes.len()));
    }

    /// Prepares for a body of this length, so that a large one is not read in small pieces first.
    pub(super) fn expect(&mut self, length: u64) {
        let length = usize::try_from(length).unwrap_or(LARGEST);
        self.room = self.room.max(length.min(LARGEST));
    }

    /// Reads once. Zero bytes are the end of the stream.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>, stream: &mut dyn Wire) -> Poll<io::Result<usize>> {
        // The rest of an allocation is used up before there is another, unless so little is left that it would cost a
        // read of its own.
        if self.spare() < self.room / 4 {
            self.bytes.reserve(self.room);
        }
        let spare = self.spare();
        let read = ready!(poll_read_buf(Pin::new(stream), cx, &mut self.bytes))?;
        self.adapt(read, spare);
        Poll::Ready(Ok(read))
    }

    /// Gives the allocation back, when there is nothing in it.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            *self = Self::new();
        }
    }

    fn spare(&self) -> usize {
        self.bytes.capacity().saturating_sub(self.bytes.len())
    }

    fn adapt(&mut self, read: usize, spare: usize) {
        if read >= spare {
            self.room = self.room.saturating_mul(2).min(LARGEST);
            self.was_small = false;
        } else if read < self.room / 4 {
            // Twice in a row: one short read stands at the end of every download.
            if self.was_small {
                self.room = (self.room / 2).max(SMALLEST);
            }
            self.was_small = !self.was_small;
        } else {
            self.was_small = false;
        }
    }
}

/// Enough for most heads, with a small body behind them.
const SMALLEST: usize = 8 * 1024;
/// What one read may bring, and so about what one answer may hold while its reader is slow.
const LARGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn a_buffer_grows_for_a_large_answer_and_is_small_again_for_the_next() {
        let (mut addon, stream) = tokio::io::duplex(1024 * 1024);
        let mut stream: Box<dyn Wire> = Box::new(stream);
        let mut buffer = ReadBuffer::new();
        let mut cx = Context::from_waker(Waker::noop());
        addon.write_all(&vec![b'x'; 600 * 1024]).await.unwrap();
        let mut largest = 0;
        while let Poll::Ready(read) = buffer.poll_fill(&mut cx, &mut *stream) {
            largest = largest.max(read.unwrap());
            assert!(buffer.bytes.capacity() <= 2 * LARGEST, "{}", buffer.bytes.capacity());
            drop(buffer.take(usize::MAX));
        }
        assert!(largest >= LARGEST / 2, "{largest}");
        assert!(buffer.is_empty());
        buffer.release();
        assert_eq!(buffer.bytes.capacity(), 0);
        addon.write_all(b"x").await.unwrap();
        assert!(buffer.poll_fill(&mut cx, &mut *stream).is_ready());
        assert!(buffer.bytes.capacity() <= SMALLEST);
    }
}
