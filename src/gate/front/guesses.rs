//! Home Assistant's own sign-in, with our limits on guessing: a step of it that brings a password or a code is counted
//! for the client's address, and the one that signs somebody in is no guess.

use std::sync::Arc;

use http::Method;
use http::header::ACCEPT_ENCODING;
use serde_json::Value;

use super::rest::read_whole;
use crate::authorization::Permitted;
use crate::gate::request_log::RequestLog;
use crate::gate::stages::Stages;
use crate::gate::{Gate, Passed};
use crate::http::Sanitized;
use crate::refusal::Reason;
use crate::sign_in::Budget;

/// Whether a request is a step of Home Assistant's sign-in that may bring a password.
pub(super) fn is_guess(request: &Sanitized) -> bool {
    *request.method() == Method::POST && request.path().starts_with("/auth/login_flow/")
}

/// Passes the step on, unless too many came from there.
pub(super) async fn answer(
    mut permitted: Permitted,
    gate: &Arc<Gate>,
    stages: &Arc<Stages>,
    request_log: &mut RequestLog,
) -> Result<Passed, Reason> {
    let (client, budget) = (permitted.routed().request().client().ip(), Budget::from(&stages.settings.sign_in));
    let guard = &gate.services.guard;
    guard.attempt(client, AS_USER, budget, gate.services.clock.now()).await.map_err(|_| Reason::ShareSpent)?;
    // What is packed cannot be read here.
    permitted.routed_mut().request_mut().remove_header(&ACCEPT_ENCODING);
    request_log.note_sent();
    let answer = stages.upstreams.send(permitted).await?;
    let (page, text) = read_whole(answer, LARGEST).await?;
    let kind = serde_json::from_slice::<Value>(&text).ok();
    if kind.as_ref().and_then(|answer| answer.get("type")).and_then(Value::as_str) == Some("create_entry") {
        guard.succeeded(client, AS_USER).await;
    }
    Ok(Passed::Own(page.map(|()| text.into())))
}

/// The name under which guesses are counted and banned beside the address; `vestibule bans list` shows it.
const AS_USER: &str = "Home Assistant's sign-in";

/// Bytes of an answer of the sign-in.
const LARGEST: usize = 256 * 1024;
