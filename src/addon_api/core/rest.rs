//! `/core/api/...`: Home Assistant's REST API for an add-on, asked with our token.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use crate::addon_api::answer::{self, Answer};
use crate::addon_api::body::{Held, Room};
use crate::addon_api::peer::{Peer, PeerError, PeerRequest, only, relay};
use crate::entity_filter::{Access, RestCall, RestRefusal, Shape};
use crate::exchanges::CutUpload;
use crate::http::RequestBody;

/// What an add-on asks of Home Assistant.
pub(super) struct RestRequest {
    pub(super) method: Method,
    /// Below `/api`, as it came.
    pub(super) path: String,
    /// The same path, decoded: rules are asked about this one.
    pub(super) plain: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: CutUpload<RequestBody>,
}

/// What an add-on that is held may do.
type Entitled<'a> = &'a (dyn Fn(&str, Access) -> bool + Sync);

impl RestRequest {
    /// Passes it on as it is.
    pub(super) async fn pass(self, home: &Peer) -> Answer {
        let asked = PeerRequest {
            target: self.target(),
            headers: only(&self.headers, PASSED),
            method: self.method,
            body: self.body,
            with_token: true,
            within: ANSWER,
        };
        match home.ask(asked).await {
            Ok(answer) => relayed(answer),
            Err(error) => unreachable(&error),
        }
    }

    /// Passes it on as far as `may` goes, and of the answer what may be seen.
    pub(super) async fn pass_held(self, home: &Peer, room: &Room, may: Entitled<'_>) -> Answer {
        let call = match RestCall::of(&self.method, &self.plain, self.query.as_deref()) {
            Ok(call) => call,
            Err(refusal) => return refused(refusal),
        };
        let target = self.target();
        let held = match room.read(self.body, LARGEST_CALL).await {
            Ok(held) => held,
            Err(unread) => return unread.answer(),
        };
        let judged = match call.judge(&held.bytes, &may) {
            Ok(judged) => judged,
            Err(refusal) => return refused(refusal),
        };
        let mut headers = HeaderMap::new();
        if judged.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        // Written anew from what was judged: Home Assistant might read the bytes that came in another way.
        let body = Full::new(judged.map(|value| Bytes::from(value.to_string())).unwrap_or_default());
        let asked = PeerRequest { method: self.method, target, headers, body, with_token: true, within: ANSWER };
        match home.ask(asked).await {
            Ok(told) => seen(told, call.shape(), room, may).await,
            Err(error) => unreachable(&error),
        }
    }

    fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("/api{path}{query}")
    }
}

/// Whether a path below `/api` is for no add-on: it makes users or tokens, or hands out what stands in `.storage`, by
/// which tokens are signed. What Home Assistant has for its Supervisor is refused before (case 65).
pub(super) fn is_for_no_addon(plain: &str) -> bool {
    let plain = plain.to_ascii_lowercase();
    // Doubled slashes hide no name, whatever Home Assistant makes of them.
    let mut segments = plain.split('/').filter(|segment| !segment.is_empty());
    match segments.next().unwrap_or_default() {
        // A device that is registered gets an id with which it calls services for ever, whatever becomes of our token.
        "backup" | "mobile_app" | "onboarding" => true,
        "config" => segments.next().is_some_and(|name| name.starts_with("auth")),
        name => ["auth", "hassio"].iter().any(|start| name.starts_with(start)),
    }
}

/// What an add-on that is held to entities gets of an answer. What cannot be read it does not get.
async fn seen(told: Response<answer::AnswerBody>, shape: Shape, room: &Room, may: Entitled<'_>) -> Answer {
    let status = told.status();
    let Held { bytes, room } = match room.read_within(told.into_body(), LARGEST_ANSWER, ANSWER).await {
        Ok(held) => held,
        Err(unread) => return unread.answer_of_peer(),
    };
    // What is not UTF-8 counts as empty, which has none of the shapes that pass.
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    if !status.is_success() {
        return answer::of_text(status, Shape::failure(text, &may));
    }
    match shape.read(text, &may) {
        Some(told) => answer::of_long_text(status, told, room),
        None => answer::plain(StatusCode::BAD_GATEWAY),
    }
}

fn refused(refusal: RestRefusal) -> Answer {
    tracing::info!(reason = %refusal, "an add-on that is held to entities was refused a call");
    match refusal {
        RestRefusal::NotJson => answer::plain(StatusCode::BAD_REQUEST),
        RestRefusal::TooHeavy => answer::plain(StatusCode::PAYLOAD_TOO_LARGE),
        RestRefusal::NotListed | RestRefusal::NotPermitted | RestRefusal::Service(_) => {
            answer::plain(StatusCode::FORBIDDEN)
        }
    }
}

fn relayed(told: Response<answer::AnswerBody>) -> Answer {
    let mut answer = relay(told, RETURNED);
    let streams = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // A proxy between the add-on and us would gather events before it passes them on.
    if streams.is_some_and(|media| media.starts_with("text/event-stream")) {
        answer.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    answer
}

fn unreachable(error: &PeerError) -> Answer {
    tracing::warn!(error = %crate::telemetry::chain(error), "Home Assistant does not answer for an add-on");
    answer::plain(StatusCode::BAD_GATEWAY)
}

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What of an add-on's headers Home Assistant gets (cases 68 and 69).
const PASSED: &[&str] =
    &["accept", "content-type", "last-event-id", "mcp-session-id", "mcp-protocol-version", "x-speech-content"];

/// What of Home Assistant's headers an add-on gets.
const RETURNED: &[&str] = &["content-type", "content-length", "cache-control", "mcp-session-id"];

/// How long the head of an answer may take.
const ANSWER: Duration = Duration::from_mins(5);

/// The body of a call that must be read to be judged.
const LARGEST_CALL: usize = 1024 * 1024;

/// An answer that must be read to be filtered: the states of a large home are a few megabytes.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
