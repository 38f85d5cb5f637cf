//! Whose session a request for one of our own pages shows.

use std::sync::Arc;

use super::request_log::RequestLog;
use super::stages::Services;
use crate::authorization::may_enter;
use crate::http::Sanitized;
use crate::identity::{User, user_of};
use crate::refusal::Reason;
use crate::session::{Session, session_of};

/// The session and the user, if they may come in.
pub(super) async fn session_and_user(
    request: &Sanitized,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<(Arc<Session>, Arc<User>), Reason> {
    let session = session_of(request, &services.sessions).await?;
    request_log.knows_session(&session);
    let user = user_of(&session, &services.home.load().directory().load())?;
    // Noted before it may be refused, so that the audit line says whom it was.
    request_log.knows_user(&user);
    may_enter(&user, request.client()).into_result()?;
    Ok((session, user))
}
