//! The browser's own words, made fit to be stored and shown.
//!
//! The bytes are the client's choice; what is kept is a short text that cannot play tricks with a terminal or a page's
//! layout.

use std::fmt;

use super::device;

/// `User-Agent` at sign-in: at most 256 bytes, without control characters and without those that turn the direction of
/// writing. It must not be able to rewrite a list or a file that it is shown in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserAgent(Box<str>);

impl UserAgent {
    /// Takes the value of a `User-Agent` line. Bytes that are not UTF-8 become U+FFFD.
    pub fn from_header(value: &[u8]) -> Self {
        // Only this many bytes are looked at, however long the line is.
        let head = value.get(..LOOKED_AT).unwrap_or(value);
        let mut text = String::new();
        for c in String::from_utf8_lossy(head).chars().filter(|c| !plays_tricks(*c)) {
            if text.len() + c.len_utf8() > LONGEST {
                break;
            }
            text.push(c);
        }
        Self(text.into())
    }

    /// Whether the browser said nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The browser and what it runs on, as far as they are known.
    pub fn program_and_system(&self) -> (Option<&'static str>, Option<&'static str>) {
        device::parts(&self.0)
    }

    /// The browser and its device in words for people.
    pub fn device(&self) -> String {
        device::name(&self.0)
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn plays_tricks(c: char) -> bool {
    let turns_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || turns_direction || breaks_line
}

/// Bytes that are kept.
const LONGEST: usize = 256;
/// More than is kept, since what is left out on the way does not count.
const LOOKED_AT: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8]) -> String {
        UserAgent::from_header(value).to_string()
    }

    #[test]
    fn it_cannot_write_to_the_operators_terminal() {
        assert_eq!(shown(b"a\x1b[2Jb\r\nc\x7f\xc2\x9bd"), "a[2Jbcd");
        assert_eq!(shown("evil\u{202e}gnp.exe\u{2028}".as_bytes()), "evilgnp.exe");
    }

    #[test]
    fn it_is_cut_between_characters_at_256_bytes() {
        assert_eq!(shown(&[b'x'; 256]).len(), 256);
        assert_eq!(shown(&vec![b'x'; 100_000]).len(), 256);
        assert_eq!(shown(format!("x{}", "ë".repeat(200)).as_bytes()).len(), 255);
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(shown(b"a\xffb"), "a\u{fffd}b");
    }
}
