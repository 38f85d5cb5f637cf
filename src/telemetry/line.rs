//! One line of the log, built field by field: what the access log and the audit log are written with.
//!
//! Names are ours and values are anybody's. The line is text (`key=value`, quoted where needed) or a JSON object, and
//! always exactly one. It is written into a buffer that is there already, allocates nothing, and never trusts a value.

use std::net::IpAddr;
use std::time::Duration;

use tracing::Level;

use super::escape::{EscapeContext, cut, is_bare, push_escaped};
use super::redact::redact;
use crate::clock::Timestamp;
use crate::decimal::{push_address, push_number, push_three_digits};
use crate::telemetry::LogFormat;

/// A line that has begun; [`LogLine::end`] finishes it.
pub(super) struct LogLine<'a> {
    out: &'a mut Vec<u8>,
    format: LogFormat,
}

impl<'a> LogLine<'a> {
    /// Begins a line as `tracing`'s own lines begin, so that all lines of the log look alike.
    pub(super) fn begin(
        out: &'a mut Vec<u8>,
        stamp: &mut LineTime,
        format: LogFormat,
        at: Timestamp,
        level: Level,
        target: &'static str,
    ) -> Self {
        // Once, and not each time that the line outgrows what there is.
        out.reserve(COMMON_LINE);
        match format {
            LogFormat::Text => {
                stamp.push(out, at);
                // Levels of four letters get one blank more, so that all end in one column.
                out.extend_from_slice(if level.as_str().len() == 4 { b"  " } else { b" " });
                out.extend_from_slice(level.as_str().as_bytes());
                out.push(b' ');
                out.extend_from_slice(target.as_bytes());
                out.push(b':');
            }
            LogFormat::Json => {
                out.extend_from_slice(br#"{"timestamp":""#);
                stamp.push(out, at);
                out.extend_from_slice(br#"","level":""#);
                out.extend_from_slice(level.as_str().as_bytes());
                out.extend_from_slice(br#"","target":""#);
                out.extend_from_slice(target.as_bytes());
                out.push(b'"');
            }
        }
        Self { out, format }
    }

    /// A word of ours: a label, never a value that somebody else chose.
    pub(super) fn word(&mut self, key: &'static str, value: &'static str) {
        self.key(key);
        self.quote(self.format == LogFormat::Json, |out| out.extend_from_slice(value.as_bytes()));
    }

    /// Text that somebody else chose, at most `limit` bytes of it.
    pub(super) fn text(&mut self, key: &'static str, value: &[u8], limit: usize) {
        self.key(key);
        // Cut before it is escaped: the limit never falls within an escape.
        let (head, place) = (cut(value, limit), self.place());
        if self.format == LogFormat::Text && head.len() == value.len() && is_bare(head) {
            return self.out.extend_from_slice(head);
        }
        self.quote(self.needs_quotes(head), |out| {
            push_escaped(out, head, place);
            push_ellipsis(out, head.len() < value.len());
        });
    }

    /// A request target, without its secrets.
    pub(super) fn target(&mut self, key: &'static str, value: &[u8], limit: usize) {
        self.key(key);
        let (head, place) = (cut(value, limit), self.place());
        self.quote(self.needs_quotes(head), |out| {
            // Redacted after it was cut: what says that a secret follows stands before it, so that one that is cut is
            // still found.
            redact(head, |piece| push_escaped(out, piece, place));
            push_ellipsis(out, head.len() < value.len());
        });
    }

    pub(super) fn number(&mut self, key: &'static str, value: u64) {
        self.key(key);
        push_number(self.out, value);
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// A time span in milliseconds, to the microsecond.
    pub(super) fn millis(&mut self, key: &'static str, value: Duration) {
        self.key(key);
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        push_number(self.out, micros / 1000);
        self.out.push(b'.');
        push_three_digits(self.out, micros % 1000);
    }

    pub(super) fn address(&mut self, key: &'static str, value: IpAddr) {
        self.key(key);
        self.quote(self.format == LogFormat::Json, |out| push_address(out, value));
    }

    pub(super) fn end(self) {
        self.out.extend_from_slice(if self.format == LogFormat::Json { b"}\n" } else { b"\n" });
    }

    fn key(&mut self, key: &'static str) {
        let (before, after): (&[u8], &[u8]) = match self.format {
            LogFormat::Text => (b" ", b"="),
            LogFormat::Json => (b",\"", b"\":"),
        };
        self.out.extend_from_slice(before);
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(after);
    }

    fn quote(&mut self, quoted: bool, value: impl FnOnce(&mut Vec<u8>)) {
        if quoted {
            self.out.push(b'"');
        }
        value(self.out);
        if quoted {
            self.out.push(b'"');
        }
    }

    fn needs_quotes(&self, value: &[u8]) -> bool {
        self.format == LogFormat::Json || !is_bare(value)
    }

    fn place(&self) -> EscapeContext {
        if self.format == LogFormat::Json { EscapeContext::Json } else { EscapeContext::Quoted }
    }
}

/// The text of the current second, made once a second and not once a line.
#[derive(Debug, Default)]
pub(super) struct LineTime {
    second: u64,
    text: String,
}

impl LineTime {
    fn push(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        let (second, millis) = (at.as_millis() / 1000, at.as_millis() % 1000);
        if second != self.second || self.text.is_empty() {
            self.second = second;
            self.text = Timestamp::from_millis(second.saturating_mul(1000)).to_string();
        }
        let Some(until_millis) = self.text.strip_suffix("000Z") else {
            // A time beyond the calendar has no digits to share.
            return out.extend_from_slice(self.text.as_bytes());
        };
        out.extend_from_slice(until_millis.as_bytes());
        push_three_digits(out, millis);
        out.push(b'Z');
    }
}

/// What most lines fit into.
const COMMON_LINE: usize = 512;

fn push_ellipsis(out: &mut Vec<u8>, was_cut: bool) {
    if was_cut {
        out.extend_from_slice("…".as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_agrees_with_the_clock() {
        let mut stamp = LineTime::default();
        for millis in [0, 5, 999, 1000, 1_795_323_000_005, 1_795_323_000_999, 1_795_323_001_000, u64::MAX] {
            let (at, mut out) = (Timestamp::from_millis(millis), Vec::new());
            stamp.push(&mut out, at);
            assert_eq!(String::from_utf8(out).unwrap(), at.to_string());
        }
    }

    #[test]
    fn a_value_is_quoted_only_where_it_must_be() {
        let (mut out, mut stamp) = (Vec::new(), LineTime::default());
        let mut line = LogLine::begin(
            &mut out,
            &mut stamp,
            LogFormat::Text,
            Timestamp::from_millis(0),
            Level::INFO,
            "vestibule::test",
        );
        line.text("a", b"plain/value", 20);
        line.text("b", b"with space", 20);
        line.text("c", b"", 20);
        line.text("d", b"long", 2);
        line.millis("e", Duration::from_micros(12_034));
        line.address("f", "10.0.250.3".parse().unwrap());
        line.address("g", "2001:db8::1".parse().unwrap());
        line.flag("h", true);
        line.end();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1970-01-01T00:00:00.000Z  INFO vestibule::test: a=plain/value b=\"with space\" c=\"\" d=lo… e=12.034 \
             f=10.0.250.3 g=2001:db8::1 h=true\n"
        );
    }
}
