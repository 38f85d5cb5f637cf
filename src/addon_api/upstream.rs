//! A real Supervisor behind us: what an add-on may ask, it is asked with our token.
//!
//! `self` is written out, since the Supervisor would take it for us; and the options of other add-ons are taken out of
//! its answers again.

use std::time::Duration;

use http::{Method, Response, StatusCode};

use super::answer::{self, Answer, AnswerBody};
use super::api::{AddonApi, Call};
use super::body::{Held, Room};
use super::caller::AddonCaller;
use super::followed::followed;
use super::peer::{PeerRequest, only, relay};
use crate::entity_filter::bounded_json::filter_fields;

/// Passes a call on. It is open to the last byte of its answer.
pub(super) async fn forward(api: &AddonApi, call: Call, segments: &[&str]) -> Answer {
    let Call { method, path, query, headers, body, by, open, configured, .. } = call;
    let Some(upstream) = &configured.upstream else { return answer::plain(StatusCode::NOT_IMPLEMENTED) };
    open.exchange().subject().goes_on_to_a_supervisor();
    let own = by.as_ref().map(AddonCaller::slug);
    let path = match (segments, own) {
        (["addons" | "apps", "self", ..], None) => return answer::error(StatusCode::BAD_REQUEST, "Nobody is self"),
        // The first one alone: the segments have been matched, and a later `self` may be the name of something else.
        (["addons" | "apps", "self", ..], Some(slug)) => path.as_str().replacen("/self", &format!("/{slug}"), 1),
        _ => path.as_str().to_owned(),
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut hides_options = false;
    if let (["addons" | "apps", slug, "info"], true) = (segments, method == Method::GET) {
        hides_options = !by.as_ref().is_some_and(|by| by.sees_options_of(slug));
        if !hides_options {
            open.exchange().subject().tells_options_of(slug);
        }
    }
    let asked = PeerRequest {
        method,
        target: format!("{path}{query}"),
        headers: only(&headers, PASSED),
        body,
        // What needs no token is asked without one.
        with_token: by.is_some(),
        within: ANSWER,
    };
    let answering = async {
        match upstream.ask(asked).await {
            Ok(told) if hides_options => {
                let Some(by) = &by else { return answer::plain(StatusCode::UNAUTHORIZED) };
                without_options(relay(told, RETURNED), &api.room(by.addon(), &configured)).await
            }
            Ok(told) => relay(told, RETURNED),
            Err(error) => {
                tracing::warn!(error = %crate::telemetry::chain(&error), "the Supervisor does not answer");
                answer::error(StatusCode::BAD_GATEWAY, "The Supervisor does not answer")
            }
        }
    };
    followed(open, Box::pin(answering)).await
}

async fn without_options(told: Response<AnswerBody>, room: &Room) -> Answer {
    let status = told.status();
    let Held { bytes, room } = match room.read_within(told.into_body(), LARGEST_INFO, INFO).await {
        Ok(held) => held,
        Err(unread) => return unread.answer_of_peer(),
    };
    let hidden = |name: &str, value: &str| Some(if name == "options" { "{}" } else { value }.to_owned());
    // What is not UTF-8 is no object, and becomes 502 below. Nothing is passed on that could not be read.
    let without = filter_fields(std::str::from_utf8(&bytes).unwrap_or_default(), |name, value| {
        let data = (name == "data").then(|| filter_fields(value, hidden)).flatten();
        Some(data.unwrap_or_else(|| value.to_owned()))
    });
    match without {
        Some(text) => answer::of_long_text(status, text, room),
        None => answer::error(StatusCode::BAD_GATEWAY, "The Supervisor does not answer"),
    }
}

/// What of an add-on's headers the Supervisor gets.
const PASSED: &[&str] = &["accept", "content-type", "content-length", "range"];

/// What of the Supervisor's headers an add-on gets.
const RETURNED: &[&str] =
    &["content-type", "content-length", "content-disposition", "content-range", "accept-ranges", "cache-control"];

/// How long the head of an answer may take: a backup is made before it comes.
const ANSWER: Duration = Duration::from_hours(1);

/// What is said of one add-on.
const LARGEST_INFO: usize = 4 * 1024 * 1024;

/// How long the whole answer may take.
const INFO: Duration = Duration::from_mins(1);
