//! A user's own account. Only for the person at the browser: a script, of an add-on under our own origin say, is not
//! shown it, and can end nothing.

use http::{HeaderName, Method};

use super::form_place::form_place;
use super::launcher;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::pages::{Page, PageContext};
use crate::refusal::Reason;
use crate::sign_in::AccountFlow;

/// The page, and the answer to its form.
pub(super) async fn answer(
    request: Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let (session, user) = session_and_user(&request, services, request_log).await?;
    if is_of_a_script(&request) {
        return Err(Reason::UnknownRoute);
    }
    // On its host the add-on's scripts run.
    if session.addon().is_some() {
        return Err(Reason::SessionBoundElsewhere);
    }
    let titles = launcher::shown(&request, (&session, &user), stages, services).map(|(addon, _)| &*addon.display.title);
    let title_of = |slug: &str| {
        let addon = stages.settings.addons.iter().find(|addon| addon.slug.as_str() == slug);
        addon.map_or_else(|| slug.to_owned(), |addon| addon.display.title.clone())
    };
    let flow = AccountFlow {
        context,
        user: &user,
        session: &session,
        sessions: &services.sessions,
        clock: &services.clock,
        telemetry: &services.telemetry,
        addons: titles.collect(),
        title_of: &title_of,
    };
    if *request.method() != Method::POST {
        return Ok(flow.page(&request).await);
    }
    let _place = form_place(&request, stages, services)?;
    flow.post(request).await
}

/// Whether a page's script, or a frame, asks: the browser says so, and no page can say otherwise (W3C Fetch Metadata
/// section 2.1). What says nothing is an old browser, or a program with a cookie of its own.
pub(super) fn is_of_a_script(request: &Sanitized) -> bool {
    request.headers().get(SEC_FETCH_DEST).is_some_and(|destination| destination != "document")
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
