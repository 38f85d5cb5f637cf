//! Home Assistant's entry point: its calls, and what answers look like there.
//!
//! The way of a request is the same as at the browsers' entry point. What differs is said here and nowhere else: Home
//! Assistant's pages know the Supervisor's answers by their exact text (docs/design/supervisor.md sections 1.5 and
//! 10.1), nobody is sent to a page of ours, and nothing is told beside the status.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Response, StatusCode};

use super::stages::{Services, Stages};
use crate::addon_api::envelope;
use crate::connection::{Arrived, EntryPoint};
use crate::http::Sanitized;
use crate::ingress_api::{self, Calls, HomeAssistantCaller};
use crate::pages::Page;
use crate::refusal::Reason;

/// Whether it is Home Assistant that calls: its token is looked at before the request is rid of it. At the browsers'
/// entry point nobody is.
pub(super) fn caller(arrived: &Arrived, stages: &Stages, services: &Services) -> Result<HomeAssistantCaller, Reason> {
    match arrived.connection_info.entry_point() {
        EntryPoint::Browsers => Err(Reason::NoSession),
        EntryPoint::HomeAssistant => {
            let entry_point = stages.settings.supervisor.ingress_api.as_ref();
            ingress_api::caller(arrived.request.headers(), entry_point, &services.addon_states)
        }
    }
}

/// The answer to a call.
pub(super) async fn call(
    request: Sanitized,
    caller: Result<HomeAssistantCaller, Reason>,
    stages: &Stages,
    services: &Services,
) -> Result<Page, Reason> {
    // Owned, since a call may wait for the session store, and the guards of arc-swap are made for short reads.
    let home = services.home.load_full();
    let directory = arc_swap::Guard::into_inner(home.directory().load());
    let calls = Calls {
        sessions: &services.sessions,
        directory: &directory,
        settings: &stages.settings,
        addon_states: &services.addon_states,
        exchanges: &services.exchanges,
        telemetry: &services.telemetry,
    };
    calls.answer(request, caller).await
}

/// The answer to a refused request: `401: Unauthorized` and its like, and nothing else.
pub(super) fn refusal(reason: Reason) -> Page {
    let row = reason.row();
    let mut page = envelope::plain(status(reason));
    if row.close {
        page.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    page
}

/// The same at Home Assistant's front, where Home Assistant says 401 of whatever a user may not do.
pub(super) fn refusal_of_front(reason: Reason) -> Page {
    let row = reason.row();
    let status = if row.status == StatusCode::FORBIDDEN { StatusCode::UNAUTHORIZED } else { row.status };
    let mut page = envelope::plain(status);
    if row.close {
        page.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    page
}

/// The Supervisor's status for it: a token that is no add-on's is 503, and an add-on that does not answer is 502,
/// whatever keeps it from answering, because Home Assistant's pages offer to try again only then.
fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::UnknownRoute => StatusCode::SERVICE_UNAVAILABLE,
        Reason::AddonDown | Reason::AddonBroken | Reason::AddonSlow => StatusCode::BAD_GATEWAY,
        other => other.row().status,
    }
}

/// What the Supervisor adds to an add-on's answer (sections 1.9 and 10.1): a type where there is a body and none is
/// said, and a header that tells proxies not to hold a stream back.
pub(super) fn dress<B>(answer: &mut Response<B>, method: &Method) {
    let status = answer.status();
    let headers = answer.headers_mut();
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.remove(CONTENT_TYPE);
        return;
    }
    if status.is_informational() || *method == Method::HEAD {
        return;
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: u64| length >= HELD_BACK) {
        headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
}

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The Supervisor reads what is shorter before it passes it on.
const HELD_BACK: u64 = 4_194_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(status: u16, method: &Method, fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut answer = Response::new(());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in fields {
            answer.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        dress(&mut answer, method);
        let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
        answer.headers().iter().map(line).collect()
    }

    /// Cases 5 to 10.
    #[test]
    fn a_type_is_added_where_there_is_a_body_and_none_is_said() {
        const OCTETS: &str = "content-type: application/octet-stream";
        let get = |status, fields| dressed(status, &Method::GET, fields);
        assert!(get(204, &[]).is_empty() && get(304, &[("content-type", "text/html")]).is_empty());
        assert_eq!(dressed(200, &Method::HEAD, &[("content-type", "text/html")]), ["content-type: text/html"]);
        assert!(dressed(200, &Method::HEAD, &[]).is_empty());
        assert_eq!(get(200, &[("content-length", "2")]), ["content-length: 2", OCTETS]);
        let plain = [("content-length", "2"), ("content-type", "text/plain; charset=utf-8")];
        assert_eq!(get(200, &plain), ["content-length: 2", "content-type: text/plain; charset=utf-8"]);
    }

    #[test]
    fn what_is_not_short_is_not_held_back() {
        let held = |fields| !dressed(200, &Method::GET, fields).contains(&"x-accel-buffering: no".to_owned());
        assert!(held(&[("content-length", "4193999")]));
        assert!(!held(&[("content-length", "4194000")]));
        assert!(!held(&[("content-type", "text/event-stream")]));
    }

    #[test]
    fn refusals_are_a_status_and_its_words() {
        for (reason, text) in [
            (Reason::NoSession, "401: Unauthorized"),
            (Reason::UnknownRoute, "503: Service Unavailable"),
            (Reason::AddonDown, "502: Bad Gateway"),
            (Reason::AddonSlow, "502: Bad Gateway"),
            (Reason::AdminOnly, "403: Forbidden"),
            (Reason::AmbiguousPath, "400: Bad Request"),
        ] {
            assert!(text.starts_with(refusal(reason).status().as_str()), "{text}");
            let words = status(reason).canonical_reason().unwrap_or_default();
            assert_eq!(format!("{}: {words}", status(reason).as_u16()), text);
        }
    }
}
