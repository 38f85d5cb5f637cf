//! The answers to add-ons: the Supervisor's shapes, or a body that is passed on as it comes.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use serde_json::{Value, json};

use crate::addon_api::envelope::{self, Shape};
use crate::budget::Permit;
use crate::connection::InFlightGuard;
use crate::exchanges::CutBodyError;

/// A body that is there whole, or one that is passed on as it comes.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, CutBodyError>;

/// The body of an answer on its way: its connection is not idle before the last byte.
pub struct ServedBody {
    body: AnswerBody,
    _serving: InFlightGuard,
    /// Its call's place among those of the add-on.
    _place: Option<Permit>,
}

impl ServedBody {
    pub(super) fn new(body: AnswerBody, serving: InFlightGuard, place: Option<Permit>) -> Self {
        Self { body, _serving: serving, _place: place }
    }
}

impl Body for ServedBody {
    type Data = Bytes;
    type Error = CutBodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutBodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ServedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedBody").finish_non_exhaustive()
    }
}

/// An answer to an add-on.
pub(super) type Answer = Response<AnswerBody>;

/// `{"result": "ok", "data": ...}`
pub(super) fn ok(data: &Value) -> Answer {
    boxed(envelope::ok(data))
}

/// `{"result": "error", "message": ...}`
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    boxed(envelope::error(status, message))
}

/// The same with the key by which programs tell errors apart.
pub(super) fn keyed_error(status: StatusCode, message: &str, key: &str) -> Answer {
    of_json(status, &json!({"result": "error", "message": message, "error_key": key}))
}

/// JSON as it is.
pub(super) fn of_json(status: StatusCode, value: &Value) -> Answer {
    boxed(envelope::of_json(status, value))
}

/// JSON that may be large: in pieces, so that its bytes are counted until the add-on has taken them.
pub(super) fn of_long_text(status: StatusCode, json: String, room: Permit) -> Answer {
    let length = json.len();
    let body = Pieces { rest: Bytes::from(json), _room: room }.map_err(|never| match never {});
    let mut answer = envelope::of_text(status, String::new()).map(|_| UnsyncBoxBody::new(body));
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    answer
}

/// A body that is there whole, and is handed on piece by piece.
struct Pieces {
    rest: Bytes,
    _room: Permit,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

/// What of a long answer may lie in buffers on its way.
const PIECE: usize = 64 * 1024;

/// JSON that is written already.
pub(super) fn of_text(status: StatusCode, json: String) -> Answer {
    boxed(envelope::of_text(status, json))
}

/// The status and its words, as in `403: Forbidden`.
pub(super) fn plain(status: StatusCode) -> Answer {
    boxed(envelope::plain(status))
}

/// Asks for user name and password (RFC 9110 section 11.6.1).
pub(super) fn with_realm(mut answer: Answer) -> Answer {
    let realm = HeaderValue::from_static("Basic realm=\"Home Assistant Authentication\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, realm);
    answer
}

fn boxed(shape: Shape) -> Answer {
    shape.map(|body| UnsyncBoxBody::new(body.map_err(|never| match never {})))
}
