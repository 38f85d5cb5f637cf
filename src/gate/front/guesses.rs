//! Home Assistant's own sign-in, with our limits on guessing: a step of it that brings a password or a code is counted
//! for the client's address and for the account that it names, and the one that signs somebody in is no guess at that
//! account.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde_json::Value;

use super::rest::read_whole;
use crate::authorization::Permitted;
use crate::budget::Holder;
use crate::entity_filter::bounded_json::read;
use crate::gate::request_log::RequestLog;
use crate::gate::stages::Stages;
use crate::gate::{Gate, Passed};
use crate::http::{BufferLimits, Sanitized};
use crate::refusal::Reason;
use crate::sign_in::Budget;

/// Whether a request is a step of Home Assistant's sign-in that may bring a password.
pub(super) fn is_guess(request: &Sanitized) -> bool {
    *request.method() == Method::POST && request.path().starts_with(STEP)
}

/// Passes the step on, unless too many came from there.
pub(super) async fn answer(
    mut permitted: Permitted,
    gate: &Arc<Gate>,
    stages: &Arc<Stages>,
    request_log: &mut RequestLog,
) -> Result<Passed, Reason> {
    let (client, budget) = (permitted.routed().request().client().ip(), Budget::from(&stages.settings.sign_in));
    let limits = BufferLimits { budget: &gate.services.budget, limits: &stages.settings.limits };
    let request = permitted.routed_mut().request_mut();
    let body = request.buffer_body(limits, Holder::from(client)).await?;
    let step = read(&body).map_err(|_| Reason::BodyNotJson)?;
    let account = account(&step, request.path());
    let guard = &gate.services.guard;
    guard.attempt(client, &account, budget, gate.services.clock.now()).await.map_err(|_| Reason::ShareSpent)?;
    // Written anew: Home Assistant might read another name from the bytes that came in than the one that was counted.
    request.replace_body(Bytes::from(step.to_string()));
    request.set_header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What is packed cannot be read here.
    for name in [ACCEPT_ENCODING, CONTENT_ENCODING] {
        request.remove_header(&name);
    }
    request_log.note_sent();
    let answer = stages.upstreams.send(permitted).await?;
    let (page, text) = read_whole(answer, LARGEST).await?;
    let kind = serde_json::from_slice::<Value>(&text).ok();
    let is_in = kind.as_ref().and_then(|answer| answer.get("type")).and_then(Value::as_str) == Some("create_entry");
    // Of this account alone: whoever has one would otherwise clear, by signing in, what they have guessed of others.
    if is_in {
        guard.succeeded(client, &account).await;
    }
    Ok(Passed::Own(page.map(|()| text.into())))
}

/// What a guess is counted for beside the address: the account that the step names, or where it names none, as with the
/// code of a second factor, the sign-in that it is a step of. Before a code there was a password, which was counted.
fn account<'s>(step: &'s Value, path: &str) -> Cow<'s, str> {
    match step.get("username") {
        Some(Value::String(name)) => Cow::Borrowed(name),
        Some(other) => Cow::Owned(other.to_string()),
        None => Cow::Owned(format!("sign-in {}", path.strip_prefix(STEP).unwrap_or_default())),
    }
}

/// Where a sign-in goes on, with its id.
const STEP: &str = "/auth/login_flow/";

/// Bytes of an answer of the sign-in.
const LARGEST: usize = 256 * 1024;
