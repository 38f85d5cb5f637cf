//! A message of HTTP/1.1 on its way out: its head, and its body piece by piece (RFC 9112 sections 6 and 7).
//!
//! Pieces come in, slices for one vectored write go out: head, chunk size, data and line ends leave together. A body
//! never gets longer or shorter than its head says.

use std::io::{IoSlice, Write as _};

use bytes::{Buf as _, Bytes};

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFraming {
    /// There is none, and the head says nothing of one.
    None,
    /// So many bytes are missing.
    Length(u64),
    /// In chunks, each behind its size.
    Chunked,
}

/// Whether a connection is good for another message, as far as a head says (RFC 9112 section 9.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// It stays.
    KeepAlive,
    /// It ends with this message.
    Close,
}

/// Writes a line of a head. No value has a CR or an LF in it: `HeaderValue` is the proof, or it is ours.
pub fn push_line(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        head.extend_from_slice(part);
    }
}

/// A body of another length than its head said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is of another length than was said")]
pub struct WrongLength;

/// What is to be written next.
#[derive(Debug)]
pub struct MessageWriter {
    /// The head, and later the sizes of chunks. Its allocation stays for the next message.
    lead: Vec<u8>,
    lead_written: usize,
    data: Bytes,
    tail: &'static [u8],
    framing: MessageFraming,
    is_whole: bool,
}

impl Default for MessageWriter {
    fn default() -> Self {
        Self {
            lead: Vec::new(),
            lead_written: 0,
            data: Bytes::new(),
            tail: b"",
            framing: MessageFraming::None,
            is_whole: true,
        }
    }
}

impl MessageWriter {
    /// Begins a message with a body like this, and gives the place that its head is written to.
    pub fn begin(&mut self, framing: MessageFraming) -> &mut Vec<u8> {
        self.forget();
        (self.framing, self.is_whole) = (framing, false);
        &mut self.lead
    }

    /// Makes a piece of the body the next to be written.
    pub fn put(&mut self, data: Bytes, is_last: bool) -> Result<(), WrongLength> {
        match &mut self.framing {
            MessageFraming::None => return Err(WrongLength),
            MessageFraming::Length(left) => {
                let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                // A byte beyond the length would be the beginning of another message.
                *left = left.checked_sub(length).ok_or(WrongLength)?;
                self.is_whole = *left == 0;
                if is_last && *left > 0 {
                    return Err(WrongLength);
                }
            }
            MessageFraming::Chunked => {
                // RFC 9112 section 7.1. Writing to a vector does not fail.
                let _ = write!(self.lead, "{:x}\r\n", data.len());
                self.tail = if is_last { b"\r\n0\r\n\r\n" } else { b"\r\n" };
                self.is_whole = is_last;
            }
        }
        self.data = data;
        Ok(())
    }

    /// The body has ended.
    pub fn end(&mut self) -> Result<(), WrongLength> {
        match self.framing {
            MessageFraming::None | MessageFraming::Length(0) => {}
            MessageFraming::Length(_) => return Err(WrongLength),
            MessageFraming::Chunked => self.tail = b"0\r\n\r\n",
        }
        self.is_whole = true;
        Ok(())
    }

    /// Whether all of the message was handed over. Some of it may not be written yet.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether something that was handed over is not written.
    pub fn has_unwritten(&self) -> bool {
        self.lead_written < self.lead.len() || !self.data.is_empty() || !self.tail.is_empty()
    }

    /// What is to be written next, at most so many bytes of it.
    pub fn slices(&self, mut most: usize) -> [IoSlice<'_>; 3] {
        let lead = self.lead.get(self.lead_written..).unwrap_or_default();
        [lead, &self.data, self.tail].map(|part| {
            let part = part.get(..most).unwrap_or(part);
            most = most.saturating_sub(part.len());
            IoSlice::new(part)
        })
    }

    /// The next slice, when there is nothing behind it.
    pub fn only_slice(&self) -> Option<&[u8]> {
        let is_alone = self.data.is_empty() && self.tail.is_empty();
        is_alone.then(|| self.lead.get(self.lead_written..).unwrap_or_default())
    }

    /// So many bytes were written.
    pub fn advance(&mut self, mut count: usize) {
        let of_lead = count.min(self.lead.len().saturating_sub(self.lead_written));
        self.lead_written = self.lead_written.saturating_add(of_lead);
        if self.lead_written == self.lead.len() {
            self.lead.clear();
            self.lead_written = 0;
        }
        count = count.saturating_sub(of_lead);
        let of_data = count.min(self.data.len());
        self.data.advance(of_data);
        count = count.saturating_sub(of_data);
        self.tail = self.tail.get(count..).unwrap_or_default();
    }

    /// Whether a piece of the body is among what is not written.
    pub fn has_piece(&self) -> bool {
        !self.data.is_empty() || !self.tail.is_empty()
    }

    /// Takes back the piece of the body that is not written.
    pub fn take_piece(&mut self) -> Bytes {
        std::mem::take(&mut self.data)
    }

    /// Drops what is not written.
    pub fn forget(&mut self) {
        self.lead.clear();
        self.lead_written = 0;
        (self.data, self.tail) = (Bytes::new(), b"");
    }

    /// Gives the allocation back, between two messages.
    pub fn release(&mut self) {
        if self.is_whole && self.lead.is_empty() {
            self.lead = Vec::new();
        }
    }
}
