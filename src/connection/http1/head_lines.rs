//! The lines of a head as its bytes come: where the empty one is that ends it.
//!
//! Each byte is looked at once, however the head was split: a parser that began anew with each packet would do more
//! work the slower a peer is.

/// Follows one head.
#[derive(Debug, Default)]
pub struct HeadLines {
    /// How many bytes were looked at, and where the line begins that has no end yet.
    scanned: usize,
    line: usize,
}

impl HeadLines {
    /// Goes on with what has come so far, of which all that was there before is the same. `strip` gets each line
    /// without its LF and takes the rest of its end off, or says why it is no line. Gives the place behind the empty
    /// line.
    pub fn end<E>(&mut self, bytes: &[u8], strip: impl Fn(&[u8]) -> Result<&[u8], E>) -> Result<Option<usize>, E> {
        for at in memchr::memchr_iter(b'\n', bytes.get(self.scanned..).unwrap_or_default()) {
            let at = self.scanned.saturating_add(at);
            let line = strip(bytes.get(self.line..at).unwrap_or_default())?;
            self.line = at.saturating_add(1);
            if line.is_empty() {
                return Ok(Some(self.line));
            }
        }
        self.scanned = bytes.len();
        Ok(None)
    }
}
