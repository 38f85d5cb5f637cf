//! The shapes of answers: JSON with a `result`, and the plain texts that stand for a bare status.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

/// A body that is there whole, or one that is passed on as it comes.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, hyper::Error>;

/// An answer to an add-on.
pub(super) type Answer = Response<AnswerBody>;

/// `{"result": "ok", "data": ...}`
pub(super) fn ok(data: &Value) -> Answer {
    of_json(StatusCode::OK, &json!({"result": "ok", "data": data}))
}

/// `{"result": "error", "message": ...}`
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    of_json(status, &json!({"result": "error", "message": message}))
}

/// The same with the key by which programs tell errors apart.
pub(super) fn keyed_error(status: StatusCode, message: &str, key: &str) -> Answer {
    of_json(status, &json!({"result": "error", "message": message, "error_key": key}))
}

/// JSON as it is.
pub(super) fn of_json(status: StatusCode, value: &Value) -> Answer {
    whole(status, "application/json", value.to_string())
}

/// The status and its words, as in `403: Forbidden`.
pub(super) fn plain(status: StatusCode) -> Answer {
    let words = status.canonical_reason().unwrap_or_default();
    whole(status, "text/plain; charset=utf-8", format!("{}: {words}", status.as_u16()))
}

/// Asks for user name and password (RFC 9110 section 11.6.1).
pub(super) fn with_realm(mut answer: Answer) -> Answer {
    let realm = HeaderValue::from_static("Basic realm=\"Home Assistant Authentication\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, realm);
    answer
}

fn whole(status: StatusCode, content_type: &'static str, text: String) -> Answer {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut answer = Response::new(UnsyncBoxBody::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
