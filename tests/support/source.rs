//! HTTP/1.1 read by hand from any stream: heads, lengths, chunks. Shared by the add-on and the client.

use std::io::{self, Read, Write};

use super::fields::Fields;

/// A stream and what was read from it too early.
pub(crate) struct Source<S> {
    pub(crate) stream: S,
    ahead: Vec<u8>,
    /// Everything that ever came, for tests that count bytes.
    pub(crate) seen: Vec<u8>,
}

/// A body as its framing tells it.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) trailers: Fields,
    /// Whether the framing came to its end, rather than the connection.
    pub(crate) complete: bool,
}

impl<S: Read> Source<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new(), seen: Vec::new() }
    }

    /// A head with its blank line; nothing when the stream ended before its end.
    pub(crate) fn head(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.ahead.windows(4).position(|w| w == b"\r\n\r\n") {
                return Some(self.take(at + 4));
            }
            if self.more().ok()? == 0 {
                return None;
            }
        }
    }

    /// A body of a message with these fields; `to_end` when one without framing lasts as long as the connection.
    pub(crate) fn body(&mut self, fields: &Fields, to_end: bool) -> Body {
        if fields.texts("transfer-encoding").iter().any(|v| v.eq_ignore_ascii_case("chunked")) {
            return self.chunked();
        }
        match fields.text("content-length").and_then(|v| v.parse().ok()) {
            Some(length) => {
                let bytes = self.up_to(length);
                Body { complete: bytes.len() == length, bytes, ..Body::default() }
            }
            None if to_end => {
                let complete = self.drain().is_ok();
                Body { bytes: std::mem::take(&mut self.ahead), complete, ..Body::default() }
            }
            None => Body { complete: true, ..Body::default() },
        }
    }

    fn chunked(&mut self) -> Body {
        let mut body = Body::default();
        while let Some(line) = self.line() {
            let size = line.split(|b| *b == b';').next().unwrap_or_default();
            let size = std::str::from_utf8(size).ok().and_then(|s| usize::from_str_radix(s.trim(), 16).ok());
            let Some(size) = size else { return body };
            if size == 0 {
                let mut lines = Vec::new();
                while let Some(line) = self.line() {
                    if line.is_empty() {
                        body.complete = true;
                        break;
                    }
                    lines.push(line);
                }
                body.trailers = Fields::parse(lines.iter().map(Vec::as_slice));
                return body;
            }
            let data = self.up_to(size);
            let whole = data.len() == size;
            body.bytes.extend(data);
            if !whole || self.up_to(2) != b"\r\n" {
                return body;
            }
        }
        body
    }

    /// A line without its CR LF.
    fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.ahead.windows(2).position(|w| w == b"\r\n") {
                let mut line = self.take(at + 2);
                line.truncate(at);
                return Some(line);
            }
            if self.more().ok()? == 0 {
                return None;
            }
        }
    }

    /// So many bytes, or fewer when the stream ends.
    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        while self.ahead.len() < length && matches!(self.more(), Ok(n) if n > 0) {}
        self.take(length.min(self.ahead.len()))
    }

    /// Whatever comes next, at least one byte; empty at the end of the stream.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        if self.ahead.is_empty() {
            let _ = self.more();
        }
        std::mem::take(&mut self.ahead)
    }

    /// Reads to the end of the stream; what came stays ahead. An error is an end that was not clean.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        while self.more()? > 0 {}
        Ok(())
    }

    /// Bytes that came and were not asked for yet.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
                Ok(n) => {
                    self.ahead.extend_from_slice(&buffer[..n]);
                    self.seen.extend_from_slice(&buffer[..n]);
                    return Ok(n);
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.ahead.drain(..length).collect()
    }
}

impl<S: Write> Source<S> {
    /// Writes and flushes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }
}

/// The first line and the fields of a head.
pub(crate) fn split_head(head: &[u8]) -> (String, Fields) {
    let mut lines = head.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    (first, Fields::parse(lines))
}
