//! A body in chunks (RFC 9112 section 7.1), read strictly.
//!
//! What two readers could take differently is refused: lines without CR LF, sizes that are no plain hexadecimal number,
//! trailers that are no header lines. Extensions and trailers are read and forgotten, up to a limit.

use bytes::Bytes;

use super::error::Http1Error;
use super::read_buffer::ReadBuffer;

/// Where a body in chunks has been read to.
#[derive(Debug)]
pub(super) struct ChunkedDecoder {
    state: ChunkState,
    /// The size of the chunk that is read, and later how much of it is missing.
    left: u64,
    digits: u8,
    /// Bytes of extensions and of trailers so far, in the whole body.
    extension_bytes: usize,
    trailer_bytes: usize,
    trailers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChunkState {
    Size,
    BlankAfterSize,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    /// At the beginning of a line behind the last chunk: a trailer, or the empty line.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLineFeed,
    LastLineFeed,
    Ended,
}

impl ChunkedDecoder {
    pub(super) fn new() -> Self {
        Self { state: ChunkState::Size, left: 0, digits: 0, extension_bytes: 0, trailer_bytes: 0, trailers: 0 }
    }

    /// Whether the last line was read.
    pub(super) fn is_ended(&self) -> bool {
        self.state == ChunkState::Ended
    }

    /// The next bytes of the body; none when there are no more here.
    pub(super) fn decode(&mut self, buffer: &mut ReadBuffer) -> Result<Option<Bytes>, Http1Error> {
        self.read_lines(buffer)?;
        if self.state != ChunkState::Data || buffer.is_empty() {
            return Ok(None);
        }
        let data = buffer.take(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left = self.left.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
        if self.left == 0 {
            self.state = ChunkState::DataReturn;
            // What is behind this chunk is read at once: if it is the end, then these bytes are handed on as the last
            // ones. An error is met again when the body is asked for more, after these bytes.
            let _ = self.read_lines(buffer);
        }
        Ok(Some(data))
    }

    /// Reads up to the next data, or the end.
    fn read_lines(&mut self, buffer: &mut ReadBuffer) -> Result<(), Http1Error> {
        let mut read = 0_usize;
        for byte in buffer.as_slice() {
            if matches!(self.state, ChunkState::Data | ChunkState::Ended) {
                break;
            }
            match self.after(*byte) {
                Ok(state) => self.state = state,
                Err(error) => {
                    // Not beyond the wrong byte, so that it is met again.
                    buffer.skip(read);
                    return Err(error);
                }
            }
            read = read.saturating_add(1);
        }
        buffer.skip(read);
        Ok(())
    }

    /// What comes after this byte.
    fn after(&mut self, byte: u8) -> Result<ChunkState, Http1Error> {
        use ChunkState::{
            BlankAfterSize, Data, DataLineFeed, DataReturn, Ended, Extension, LastLineFeed, Size, SizeLineFeed,
            TrailerLineFeed, TrailerName, TrailerStart, TrailerValue,
        };
        match (self.state, byte) {
            (Size, digit) if digit.is_ascii_hexdigit() => self.digit(digit),
            (Size, _) if self.digits == 0 => Err(Http1Error::Chunk("a size is missing")),
            (Size | BlankAfterSize | Extension, b'\r') => Ok(SizeLineFeed),
            // RFC 9112 section 7.1.1 allows blanks before an extension; old servers pad the size with them.
            (Size | BlankAfterSize, b' ' | b'\t') => self.extension(BlankAfterSize),
            (Size | BlankAfterSize, b';') => self.extension(Extension),
            (Extension, byte) if is_text(byte) => self.extension(Extension),
            (SizeLineFeed, b'\n') => {
                self.digits = 0;
                Ok(if self.left == 0 { TrailerStart } else { Data })
            }
            (DataReturn, b'\r') => Ok(DataLineFeed),
            (DataLineFeed, b'\n') => Ok(Size),
            (TrailerStart, b'\r') => Ok(LastLineFeed),
            (LastLineFeed, b'\n') => Ok(Ended),
            (TrailerStart, byte) if is_token(byte) => {
                self.trailers = self.trailers.saturating_add(1);
                self.trailer(TrailerName)
            }
            (TrailerName, byte) if is_token(byte) => self.trailer(TrailerName),
            (TrailerName, b':') => self.trailer(TrailerValue),
            (TrailerValue, b'\r') => self.trailer(TrailerLineFeed),
            (TrailerValue, byte) if is_text(byte) => self.trailer(TrailerValue),
            (TrailerLineFeed, b'\n') => self.trailer(TrailerStart),
            (Size | BlankAfterSize | Extension | SizeLineFeed, _) => Err(Http1Error::Chunk("a size is no number")),
            (DataReturn | DataLineFeed, _) => Err(Http1Error::Chunk("one is longer than its size")),
            (TrailerStart | TrailerName | TrailerValue | TrailerLineFeed | LastLineFeed, _) => {
                Err(Http1Error::Chunk("a trailer is no header line"))
            }
            // The bytes of data, and those behind the end, are not asked about.
            (state @ (Data | Ended), _) => Ok(state),
        }
    }

    fn digit(&mut self, digit: u8) -> Result<ChunkState, Http1Error> {
        let value = match digit {
            b'0'..=b'9' => digit.wrapping_sub(b'0'),
            _ => digit.to_ascii_lowercase().wrapping_sub(b'a').wrapping_add(10),
        };
        // By the number of digits, so that zeros in front are bounded too. Sixteen of them fit.
        if self.digits == MOST_DIGITS {
            return Err(Http1Error::Chunk("a size has too many digits"));
        }
        // Nothing is left of the chunk before, so that the first digit is added to zero.
        self.left = self.left << 4 | u64::from(value);
        self.digits = self.digits.saturating_add(1);
        Ok(ChunkState::Size)
    }

    fn extension(&mut self, next: ChunkState) -> Result<ChunkState, Http1Error> {
        self.extension_bytes = self.extension_bytes.saturating_add(1);
        if self.extension_bytes > MOST_EXTENSIONS { Err(Http1Error::Chunk("too many extensions")) } else { Ok(next) }
    }

    fn trailer(&mut self, next: ChunkState) -> Result<ChunkState, Http1Error> {
        self.trailer_bytes = self.trailer_bytes.saturating_add(1);
        let too_many = self.trailer_bytes > MOST_TRAILER_BYTES || self.trailers > MOST_TRAILERS;
        if too_many { Err(Http1Error::Chunk("too many trailers")) } else { Ok(next) }
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What may stand in a value (RFC 9110 section 5.5), and in a chunk extension: no control characters.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || byte >= b' ' && byte != 0x7f
}

/// Digits of a size: as many as a number of 64 bits has.
const MOST_DIGITS: u8 = 16;
/// Bytes of chunk extensions in one body.
const MOST_EXTENSIONS: usize = 16 * 1024;
/// Bytes and lines of trailers.
const MOST_TRAILER_BYTES: usize = 64 * 1024;
const MOST_TRAILERS: usize = 100;
