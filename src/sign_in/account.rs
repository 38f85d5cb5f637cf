//! A user's own account: where they are signed in, and the form that ends those sessions.
//!
//! Nobody sees or ends another user's session here, whatever a form says, and a session that is bound to one add-on
//! opens nothing of this.

use std::sync::Arc;

use http::StatusCode;

use super::form::Form;
use super::form_token::FormToken;
use crate::authorization::{Act, judge_own_will};
use crate::clock::Clock;
use crate::connection::EntryPoint;
use crate::http::{Parts, Sanitized};
use crate::identity::User;
use crate::pages::{self, AccountKind, AccountNotice, AccountPage, OwnSession, Page, PageContext};
use crate::refusal::Reason;
use crate::session::{EndedBy, MadeBy, RevokeError, Session, SessionId, Sessions, Summary};
use crate::telemetry::{AuditEvent, Revoked, Telemetry, chain};

/// Where the page is.
const ACCOUNT: &str = "/.vestibule/account";

/// What the page and its form work with.
pub struct AccountFlow<'a> {
    /// Language and look.
    pub context: &'a PageContext,
    /// Whose account it is.
    pub user: &'a User,
    /// The session that they look from.
    pub session: &'a Arc<Session>,
    /// Where all sessions are.
    pub sessions: &'a Sessions,
    /// The time of day.
    pub clock: &'a Clock,
    /// Where it is written down that one has ended.
    pub telemetry: &'a Telemetry,
    /// The titles of the add-ons that they may open.
    pub addons: Vec<&'a str>,
    /// The title of an add-on, by its slug.
    pub title_of: &'a (dyn Fn(&str) -> String + Sync),
}

impl AccountFlow<'_> {
    /// The page.
    pub async fn page(&self, request: &Sanitized) -> Page {
        let notice = match request.query() {
            Some("ended=one") => Some(AccountNotice::EndedOne),
            Some("ended=others") => Some(AccountNotice::EndedOthers),
            _ => None,
        };
        self.show(StatusCode::OK, notice).await
    }

    /// The answer to a posted form.
    pub async fn post(&self, request: Sanitized) -> Result<Page, Reason> {
        judge_own_will(request.provenance(), Act::Change).into_result()?;
        let Parts { headers, body, serving, .. } = request.into_parts();
        let form = Form::read(&headers, body).await?;
        let refused = |status, notice| self.show(status, Some(notice));
        if !FormToken::of_account(self.session).is(&form.csrf) {
            return Ok(refused(StatusCode::FORBIDDEN, AccountNotice::OldPage).await);
        }
        let ended = if form.session == OTHERS {
            self.end_others().await.map(|()| "others")
        } else {
            self.end_one(&form.session).await.map(|()| "one")
        };
        let page = match ended {
            Ok(which) => pages::see_other(&format!("{ACCOUNT}?ended={which}")),
            Err(RevokeError::Unknown) => refused(StatusCode::NOT_FOUND, AccountNotice::Unknown).await,
            Err(error @ RevokeError::NotOnDisk { .. }) => {
                tracing::error!(error = %chain(&error), "ended by its user, but not on disk");
                refused(StatusCode::SERVICE_UNAVAILABLE, AccountNotice::NotStored).await
            }
        };
        // Held until here: ending waits for the store, and the connection must not count as idle meanwhile.
        drop(serving);
        Ok(page)
    }

    async fn end_one(&self, id: &str) -> Result<(), RevokeError> {
        let id: SessionId = id.parse().map_err(|_| RevokeError::Unknown)?;
        if !self.mine().await.iter().any(|summary| summary.id == id) {
            return Err(RevokeError::Unknown);
        }
        self.end(id).await
    }

    async fn end_others(&self) -> Result<(), RevokeError> {
        for summary in self.mine().await.iter().filter(|summary| summary.id != self.session.id()) {
            // One that went with its parent just now is as good as ended.
            match self.end(summary.id).await {
                Ok(()) | Err(RevokeError::Unknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn end(&self, id: SessionId) -> Result<(), RevokeError> {
        let ended = self.sessions.revoke_by(id, EndedBy::User).await;
        let count = match &ended {
            Ok(ended) | Err(RevokeError::NotOnDisk { ended, .. }) => ended.len(),
            Err(RevokeError::Unknown) => 0,
        };
        let (id, count) = (id.to_string(), u64::try_from(count).unwrap_or_default());
        self.telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count, by: "account" });
        ended.map(drop)
    }

    /// The user's sessions at our own pages and add-ons, the newest first; those that were made from this one are a
    /// part of it.
    async fn mine(&self) -> Vec<Summary> {
        // What other proxies have made is shown too; if they cannot be asked, what is known here.
        if let Err(error) = self.sessions.gather().await {
            tracing::warn!(error = %chain(&error), "the sessions of other proxies are not in a user's list");
        }
        let part_of_this = self.sessions.which(|session| session.parent() == Some(self.session.digest()));
        let is_part = |id: SessionId| part_of_this.iter().any(|session| session.id() == id);
        let mut mine = self.sessions.list();
        mine.retain(|one| one.user == self.user.id && one.made_by.entry_point() == EntryPoint::Browsers);
        mine.retain(|one| !is_part(one.id));
        mine.sort_by_key(|one| (one.id != self.session.id(), std::cmp::Reverse(one.last_seen)));
        mine
    }

    async fn show(&self, status: StatusCode, notice: Option<AccountNotice>) -> Page {
        let token = FormToken::of_account(self.session);
        let mine = self.mine().await;
        let user = self.user;
        let page = AccountPage {
            context: self.context,
            csrf: token.as_str(),
            notice,
            name: user.name.as_deref(),
            username: user.username(),
            kind_of_account: match (user.is_owner, user.is_admin()) {
                (true, _) => AccountKind::Owner,
                (false, true) => AccountKind::Administrator,
                (false, false) => AccountKind::User,
            },
            is_local_only: user.local_only,
            has_second_factor: user.has_mfa,
            groups: user.group_names.iter().map(|name| &**name).collect(),
            addons: &self.addons,
            has_more: mine.len() > MOST,
            sessions: mine.iter().take(MOST).map(|one| self.own_session(one)).collect(),
        };
        pages::account(status, &page)
    }

    fn own_session(&self, one: &Summary) -> OwnSession {
        let now = self.clock.now();
        let (program, system) = one.user_agent.program_and_system();
        OwnSession {
            id: one.id.to_string(),
            program,
            system,
            address: one.address,
            made: now.saturating_since(one.created),
            seen: now.saturating_since(one.last_seen),
            ends: one.ends.saturating_since(now),
            addon: one.addon.as_ref().map(|slug| (self.title_of)(slug.as_str())),
            is_this: one.id == self.session.id(),
            is_remembered: one.remembered,
            is_by_operator: one.made_by == MadeBy::CommandLine,
        }
    }
}

/// What the form says of all other sessions.
const OTHERS: &str = "others";

/// Sessions that are shown.
const MOST: usize = 100;
