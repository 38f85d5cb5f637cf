//! The body of an answer on its way through an encoder: small steps, so that no worker is kept from others, and nothing
//! held back while the add-on pauses.

use std::io;

use bytes::Bytes;

use super::encoder::Encoder;
use crate::budget::Permit;
use crate::http::Coding;

/// Compresses one body.
pub(in crate::upstream) struct Compressor {
    encoder: Encoder,
    /// What the add-on has sent and is not compressed yet.
    input: Bytes,
    /// Whether something was compressed since the client could last read all of it.
    holds_back: bool,
    /// Bytes that were compressed since another task had its turn.
    in_a_row: usize,
    _place: Permit,
}

/// What came of a step.
pub(in crate::upstream) enum Step {
    /// This is for the client.
    Output(Bytes),
    /// All that the add-on has sent is taken.
    NeedsInput,
    /// Others must have their turn.
    Yields,
}

impl Compressor {
    /// In this coding, for as long as it has its place.
    pub(super) fn new(coding: Coding, place: Permit) -> io::Result<Self> {
        let encoder = Encoder::new(coding)?;
        Ok(Self { encoder, input: Bytes::new(), holds_back: false, in_a_row: 0, _place: place })
    }

    /// What the add-on has sent, when all before it is taken.
    pub(in crate::upstream) fn put(&mut self, data: Bytes) {
        self.input = data;
    }

    /// Goes on until there is something for the client, or nothing more to take, or it has taken its turn.
    pub(in crate::upstream) fn step(&mut self) -> io::Result<Step> {
        while !self.input.is_empty() {
            if self.in_a_row >= TURN {
                self.in_a_row = 0;
                return Ok(Step::Yields);
            }
            let piece = self.input.split_to(self.input.len().min(PIECE));
            self.encoder.write(&piece)?;
            self.in_a_row = self.in_a_row.saturating_add(piece.len());
            self.holds_back = true;
            let ready = self.encoder.take();
            if !ready.is_empty() {
                return Ok(Step::Output(ready.into()));
            }
        }
        Ok(Step::NeedsInput)
    }

    /// What the client can have while the add-on pauses: everything that was sent.
    pub(in crate::upstream) fn flush(&mut self) -> io::Result<Option<Bytes>> {
        if !std::mem::take(&mut self.holds_back) {
            return Ok(None);
        }
        self.encoder.flush()?;
        let ready = self.encoder.take();
        Ok(Some(ready).filter(|ready| !ready.is_empty()).map(Bytes::from))
    }

    /// The add-on's end, and ours.
    pub(in crate::upstream) fn finish(self) -> io::Result<Bytes> {
        self.encoder.finish().map(Bytes::from)
    }
}

/// What is compressed at once: a fraction of a millisecond on a small machine.
const PIECE: usize = 8 * 1024;

/// What is compressed in a row before others have their turn: two or three milliseconds on a small machine.
const TURN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::budget::{Budget, Claim, Holder, Limit};

    const ALL: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

    fn compressor(coding: Coding) -> Compressor {
        let place = Budget::new().take(1, &[Claim::new(Limit::Compressions, Holder::All, 1)]).unwrap();
        Compressor::new(coding, place).unwrap()
    }

    fn decoded(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let _ = match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
            Coding::Brotli => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
            Coding::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut out),
        };
        out
    }

    /// All that comes of what is here, and how often others had their turn.
    fn drained(compressor: &mut Compressor) -> (Vec<u8>, usize) {
        let (mut out, mut turns) = (Vec::new(), 0);
        loop {
            match compressor.step().unwrap() {
                Step::Output(data) => out.extend_from_slice(&data),
                Step::Yields => turns += 1,
                Step::NeedsInput => return (out, turns),
            }
        }
    }

    #[test]
    fn what_comes_out_is_what_went_in_and_others_have_their_turn() {
        let text: Vec<u8> = (0..1_000_000_u32).flat_map(|number| (number % 977).to_le_bytes()).take(1 << 20).collect();
        for coding in ALL {
            let mut compressor = compressor(coding);
            compressor.put(Bytes::from(text.clone()));
            let (mut out, turns) = drained(&mut compressor);
            assert_eq!(turns, 15, "{coding:?}: a turn for each 64 KiB but the last");
            out.extend_from_slice(&compressor.finish().unwrap());
            assert!(out.len() < text.len() / 4, "{coding:?}: {}", out.len());
            assert!(decoded(coding, &out) == text, "{coding:?}");
        }
    }

    #[test]
    fn a_client_reads_all_of_it_whenever_the_add_on_pauses() {
        for coding in ALL {
            let (mut compressor, mut out, mut said) = (compressor(coding), Vec::new(), Vec::new());
            for line in 0..20 {
                let text = format!("line {line} of a log\n");
                said.extend_from_slice(text.as_bytes());
                compressor.put(Bytes::from(text));
                out.extend_from_slice(&drained(&mut compressor).0);
                out.extend_from_slice(&compressor.flush().unwrap().unwrap());
                assert_eq!(decoded(coding, &out), said, "{coding:?}");
                assert!(compressor.flush().unwrap().is_none(), "there is nothing more");
            }
        }
    }

    #[test]
    fn an_empty_answer_is_one_too() {
        for coding in ALL {
            let out = compressor(coding).finish().unwrap();
            assert!(decoded(coding, &out).is_empty());
        }
    }
}
