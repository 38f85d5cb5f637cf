//! The answers to add-ons: the Supervisor's shapes, or a body that is passed on as it comes.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use serde_json::{Value, json};

use crate::exchanges::CutBodyError;
use crate::supervisor::shape::{self, Shape};

/// A body that is there whole, or one that is passed on as it comes.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, CutBodyError>;

/// An answer to an add-on.
pub(super) type Answer = Response<AnswerBody>;

/// `{"result": "ok", "data": ...}`
pub(super) fn ok(data: &Value) -> Answer {
    boxed(shape::ok(data))
}

/// `{"result": "error", "message": ...}`
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    boxed(shape::error(status, message))
}

/// The same with the key by which programs tell errors apart.
pub(super) fn keyed_error(status: StatusCode, message: &str, key: &str) -> Answer {
    of_json(status, &json!({"result": "error", "message": message, "error_key": key}))
}

/// JSON as it is.
pub(super) fn of_json(status: StatusCode, value: &Value) -> Answer {
    boxed(shape::of_json(status, value))
}

/// The status and its words, as in `403: Forbidden`.
pub(super) fn plain(status: StatusCode) -> Answer {
    boxed(shape::plain(status))
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
