//! A bare LF is no end of a line in an HTTP/1.1 head.
//!
//! The bytes of a connection pass through unchanged, except that a line that ends in LF without CR, in a head or in
//! trailers, gets a NUL in the place of its LF, which the parser refuses with 400 wherever it stands there. RFC 9112
//! section 2.2 lets a recipient take a bare LF for a line's end. It is what two parsers in a row disagree about, so a
//! bare LF is refused here as it is in chunk sizes already. Bodies and tunnels are not looked at.
//!
//! For that it follows where bodies end, by hyper's own rules. Where hyper refuses a head, nothing behind it is read.

use std::sync::Arc;

use memchr::memchr;

use super::timeouts::{IoTimeouts, Switch};

/// The lines of one connection.
#[derive(Debug)]
pub(super) struct LineEnds {
    at: At,
    /// The beginning of a line that came in several reads.
    begun: Vec<u8>,
    body: Body,
    upgrade: Upgrade,
}

/// Whether another protocol is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upgrade {
    No,
    /// In the head that is being read.
    InHead,
    /// It was, and the answer is not known yet.
    Asked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before a request line; empty lines may stand there (RFC 9112 section 2.2).
    Start,
    /// In a head, behind its first line.
    Head,
    /// In a body of this many bytes, or behind what is left of a chunk.
    Content { left: u64, chunked: bool },
    /// Before a chunk's size.
    ChunkSize,
    /// Behind the last chunk.
    Trailers,
    /// Behind a bare line end: the head is over, and the parser is still to hear of it.
    Refused,
    /// Where there are no lines of ours any more.
    Beyond,
}

/// What follows the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Body {
    length: Option<u64>,
    chunked: Option<bool>,
}

impl LineEnds {
    pub(super) fn new() -> Self {
        Self { at: At::Start, begun: Vec::new(), body: Body::default(), upgrade: Upgrade::No }
    }

    /// Looks at what was read next.
    pub(super) fn check(&mut self, mut bytes: &mut [u8], timeouts: &Arc<IoTimeouts>) {
        // Asked at the next read and not when the answer is sent: only bytes that come after the answer are affected by
        // it.
        if self.upgrade == Upgrade::Asked {
            match timeouts.switch() {
                Switch::Open => {}
                Switch::Declined => self.upgrade = Upgrade::No,
                // The rest of the connection is the WebSocket's, where LF is a byte like any other.
                Switch::Made => (self.at, self.begun) = (At::Beyond, Vec::new()),
            }
        }
        while !bytes.is_empty() {
            let taken = match self.at {
                At::Refused | At::Beyond => return,
                // Bodies are skipped by their length: nothing in them is searched, so a large upload costs no pass over
                // it.
                At::Content { left, chunked } => self.content(left, chunked, bytes.len()),
                At::Start | At::Head | At::ChunkSize | At::Trailers => self.line(bytes, timeouts),
            };
            bytes = bytes.get_mut(taken..).unwrap_or_default();
        }
    }

