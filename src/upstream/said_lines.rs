//! The header lines that an add-on gets from us, as they stand in the head.
//!
//! Names and values come in, bytes that are written as they are go out. A value that could end its line is none.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Whole lines, each with its end.
#[derive(Debug, Default)]
pub(super) struct SaidLines(Vec<u8>);

impl SaidLines {
    /// None yet, with room for those of most requests.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(COMMON))
    }

    /// A line whose value `write` writes, or none where it says that there is none.
    pub(super) fn line(&mut self, name: &HeaderName, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) {
        let before = self.0.len();
        self.0.extend_from_slice(name.as_str().as_bytes());
        self.0.extend_from_slice(b": ");
        let start = self.0.len();
        let written = write(&mut self.0);
        let value = self.0.get(start..).unwrap_or_default();
        if written.is_some() && is_legal(value) {
            self.0.extend_from_slice(b"\r\n");
        } else {
            // A line that is not whole is none.
            self.0.truncate(before);
        }
    }

    /// The lines as bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Puts the lines among those that pass of the client's, in the place of any that has the same name: for who takes
    /// a map and writes it.
    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        for line in self.0.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = line.split_at(colon);
            let name = HeaderName::from_bytes(name);
            let value = HeaderValue::from_bytes(value.get(2..).unwrap_or_default());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
    }
}

/// Whether these bytes can be a value (RFC 9110 section 5.5): no control but a tab. What is longer than a line's ends
/// is not looked at byte by byte by anybody after this.
fn is_legal(value: &[u8]) -> bool {
    !value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

/// What our lines come to for most requests.
const COMMON: usize = 768;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: &[&str]) -> SaidLines {
        let mut lines = SaidLines::new();
        for value in values {
            lines.line(&HeaderName::from_static("x-said"), |out| {
                out.extend_from_slice(value.as_bytes());
                Some(())
            });
        }
        lines
    }

    #[test]
    fn a_value_that_could_end_its_line_is_no_line() {
        for evil in ["a\r\nx-other: b", "a\n", "\r", "a\0b", "a\x7f"] {
            assert_eq!(said(&[evil]).as_bytes(), b"", "{evil:?}");
        }
        assert_eq!(said(&["zoë\tb", ""]).as_bytes(), "x-said: zoë\tb\r\nx-said: \r\n".as_bytes());
    }

    #[test]
    fn what_has_no_value_leaves_nothing_behind() {
        let mut lines = said(&["a"]);
        lines.line(&HeaderName::from_static("x-none"), |out| {
            out.extend_from_slice(b"half");
            None
        });
        assert_eq!(lines.as_bytes(), b"x-said: a\r\n");
    }

    #[test]
    fn lines_take_the_place_of_the_clients() {
        let mut headers = HeaderMap::new();
        headers.append("x-said", HeaderValue::from_static("by the client"));
        headers.append("x-said", HeaderValue::from_static("twice"));
        said(&["a: b"]).put_into(&mut headers);
        assert_eq!(headers.get_all("x-said").iter().collect::<Vec<_>>(), ["a: b"]);
    }
}
