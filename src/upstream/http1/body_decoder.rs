//! The body of an answer: where it ends, and whether it came to that end.

use bytes::Bytes;

use super::body_framing::BodyFraming;
use super::chunked_decoder::ChunkedDecoder;
use super::error::Http1Error;
use super::read_buffer::ReadBuffer;

/// What is missing of a body.
#[derive(Debug)]
pub(super) enum BodyDecoder {
    /// So many bytes; with none, it has ended.
    Length(u64),
    Chunked(ChunkedDecoder),
    UntilClose,
}

impl BodyDecoder {
    pub(super) fn new(framing: BodyFraming) -> Self {
        match framing {
            BodyFraming::None => Self::ended(),
            BodyFraming::Length(length) => Self::Length(length),
            BodyFraming::Chunked => Self::Chunked(ChunkedDecoder::new()),
            BodyFraming::UntilClose => Self::UntilClose,
        }
    }

    /// Nothing is missing.
    pub(super) fn ended() -> Self {
        Self::Length(0)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.left() == Some(0)
    }

    /// How many bytes are missing, where that is known.
    pub(super) fn left(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            Self::Chunked(decoder) if decoder.is_ended() => Some(0),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    /// The next bytes of the body; none when there are no more here.
    pub(super) fn decode(&mut self, buffer: &mut ReadBuffer) -> Result<Option<Bytes>, Http1Error> {
        match self {
            Self::Chunked(decoder) => decoder.decode(buffer),
            _ if buffer.is_empty() => Ok(None),
            Self::Length(0) => Ok(None),
            Self::Length(left) => {
                // No byte beyond the end: what is behind it is not this answer's.
                let data = buffer.take(usize::try_from(*left).unwrap_or(usize::MAX));
                *left = left.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
                Ok(Some(data))
            }
            Self::UntilClose => Ok(Some(buffer.take(usize::MAX))),
        }
    }

    /// The add-on has closed the connection. RFC 9112 section 8: a body whose length or last chunk did not come is
    /// incomplete; only one that has neither ends so.
    pub(super) fn close(&mut self) -> Result<(), Http1Error> {
        match self {
            Self::UntilClose => {
                *self = Self::ended();
                Ok(())
            }
            _ if self.is_ended() => Ok(()),
            Self::Length(_) | Self::Chunked(_) => Err(Http1Error::Closed),
        }
    }
}
