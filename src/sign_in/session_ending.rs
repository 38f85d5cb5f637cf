//! The form with which an administrator ends the session of anybody.

use super::form::Form;
use super::form_token::FormToken;
use crate::authorization::{Act, judge_own_will};
use crate::http::{Parts, Sanitized};
use crate::refusal::Reason;
use crate::session::{RevokeError, Session, SessionId, Sessions};
use crate::telemetry::{AuditEvent, Revoked, Telemetry, chain};

/// What the form works with. Whose it is must have been proven to be an administrator.
pub struct SessionEnding<'a> {
    /// The administrator's own session.
    pub session: &'a Session,
    /// Where all sessions are.
    pub sessions: &'a Sessions,
    /// Where it is written down that one has ended.
    pub telemetry: &'a Telemetry,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedSessions {
    /// It has ended.
    Done,
    /// It has ended here, and this is not stored yet.
    NotStored,
    /// The form was not one of this browser's.
    OldPage,
    /// There is no such session.
    Unknown,
}

impl SessionEnding<'_> {
    /// What the form must have in it.
    pub fn token(&self) -> String {
        FormToken::of_operator(self.session).as_str().to_owned()
    }

    /// Ends the session that a posted form names.
    pub async fn post(&self, request: Sanitized) -> Result<EndedSessions, Reason> {
        judge_own_will(request.provenance(), Act::Change).into_result()?;
        let Parts { headers, body, serving, .. } = request.into_parts();
        let form = Form::read(&headers, body).await?;
        if !FormToken::of_operator(self.session).is(&form.csrf) {
            return Ok(EndedSessions::OldPage);
        }
        let Ok(id) = form.session.parse::<SessionId>() else { return Ok(EndedSessions::Unknown) };
        let ended = self.sessions.revoke(id).await;
        let count = match &ended {
            Ok(ended) | Err(RevokeError::NotOnDisk { ended, .. }) => ended.len(),
            Err(RevokeError::Unknown) => return Ok(EndedSessions::Unknown),
        };
        let (id, count) = (id.to_string(), u64::try_from(count).unwrap_or_default());
        self.telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count, by: "operator" });
        // Held until here: ending waits for the store, and the connection must not count as idle meanwhile.
        drop(serving);
        Ok(match ended {
            Ok(_) => EndedSessions::Done,
            Err(error) => {
                tracing::error!(error = %chain(&error), "ended by an administrator, but not on disk");
                EndedSessions::NotStored
            }
        })
    }
}
