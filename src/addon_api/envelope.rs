//! The shapes of the Supervisor's answers: JSON with a `result`, and the plain texts that stand for a bare status.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// An answer that is here whole.
pub type Shape = Response<Full<Bytes>>;

/// `{"result": "ok", "data": ...}`
pub fn ok(data: &Value) -> Shape {
    of_json(StatusCode::OK, &json!({"result": "ok", "data": data}))
}

/// `{"result": "error", "message": ...}`
pub fn error(status: StatusCode, message: &str) -> Shape {
    of_json(status, &json!({"result": "error", "message": message}))
}

/// JSON as it is.
pub fn of_json(status: StatusCode, value: &Value) -> Shape {
    of_text(status, value.to_string())
}

/// JSON that is written already.
pub fn of_text(status: StatusCode, json: String) -> Shape {
    whole(status, "application/json", json)
}

/// The status and its words, as in `403: Forbidden`.
pub fn plain(status: StatusCode) -> Shape {
    let words = status.canonical_reason().unwrap_or_default();
    whole(status, "text/plain; charset=utf-8", format!("{}: {words}", status.as_u16()))
}

fn whole(status: StatusCode, content_type: &'static str, text: String) -> Shape {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
