//! A new secret for the cookie of a remembered session, with the answer to a request that may carry it.

use std::sync::Arc;

use http::Method;

use super::request_log::RequestLog;
use super::stages::{Services, Stages};
use crate::connection::EntryPoint;
use crate::http::{Presented, Sanitized};
use crate::pages::Audience;
use crate::session::{Carrier, Session, SessionToken};

/// The session, where its browser keeps it.
pub(super) fn remembered(request_log: &RequestLog) -> Option<&Arc<Session>> {
    request_log.session.as_ref().filter(|session| session.is_remembered())
}

/// Notes the line with the new secret, where one is due. Only for a request that was admitted: a session that may do
/// nothing is given nothing. Every other session ends here at once.
pub(super) async fn offer(request: &Sanitized, stages: &Stages, services: &Services, request_log: &mut RequestLog) {
    let Some(session) = remembered(request_log).cloned() else { return };
    // The answer to a handshake is the add-on's, and what changes something may be sent twice at once.
    let reads = *request.method() == Method::GET && request.handshake().is_none();
    let Presented::One(value) = request.presented() else { return };
    if !reads || request.entry_point() != EntryPoint::Browsers {
        return;
    }
    let Some(token) = SessionToken::parse(value) else { return };
    let carrier = match request_log.audience() {
        Audience::Navigation => Carrier::Navigation,
        Audience::Person | Audience::Program => Carrier::Read,
    };
    if let Some((renewed, keep)) = services.sessions.renew(&session, &token, carrier).await {
        request_log.renewed = Some(Box::new(stages.cookie.set(&renewed, Some(keep))));
    }
}
