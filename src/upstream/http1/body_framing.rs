//! Where the body of an answer will end, and whether its connection can be used again, by the lines of its head
//! (RFC 9112 sections 6.3 and 9.3).

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{Method, StatusCode};

use super::error::Http1Error;
use crate::connection::Persistence;

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFraming {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// After its last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// What the lines of a head say about that.
#[derive(Debug, Default)]
pub(super) struct FramingHeaders {
    length: Option<u64>,
    /// There is such a line, be it wrong.
    has_length: bool,
    coding: Option<Coding>,
    /// A line was wrong. It counts only where there is a body: the length of a 304 or to a HEAD is that of another
    /// answer.
    wrong: Option<Http1Error>,
    close: bool,
    keep_alive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Chunked,
    Identity,
}

impl FramingHeaders {
    /// Takes note of a line.
    pub(super) fn note(&mut self, name: &HeaderName, value: &[u8]) {
        if *name == CONTENT_LENGTH {
            self.has_length = true;
            self.note_length(value);
        } else if *name == TRANSFER_ENCODING {
            self.note_coding(value);
        } else if *name == CONNECTION {
            for option in members(value) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }

    /// Whether there are both a length and a coding.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.has_length && self.coding.is_some()
    }

    /// What follows from all lines, the status and the request's method.
    pub(super) fn judge(
        self,
        method: &Method,
        status: StatusCode,
        minor_version: u8,
    ) -> Result<(BodyFraming, Persistence), Http1Error> {
        let ambiguous = self.is_ambiguous();
        let (close, keep_alive) = (self.close, self.keep_alive);
        // RFC 9110 section 8.6: no 204 has a Content-Length. Whoever sends one may send a body behind it too, which
        // would be read as the next answer. Zero is harmless, and common.
        let odd = status == StatusCode::NO_CONTENT && (self.coding.is_some() || self.length.is_some_and(|it| it > 0));
        let framing = self.framing(method, status, minor_version)?;
        // RFC 9112 section 9.3. Where length and coding are both there, it may be an attempt at smuggling: what stands
        // behind such a body must not be taken for another answer (section 6.3; S-58).
        let persists = if minor_version == 0 { keep_alive && !close } else { !close };
        let ends = ambiguous || odd || framing == BodyFraming::UntilClose || status == StatusCode::SWITCHING_PROTOCOLS;
        Ok((framing, if persists && !ends { Persistence::KeepAlive } else { Persistence::Close }))
    }

    /// RFC 9112 section 6.3, in its order.
    fn framing(self, method: &Method, status: StatusCode, minor_version: u8) -> Result<BodyFraming, Http1Error> {
        let without = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::SWITCHING_PROTOCOLS];
        if *method == Method::HEAD || without.contains(&status) {
            return Ok(BodyFraming::None);
        }
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        match (self.coding, self.length) {
            // RFC 9112 section 6.1: a message of HTTP/1.0 with a Transfer-Encoding MUST be treated as if its framing
            // were faulty.
            (Some(_), _) if minor_version == 0 => Err(Http1Error::TransferEncoding),
            (Some(Coding::Chunked), _) => Ok(BodyFraming::Chunked),
            (None, Some(0)) => Ok(BodyFraming::None),
            (None, Some(length)) => Ok(BodyFraming::Length(length)),
            (Some(Coding::Identity), _) | (None, None) => Ok(BodyFraming::UntilClose),
        }
    }

    /// RFC 9110 section 8.6: several lengths may stand in one line or in several, if all are the same.
    fn note_length(&mut self, value: &[u8]) {
        for member in value.split(|byte| *byte == b',') {
            match number(member.trim_ascii()) {
                Some(length) if self.length.is_none_or(|before| before == length) => self.length = Some(length),
                _ => self.wrong = Some(Http1Error::ContentLength),
            }
        }
    }

    /// We ask for no coding (RFC 9110 section 10.1.4), so that there may be none but chunked (RFC 9112 section 6.1).
    /// Any other one would reach the client without its name. `identity` is what old servers call none.
    fn note_coding(&mut self, value: &[u8]) {
        let coding = match value.trim_ascii() {
            value if value.eq_ignore_ascii_case(b"chunked") => Some(Coding::Chunked),
            value if value.eq_ignore_ascii_case(b"identity") => Some(Coding::Identity),
            _ => None,
        };
        // Chunked twice is as wrong as an unknown one.
        if coding.is_none() || self.coding.is_some() {
            self.wrong = Some(Http1Error::TransferEncoding);
        }
        self.coding = coding.or(self.coding).or(Some(Coding::Chunked));
    }
}

/// Digits alone: no sign, no blank.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit.wrapping_sub(b'0')))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.filter(|number| *number <= LONGEST)
}

fn members(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// No body is longer: such a number is a mistake, or is meant to overflow somewhere.
const LONGEST: u64 = u64::MAX >> 1;
