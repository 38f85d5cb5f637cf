//! The link that ends a session: who opens it is asked, and only the answer ends anything, so that a program that looks
//! at links does not. It needs no session: the link is the proof.

use crate::authorization::{Act, judge_own_will};
use crate::clock::Clock;
use crate::http::{Parts, Sanitized};
use crate::pages::{self, NotMe, Page, PageContext};
use crate::presence::NotMeLinks;
use crate::refusal::Reason;
use crate::session::{EndedBy, RevokeError, Sessions};
use crate::telemetry::{AuditEvent, Revoked, Telemetry, chain};

use super::form::Form;

/// What the flow works with.
pub struct NotMeFlow<'a> {
    /// Language and look of its pages.
    pub context: &'a PageContext,
    /// What links are judged by.
    pub links: &'a NotMeLinks,
    /// Where the session is.
    pub sessions: &'a Sessions,
    /// The time of day.
    pub clock: &'a Clock,
    /// Where it is written down.
    pub telemetry: &'a Telemetry,
}

impl NotMeFlow<'_> {
    /// The page of the link. It changes nothing.
    pub fn ask(&self, request: &Sanitized) -> Page {
        let query = request.query().unwrap_or_default();
        let mut tokens = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "token");
        let token = tokens.next().map(|(_, token)| token).filter(|_| tokens.next().is_none());
        match token.filter(|token| self.links.read(token, self.clock.now()).is_some()) {
            Some(token) => pages::not_me(NotMe::Ask(&token), self.context),
            None => pages::not_me(NotMe::NotGood, self.context),
        }
    }

    /// The answer of whoever has opened it.
    pub async fn post(&self, request: Sanitized) -> Result<Page, Reason> {
        judge_own_will(request.provenance(), Act::Change).into_result()?;
        let Parts { headers, body, serving, .. } = request.into_parts();
        let form = Form::read(&headers, body).await?;
        let page = match self.links.read(&form.token, self.clock.now()) {
            Some(token) => self.end(token.session).await,
            None => pages::not_me(NotMe::NotGood, self.context),
        };
        // Held until here: ending waits for the store, and the connection must not count as idle meanwhile.
        drop(serving);
        Ok(page)
    }

    async fn end(&self, session: crate::session::SessionId) -> Page {
        // With all that were handed over from it. One that has ended is unknown, so that a link works once.
        let ended = self.sessions.revoke_by(session, EndedBy::User).await;
        let count = match &ended {
            Ok(ended) | Err(RevokeError::NotOnDisk { ended, .. }) => ended.len(),
            Err(RevokeError::Unknown) => return pages::not_me(NotMe::NotGood, self.context),
        };
        let id = session.to_string();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count, by: "not_me" });
        match ended {
            Ok(_) => pages::not_me(NotMe::Ended, self.context),
            Err(error) => {
                tracing::error!(error = %chain(&error), session = id, "ended by its user, but not on disk");
                pages::not_me(NotMe::NotStored, self.context)
            }
        }
    }
}
