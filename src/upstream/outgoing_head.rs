//! What is judged of a request when every line that we add is there: how large its head is, and how its body goes on.

use http::{HeaderMap, Method};

use super::http1::framing_line;
use crate::connection::MessageFraming;
use crate::refusal::Reason;

/// How the body goes on: by one canonical `Content-Length`, from what the body itself says (S-49), since the client's
/// own was stripped with the rest; none where there is no body and none is expected. A body that says that it is too
/// large is refused before the add-on hears of it.
pub(super) fn framing(method: &Method, length: Option<u64>, limit: u64) -> Result<MessageFraming, Reason> {
    // RFC 9110 section 8.6: a user agent SHOULD send Content-Length when the method defines a meaning for content, even
    // when it is empty.
    let expected = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    match length {
        Some(length) if length > limit => Err(Reason::BodyTooLarge),
        Some(length) if length > 0 || expected => Ok(MessageFraming::Length(length)),
        Some(_) => Ok(MessageFraming::None),
        // Said explicitly: hyper would leave out the body of a GET otherwise.
        None => Ok(MessageFraming::Chunked),
    }
}

/// A head as it will be written.
pub(super) struct OutgoingHead<'a> {
    pub(super) target: &'a str,
    pub(super) said: &'a [u8],
    pub(super) passed: &'a HeaderMap,
    pub(super) framing: MessageFraming,
}

impl OutgoingHead<'_> {
    /// Refuses a head that the add-on would choke on (spec/addon-uis.md section 3, point 19), the request line among
    /// it.
    pub(super) fn judge_size(&self, limit: usize) -> Result<(), Reason> {
        // Without a configured limit the lines need not be added up.
        if limit == usize::MAX {
            return Ok(());
        }
        let line = |name: usize, value: usize| name.saturating_add(value).saturating_add(": \r\n".len());
        let framing = framing_line(self.framing);
        let framing = framing.iter().map(|(name, value)| (name, value));
        let lines = self.passed.iter().chain(framing).map(|(name, value)| line(name.as_str().len(), value.len()));
        let ours = line(self.target.len(), LONGEST_REQUEST_LINE).saturating_add(self.said.len());
        if lines.fold(ours, usize::saturating_add) > limit { Err(Reason::HeadTooLarge) } else { Ok(()) }
    }
}

/// The longest method and the version, with the blanks between.
const LONGEST_REQUEST_LINE: usize = "MKCALENDAR  HTTP/1.1".len();