    /// What the parser is to read next in the place of what comes: it looks at a head that came in pieces only when
    /// that has an end, and the one that is refused may have lost its own.
    pub(super) fn must_read(&mut self) -> Option<&'static [u8]> {
        (self.at == At::Refused).then(|| {
            self.at = At::Beyond;
            &b"\r\n\r\n"[..]
        })
    }

    fn content(&mut self, left: u64, chunked: bool, here: usize) -> usize {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(here);
        let left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
        self.at = match (left, chunked) {
            (0, true) => At::ChunkSize,
            (0, false) => At::Start,
            _ => At::Content { left, chunked },
        };
        taken
    }

    /// Takes a line, or as much of it as there is.
    fn line(&mut self, bytes: &mut [u8], timeouts: &Arc<IoTimeouts>) -> usize {
        let Some(end) = memchr(b'\n', bytes) else {
            // hyper stops reading at its own limits on heads, chunk lines and trailers, so this grows no further than
            // those.
            self.begun.extend_from_slice(bytes);
            return bytes.len();
        };
        let begun = std::mem::take(&mut self.begun);
        let here = bytes.get(..end).unwrap_or_default();
        let joined;
        let whole = if begun.is_empty() {
            here
        } else {
            joined = [begun.as_slice(), here].concat();
            &joined
        };
        match whole.strip_suffix(b"\r") {
            Some(line) => self.ended(line, timeouts),
            // Behind a question for another protocol the bytes may be that protocol's: they are judged when it is
            // answered.
            None if self.upgrade == Upgrade::Asked => {
                timeouts.must_not_go_on();
                self.at = At::Beyond;
            }
            // hyper refuses a bare LF in the line of a chunk's size by itself. It would take a NUL for a part of a
            // chunk extension, and the bytes of [`Self::must_read`] for a part of the body (S-206).
            None if self.at == At::ChunkSize => self.at = At::Beyond,
            None => {
                bytes.get_mut(end).into_iter().for_each(|byte| *byte = 0);
                self.at = At::Refused;
            }
        }
        end + 1
    }

    fn ended(&mut self, line: &[u8], timeouts: &Arc<IoTimeouts>) {
        self.at = match (self.at, line) {
            // Trailers end as a head does, and what comes next is a request again.
            (At::Start | At::Trailers, []) => At::Start,
            (At::Start, _) => {
                // A length of the request before must not be taken for this one's.
                self.body = Body::default();
                At::Head
            }
            (At::Head, []) => {
                if self.upgrade == Upgrade::InHead {
                    self.upgrade = Upgrade::Asked;
                    timeouts.asks_to_switch();
                }
                self.body.begins()
            }
            (At::Head, line) => {
                self.field(line, timeouts);
                At::Head
            }
            (At::ChunkSize, line) => chunk(line),
            (at, _) => at,
        };
    }

    /// A field that says where the body ends or that asks for another protocol, as hyper reads it.
    fn field(&mut self, line: &[u8], timeouts: &IoTimeouts) {
        // Nearly all fields are other ones, and the first letter tells.
        if !line.first().is_some_and(|first| matches!(first.to_ascii_lowercase(), b'c' | b't' | b'u')) {
            return;
        }
        let Some(colon) = memchr(b':', line) else { return };
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            self.body.length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // Of several lines the last one decides, as in hyper. What hyper refuses (a coding that does not end in
            // `chunked`) is never read as a body.
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            self.body.chunked = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            match self.upgrade {
                // Whose answer the next one is could not be told.
                Upgrade::Asked => timeouts.must_not_go_on(),
                Upgrade::No | Upgrade::InHead => self.upgrade = Upgrade::InHead,
            }
        }
    }
}

impl Body {
    /// RFC 9112 section 6.3: chunks override a length.
    fn begins(self) -> At {
        match self {
            Self { chunked: Some(true), .. } => At::ChunkSize,
            // A length beside any Transfer-Encoding does not count, be it `chunked` or not.
            Self { length: Some(left @ 1..), chunked: None } => At::Content { left, chunked: false },
            Self { .. } => At::Start,
        }
    }
}

