//! An answer to a plain request on its way to the client (RFC 9112 sections 4, 6 and 7).
//!
//! A piece of the body is asked for only when the client's side has taken the last one, so that being asked is the
//! proof that it moves. What breaks off here is not ended: the client must not take it for whole.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body::Body;
use tokio::io::AsyncWrite;

use super::date::with_date;
use super::message_writer::{MessageFraming, MessageWriter, Persistence, push_line};

/// An answer that is being written.
pub(super) struct ResponseWriter<B> {
    body: Option<Pin<Box<B>>>,
    persistence: Persistence,
}

/// How the writing of an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Whole(Persistence),
    /// It broke off.
    Broken,
}

impl<B> ResponseWriter<B>
where
    B: Body<Data = Bytes>,
    B::Error: Error,
{
    /// Begins with the head of an answer to a request with this method.
    pub(super) fn new(
        response: Response<B>,
        method: &Method,
        persistence: Persistence,
        message: &mut MessageWriter,
    ) -> Self {
        let (parts, body) = response.into_parts();
        let closes =
            parts.headers.get_all(CONNECTION).iter().any(|line| line.as_bytes().eq_ignore_ascii_case(b"close"));
        let persistence = if closes { Persistence::Close } else { persistence };
        let has_body = *method != Method::HEAD && may_have_body(parts.status);
        let (framing, length) = if has_body {
            framing_of(&body, &parts.headers)
        } else {
            let is_said = *method == Method::HEAD && parts.status != StatusCode::NO_CONTENT;
            (MessageFraming::None, is_said.then(|| length_to_head(&body, &parts.headers)).flatten())
        };
        let head = message.begin(framing);
        write_head(head, parts.status, &parts.headers, (framing, length), persistence);
        let body = (has_body && framing != MessageFraming::Length(0)).then(|| Box::pin(body));
        if body.is_none() {
            // Nothing is missing, since nothing was said to come.
            let _ = message.end();
        }
        Self { body, persistence }
    }

    /// Writes as much as the client takes and the body has.
    pub(super) fn poll<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        message: &mut MessageWriter,
    ) -> Poll<Written> {
        for _ in 0..ROUNDS {
            // Before the head is written, so that a first piece that is here goes out with it.
            if let Some(body) = &mut self.body
                && !(message.has_unwritten() && message.has_piece())
            {
                match body.as_mut().poll_frame(cx) {
                    Poll::Ready(frame) => {
                        if self.take(frame, message).is_none() {
                            return Poll::Ready(Written::Broken);
                        }
                    }
                    Poll::Pending if !message.has_unwritten() => {
                        // What was written may wait in a TLS session for more.
                        let flushed = Pin::new(&mut *stream).poll_flush(cx);
                        return if matches!(flushed, Poll::Ready(Err(_))) {
                            Poll::Ready(Written::Broken)
                        } else {
                            Poll::Pending
                        };
                    }
                    Poll::Pending => {}
                }
            }
            if message.has_unwritten() {
                match ready!(write(cx, stream, message)) {
                    Ok(0) | Err(_) => return Poll::Ready(Written::Broken),
                    Ok(count) => message.advance(count),
                }
            } else if self.body.is_none() {
                let flushed = ready!(Pin::new(&mut *stream).poll_flush(cx));
                let whole = Written::Whole(self.persistence);
                return Poll::Ready(if flushed.is_ok() { whole } else { Written::Broken });
            }
        }
        // The rest in another turn: neither a quick client nor a quick add-on may keep others from theirs.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands on what the body gave; nothing where the answer cannot go on.
    fn take(
        &mut self,
        frame: Option<Result<http_body::Frame<Bytes>, B::Error>>,
        message: &mut MessageWriter,
    ) -> Option<()> {
        let is_last = self.body.as_ref().is_none_or(Body::is_end_stream);
        match frame {
            None => message.end().ok()?,
            Some(Err(error)) => {
                tracing::debug!(%error, "answer broke off");
                return None;
            }
            // Trailers do not pass over HTTP/1.1, as nothing here says that they come.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if !data.is_empty() => message.put(data, is_last).ok()?,
                Ok(_) | Err(_) if is_last => message.end().ok()?,
                Ok(_) | Err(_) => {}
            },
        }
        // Its drop is its end: what it holds is given back before the last byte is written.
        if message.is_whole() {
            self.body = None;
        }
        Some(())
    }
}

fn write<S: AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    stream: &mut S,
    message: &MessageWriter,
) -> Poll<std::io::Result<usize>> {
    match message.only_slice() {
        Some(slice) => Pin::new(stream).poll_write(cx, slice),
        None => Pin::new(stream).poll_write_vectored(cx, &message.slices(usize::MAX)),
    }
}

/// RFC 9110 sections 15.2, 15.3.5 and 15.4.5.
fn may_have_body(status: StatusCode) -> bool {
    !status.is_informational() && status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
}

/// How a body is framed, and the length that the head says: the body's own, else the one that is in the head already.
fn framing_of<B: Body>(body: &B, headers: &HeaderMap) -> (MessageFraming, Option<u64>) {
    let known = body.size_hint().exact().or_else(|| headers.get(CONTENT_LENGTH).and_then(length));
    (known.map_or(MessageFraming::Chunked, MessageFraming::Length), known)
}

/// The length that an answer to a GET would have had (RFC 9110 section 8.6), where it is known.
fn length_to_head<B: Body>(body: &B, headers: &HeaderMap) -> Option<u64> {
    let said = headers.get(CONTENT_LENGTH).and_then(length);
    said.or_else(|| body.size_hint().exact().filter(|length| *length > 0))
}

fn length(value: &HeaderValue) -> Option<u64> {
    let digits = value.as_bytes();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

fn write_head(
    head: &mut Vec<u8>,
    status: StatusCode,
    headers: &HeaderMap,
    (framing, length): (MessageFraming, Option<u64>),
    persistence: Persistence,
) {
    head.reserve(COMMON);
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or("<none>").as_bytes());
    head.extend_from_slice(b"\r\n");
    // Noted on the way: each look into the map costs as much as a line.
    let (mut says_connection, mut says_date) = (false, false);
    for (name, value) in headers {
        match *name {
            // Said anew below, once and as it is.
            CONTENT_LENGTH | TRANSFER_ENCODING => continue,
            CONNECTION => says_connection = true,
            DATE => says_date = true,
            _ => {}
        }
        push_line(head, name.as_str(), value.as_bytes());
    }
    if let Some(length) = length {
        push_line(head, "content-length", length.to_string().as_bytes());
    } else if framing == MessageFraming::Chunked {
        push_line(head, "transfer-encoding", b"chunked");
    }
    if persistence == Persistence::Close && !says_connection {
        push_line(head, "connection", b"close");
    }
    if !says_date {
        with_date(|date| push_line(head, "date", date));
    }
    head.extend_from_slice(b"\r\n");
}

/// Writes and pieces of the body in one turn.
const ROUNDS: usize = 16;
/// What most heads fit into.
const COMMON: usize = 512;
