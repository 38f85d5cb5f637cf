//! "Ask for access", on the page of a refusal: the operator sees it beside the refusal, and nothing else happens.

use super::refusals::NoSuchRefusal;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use crate::authorization::{Act, judge_own_will};
use crate::http::Sanitized;
use crate::pages::{self, Page, PageContext};
use crate::refusal::Reason;
use crate::telemetry::AuditEvent;

/// Notes that the user asks for what was refused to this very session. Asked again, it says the same and notes nothing.
pub(super) async fn answer(
    request: &Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    judge_own_will(request.provenance(), Act::Change).into_result()?;
    let (session, user) = session_and_user(request, services, request_log).await?;
    let query = request.query().unwrap_or_default();
    let (_, id) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "request").unwrap_or_default();
    let session = session.id().to_string();
    // Of anybody else's refusal nobody learns here that it is there.
    let asked = stages.refusals.ask_access(&id, &session).map_err(|NoSuchRefusal| Reason::UnknownRoute)?;
    if let Some(refusal) = asked {
        services.telemetry.audit.write(&AuditEvent::AccessAsked {
            refusal: &refusal.id,
            addon: refusal.addon.as_deref(),
            user: user.id.as_str(),
            session: &session,
            client: request.client().ip(),
            request_id: request_log.id().as_str(),
        });
    }
    Ok(pages::access_asked(context))
}
