//! Signing in again: who is signed in shows that it is still they, with the password or on Home Assistant's page, and
//! gets a new session. What that is good for is decided when they are back.

use std::sync::Arc;

use super::cross_host_ticket;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::identity::User;
use crate::pages::{self, Page, PageContext};
use crate::refusal::Reason;
use crate::session::Session;
use crate::sign_in::{
    StepUpWish, WhosePage, is_same_user, sign_in_address, step_up_page, wanted_return, way_to_sign_in,
};

/// The page that asks. From an add-on's own host it is a page of the main one; whoever is not signed in signs in, which
/// serves as well.
pub(super) async fn page(
    request: &Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    if let Some(page) = cross_host_ticket::leave(request, stages) {
        return Ok(page);
    }
    let (session, user) = match session_and_user(request, services, request_log).await {
        Ok(found) => found,
        Err(Reason::NoSession | Reason::SessionEnded) => {
            return Ok(pages::see_other(&sign_in_address(wanted_return(request).as_str())));
        }
        Err(reason) => return Err(reason),
    };
    let home = services.home.load();
    let users = home.directory().load().health();
    let whose = WhosePage { user: &user, session: &session, has_code: home.has_code(&user.id) };
    let back = way_to_sign_in(wanted_return(request).as_str(), Some(StepUpWish::of(request).asked));
    Ok(step_up_page(request, &context.at(back), &whose, (&stages.settings.sign_in.methods, users)))
}

/// Whose form it is that is posted. A password must not be typed where an add-on's scripts run, so that an add-on's own
/// host has none.
pub(super) async fn poster(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<(Arc<User>, Arc<Session>), Reason> {
    if cross_host_ticket::leave(request, stages).is_some() {
        return Err(Reason::MethodNotAllowed);
    }
    let (session, user) = session_and_user(request, services, request_log).await?;
    Ok((user, session))
}

/// The session of the only user who may come back from Home Assistant's page, where the one who leaves signs in again.
pub(super) async fn again(
    request: &Sanitized,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Option<Arc<Session>>, Reason> {
    if !is_same_user(request) {
        return Ok(None);
    }
    let (session, _) = session_and_user(request, services, request_log).await?;
    Ok(Some(session))
}
