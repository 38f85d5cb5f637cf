//! The WebSocket handshake with an add-on (RFC 6455 section 4.2).

use bytes::Bytes;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::addon_api::answer::{Answer, AnswerBody};
use crate::http::one_line;

/// The answer that opens the WebSocket, or nothing when the request asks for none in the one way there is.
pub(super) fn accept(method: &Method, headers: &HeaderMap) -> Option<Answer> {
    let key = only(headers, &SEC_WEBSOCKET_KEY)?;
    let asks = *method == Method::GET
        && has_token(headers, &UPGRADE, "websocket")
        && has_token(headers, &CONNECTION, "upgrade")
        && only(headers, &SEC_WEBSOCKET_VERSION)? == "13";
    if !asks {
        return None;
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let mut answer = Response::new(AnswerBody::new(Empty::<Bytes>::new().map_err(|never| match never {})));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    Some(answer)
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    one_line(headers, name)?.to_str().ok().map(str::trim)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
}
