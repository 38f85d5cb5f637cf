//! Whose session a request for one of our own pages shows.

use std::sync::Arc;

use super::request_log::RequestLog;
use super::stages::Services;
use crate::authorization::{is_backed, may_enter};
use crate::conditions::Circumstances;
use crate::http::Sanitized;
use crate::identity::{User, user_of};
use crate::refusal::Reason;
use crate::session::{Session, Unauthenticated, session_of};

/// The session and the user with the groups that count now, if they may come in.
pub(super) async fn session_and_user(
    request: &Sanitized,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<(Arc<Session>, Arc<User>), Reason> {
    let session = match session_of(request, &services.sessions).await {
        Ok(session) => session,
        Err(reason) => {
            let refused = Unauthenticated::of(reason, request, &services.sessions);
            return Err(request_log.note_unauthenticated(refused));
        }
    };
    request_log.knows_session(&session);
    let home = services.home.load();
    let directory = home.directory().load();
    let circumstances = Circumstances::new(request.client(), home.environment());
    let user = user_of(&session, &directory)?;
    if !is_backed(&session, request.certified(), &user) {
        return Err(Reason::SessionEnded);
    }
    let user = directory.in_circumstances(user, &circumstances)?;
    // Noted before it may be refused, so that the audit line says whom it was.
    request_log.knows_user(&user);
    may_enter(&user, request.client()).into_result()?;
    Ok((session, user))
}