/// Behind the line of a chunk's size (RFC 9112 section 7.1). Where it is none, hyper reads no further.
fn chunk(line: &[u8]) -> At {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let size = line.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
    match size.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        Some(0) => At::Trailers,
        // The CR LF behind the data counts as content: it ends no line of a head.
        Some(size) => At::Content { left: size.saturating_add(2), chunked: true },
        None => At::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::timeouts::FirstRequest;

    /// What comes out of bytes that are read in pieces of this size.
    fn read(bytes: &str, size: usize) -> String {
        let (mut lines, timeouts) = (LineEnds::new(), IoTimeouts::new(FirstRequest::WhenAsked));
        let mut bytes = bytes.as_bytes().to_vec();
        bytes.chunks_mut(size).for_each(|chunk| lines.check(chunk, &timeouts));
        String::from_utf8(bytes).unwrap()
    }

    #[track_caller]
    fn every_way(bytes: &str, expected: &str) {
        for size in 1..=bytes.len() {
            assert_eq!(read(bytes, size), expected, "in pieces of {size}");
        }
    }

    const HEAD: &str = "GET / HTTP/1.1\r\nHost: p.test\r\nA: b\r\n\r\n";

    #[test]
    fn heads_and_bodies_pass_as_they_are() {
        let sized = "POST / HTTP/1.1\r\nContent-Length:  7\r\n\r\na\nb\n\n\r\n";
        let chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\n\n\n\r\nz\r\n0\r\nA: b\r\n\r\n";
        for bytes in [HEAD, sized, chunked, "\r\n\r\n"] {
            let bytes = [bytes, HEAD, bytes].concat();
            every_way(&bytes, &bytes);
        }
    }

    #[test]
    fn a_bare_line_end_in_any_place_of_a_head_is_no_line_end() {
        let lines = HEAD.matches("\r\n").count();
        for place in 0..lines {
            let (at, _) = HEAD.match_indices("\r\n").nth(place).unwrap();
            let (before, after) = HEAD.split_at(at);
            let after = after.strip_prefix("\r\n").unwrap();
            let (bare, refused) = (format!("{HEAD}{before}\n{after}"), format!("{HEAD}{before}\0{after}"));
            every_way(&bare, &refused);
        }
        every_way("\nGET / HTTP/1.1\r\n", "\0GET / HTTP/1.1\r\n");
    }

    #[test]
    fn behind_a_body_the_next_head_is_looked_at() {
        for body in [
            "Content-Length: 3\r\n\r\n\n\n\n",
            "CONTENT-LENGTH: 003\r\n\r\nabc",
            "Content-Length: 99\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\n",
            "Content-Length: 0\r\n\r\n",
        ] {
            let first = format!("POST / HTTP/1.1\r\n{body}");
            every_way(&format!("{first}GET / HTTP/1.1\nA: b\r\n\r\n"), &format!("{first}GET / HTTP/1.1\0A: b\r\n\r\n"));
        }
    }

    #[test]
    fn a_bare_line_end_in_trailers_is_none_either() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
        every_way(&format!("{head}A: b\nC: d\r\n\r\n"), &format!("{head}A: b\0C: d\r\n\r\n"));
    }

    #[test]
    fn s206_a_bare_line_end_behind_a_chunk_s_size_is_left_to_the_parser_and_nothing_is_put_in_its_place() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for size in ["5;a\nb\r\nhello\r\n", "5\nhello\r\n", "0;x\ny\r\n\r\n"] {
            let bytes = format!("{head}{size}");
            every_way(&bytes, &bytes);
            let (mut lines, timeouts) = (LineEnds::new(), IoTimeouts::new(FirstRequest::WhenAsked));
            lines.check(&mut bytes.into_bytes(), &timeouts);
            assert_eq!(lines.must_read(), None);
        }
    }

    #[test]
    fn what_another_protocol_says_is_its_own() {
        let (mut lines, timeouts) = (LineEnds::new(), IoTimeouts::new(FirstRequest::WhenAsked));
        let mut head = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\nbegun".to_vec();
        lines.check(&mut head, &timeouts);
        assert!(head.ends_with(b"\r\n\r\n\nbegun"), "it may be the protocol's already");
        assert!(timeouts.answers_switch(Switch::Made), "and was seen");
        let mut frames = b"\n\n\n".to_vec();
        lines.check(&mut frames, &timeouts);
        assert_eq!(frames, b"\n\n\n");
        assert_eq!(lines.begun.capacity(), 0, "and nothing of it is kept");
    }

    #[test]
    fn after_a_refused_upgrade_there_are_heads_again() {
        let (mut lines, timeouts) = (LineEnds::new(), IoTimeouts::new(FirstRequest::WhenAsked));
        lines.check(&mut b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec(), &timeouts);
        assert!(!timeouts.answers_switch(Switch::Declined));
        let mut next = b"GET / HTTP/1.1\n".to_vec();
        lines.check(&mut next, &timeouts);
        assert_eq!(next, b"GET / HTTP/1.1\0");
    }
}
