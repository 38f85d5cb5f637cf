//! Makes the session of a user who has just signed in. It is always a new one, and the one that the browser had before
//! ends (S-74).

use std::sync::Arc;

use http::header::HeaderValue;

use crate::clock::Timestamp;
use crate::http::Presented;
use crate::session::{NewSession, Session, SessionCookie, SessionToken, Sessions, StoreAway};
use crate::telemetry::{AuditEvent, Revoked, Telemetry, chain};

/// Where sessions are made.
pub(super) struct SessionMaker<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) cookie: SessionCookie,
    pub(super) telemetry: &'a Telemetry,
}

impl SessionMaker<'_> {
    /// The session and the line that gives it to the browser. Where its user has signed in again, `since` is when the
    /// session was made that they did it with: the new one ends when that one would have, at the latest.
    pub(super) async fn make(
        &self,
        new: NewSession,
        presented: &Presented,
        since: Option<Timestamp>,
    ) -> Result<(Arc<Session>, HeaderValue), StoreAway> {
        // The new one first: when the store refuses it, the browser keeps what it has.
        let (token, session) = self.sessions.create_since(new, since).await?;
        self.end_session_before(presented).await;
        let cookie = self.cookie.set(&token, self.sessions.keep_for(&session));
        Ok((session, cookie))
    }

    async fn end_session_before(&self, presented: &Presented) {
        let Presented::One(value) = presented else { return };
        let Some(token) = SessionToken::parse(value) else { return };
        let Ok(old) = self.sessions.find(&token).await else { return };
        if let Err(error) = self.sessions.sign_out(&old).await {
            tracing::error!(error = %chain(&error), session = %old.id(), "the session before has ended, but not on disk");
        }
        let id = old.id().to_string();
        self.telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count: 1, by: "sign_in" });
    }
}
