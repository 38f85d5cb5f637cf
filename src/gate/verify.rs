//! Forward-auth: whether a request that is at another proxy may pass there, for people who keep nginx, Traefik or Caddy
//! in front of their add-ons.
//!
//! A trusted proxy's question is answered with 200 and the identity headers, 401, 403, or the way to the sign-in page.
//! The request goes the whole way that it would go here, as far as the add-on: what is judged elsewhere is judged by
//! the same stages. What is open at the other proxy is not ours to cut.

use http::StatusCode;
use serde_json::json;

use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use super::verify_request::VerifyRequest;
use super::{authorization, describe};
use crate::authorization::{AuthorizationContext, Counting, Permitted};
use crate::http::{Readings, Sanitized};
use crate::pages::{self, Page};
use crate::refusal::Reason;
use crate::route::Destination;
use crate::session::{Authenticated, shown_key};

/// The answer to a proxy's question.
pub(super) async fn answer(
    request: Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let asked = VerifyRequest::read(request.query().unwrap_or_default());
    // All readings are judged, because we do not see which of them the proxy passes on.
    let Readings { written, others } = request.standing_in(&stages.rules)?;
    request_log.stands_in(&written);
    // The other proxy would pass a key on to the add-on, which must never see one; so no public path counts beside it.
    if let Some(key) = shown_key(&written) {
        return Err(key.err().unwrap_or(Reason::NoSession));
    }
    let permitted = judge(written, Counting::Request, &asked, stages, services, request_log).await?;
    let mut page = pages::json(StatusCode::OK, "application/json", &json!({ "permitted": true }));
    // By the first reading's add-on. Further down every other reading must lead to the same one.
    page.headers_mut().extend(stages.upstreams.identity(&permitted));
    let place = place_of(&permitted);
    // Off the list of what is open: the request itself goes on at the other proxy, where nothing could be cut.
    drop(permitted);
    for reading in others {
        let other = judge(reading, Counting::Reading, &asked, stages, services, request_log).await?;
        if place_of(&other) != place {
            return Err(Reason::AmbiguousPath);
        }
    }
    Ok(page)
}

/// Judges one reading of the request, as if it had come here.
async fn judge(
    request: Sanitized,
    counting: Counting,
    asked: &VerifyRequest,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Permitted, Reason> {
    let destination = match &asked.addon {
        None => stages.routes.route(Box::new(request)),
        Some(slug) => stages.routes.to(slug, Box::new(request)),
    };
    let routed = match destination {
        // What passes at the front is filtered message by message, which no other proxy does.
        Destination::Addon(routed) if routed.route().addon().is_at_front() => {
            return session_and_user(routed.request(), services, request_log).await.and(Err(Reason::UnknownRoute));
        }
        Destination::Addon(routed) => routed,
        Destination::Own(request) | Destination::Call(request) | Destination::Nowhere(request) => {
            return session_and_user(&request, services, request_log).await.and(Err(Reason::UnknownRoute));
        }
    };
    request_log.knows_route(routed.route());
    let home = services.home.load();
    let describe = describe(stages);
    let authorization = AuthorizationContext { counting, ..authorization(services, stages, &home, &describe) };
    let (host, path) = (routed.request().authority().host(), routed.request().path());
    let is_doubtful = asked.addon.is_none() && stages.routes.is_other_in_other_case(Some(host), path);
    let routed = if is_doubtful {
        routed
    } else {
        match authorization.admit_anybody(routed) {
            Ok(admitted) => return admitted.map_err(|refused| request_log.note_refusal(refused)),
            Err(routed) => routed,
        }
    };
    // A token is not accepted here: the proxy would pass it on to the add-on, which must never see one.
    let authenticated = Authenticated::new(routed, None, &services.sessions)
        .await
        .map_err(|refused| request_log.note_unauthenticated(refused))?;
    request_log.knows_credential(authenticated.credential());
    // After the session: a stranger learns nothing of what there is.
    if is_doubtful {
        return Err(Reason::AmbiguousPath);
    }
    // A body that a rule needs is not here: what is read in its place is empty, and permits nothing.
    let permitted = authorization.admit(authenticated).await.map_err(|refused| request_log.note_refusal(refused))?;
    if let Some(user) = permitted.user() {
        request_log.knows_user(user);
    }
    Ok(permitted)
}

/// The place of the add-on that it was admitted to, and whether it was as everybody is.
fn place_of(permitted: &Permitted) -> (usize, bool) {
    (permitted.routed().route().place(), permitted.user().is_none())
}
