//! The encoders, each with a window that is small and a level that is cheap.

use std::io::{self, Write};

#[cfg(feature = "brotli")]
use brotli::{CompressorWriter, enc::BrotliEncoderParams};
use flate2::write::GzEncoder;
use zstd::zstd_safe::CParameter;

use crate::http::Coding;

/// Writes one answer in one coding.
pub(super) enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    // Boxed, since its states are larger than those of the other two.
    #[cfg(feature = "brotli")]
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL))),
            #[cfg(feature = "brotli")]
            Coding::Brotli => {
                let parameters =
                    BrotliEncoderParams { quality: BROTLI_LEVEL, lgwin: WINDOW_BITS, ..BrotliEncoderParams::default() };
                Self::Brotli(Box::new(CompressorWriter::with_params(Vec::new(), BROTLI_BUFFER, &parameters)))
            }
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.set_parameter(CParameter::WindowLog(WINDOW_BITS.unsigned_abs()))?;
                Self::Zstd(encoder)
            }
        })
    }

    /// Takes all of it. What is ready to be sent is what [`Encoder::take`] gives.
    pub(super) fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(data),
            #[cfg(feature = "brotli")]
            Self::Brotli(encoder) => encoder.write_all(data),
            Self::Zstd(encoder) => encoder.write_all(data),
        }
    }

    /// Makes everything ready that was taken, so that the client can read it without what follows.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.flush(),
            #[cfg(feature = "brotli")]
            Self::Brotli(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }

    /// What is ready to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            #[cfg(feature = "brotli")]
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        })
    }

    /// The end of the answer, and what is ready with it.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            #[cfg(feature = "brotli")]
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

/// 256 KiB. A larger one saves little of what web UIs are made of, and is held for as long as the answer takes.
const WINDOW_BITS: i32 = 18;
/// Beyond these, time grows faster than what is saved.
const GZIP_LEVEL: u32 = 5;
#[cfg(feature = "brotli")]
const BROTLI_LEVEL: i32 = 4;
const ZSTD_LEVEL: i32 = 3;
/// What brotli writes out at once.
#[cfg(feature = "brotli")]
const BROTLI_BUFFER: usize = 4 * 1024;
