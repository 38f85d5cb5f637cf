//! Remembered sessions: what their second secret says when it is shown, and how it is replaced (see `rotation`).
//!
//! No other session comes here. A change is kept by the store before anybody is told of it: in a file after it is in
//! memory, which is the truth, and in a store that several proxies share before.

use std::sync::Arc;
use std::time::Duration;

use super::live::Session;
use super::recently_ended::EndedBy;
use super::rotation::{Carrier, Rotation, Shown};
use super::sessions::Sessions;
use super::store::Store;
use super::token::{SessionDigest, SessionToken};
use crate::refusal::Reason;
use crate::telemetry::{AuditEvent, Telemetry, chain};

/// Whether a session is the one that this whole token stands for: a remembered one has a second secret, and all others
/// have none. Gives the secret that has to be looked at again.
pub(super) fn judge(session: &Session, token: &SessionToken) -> Result<Option<SessionDigest>, Reason> {
    match (session.rotation(), token.rotating_digest()) {
        (None, None) => Ok(None),
        // It was seen a moment ago, by being found: that is now.
        (Some(rotation), Some(secret)) => {
            let is_good = rotation.shown(secret, session.last_seen()) == Shown::Good;
            Ok((!is_good).then_some(secret))
        }
        (Some(_), None) | (None, Some(_)) => Err(Reason::SessionEnded),
    }
}

impl Sessions {
    /// Where the operator is told that a secret was shown again that had been replaced.
    pub fn report_to(&self, telemetry: Telemetry) {
        // Set once, at the start; whoever comes later changes nothing.
        let _first = self.telemetry.set(telemetry);
    }

    /// Judges a second secret that is not simply good (see [`judge`]).
    pub(super) async fn judge_anew(
        &self,
        session: Arc<Session>,
        secret: SessionDigest,
    ) -> Result<Arc<Session>, Reason> {
        let now = self.clock.now();
        let shown =
            |session: &Session| session.rotation().map_or(Shown::Reused, |rotation| rotation.shown(secret, now));
        // Another proxy may have offered what is not known here, or replaced what is.
        if let Err(away) = self.store.refresh(&session).await {
            // What was given out here is good, and replaces the old one when the store is there again.
            return if shown(&session) == Shown::Reused { Err(away.into()) } else { Ok(session) };
        }
        if session.ended() {
            return Err(Reason::SessionEnded);
        }
        match shown(&session) {
            Shown::Good => Ok(session),
            Shown::Replaces => {
                // Where the store does not take it now, the old secret stays good and the next request tries again.
                let kept = self
                    .change(&session, |rotation| {
                        (rotation.shown(secret, now) == Shown::Replaces).then(|| rotation.replaced_by(secret, now))
                    })
                    .await;
                tracing::debug!(session = %session.id(), kept, "the secret of a remembered session was replaced");
                // The store may have answered that it is over.
                if session.ended() { Err(Reason::SessionEnded) } else { Ok(session) }
            }
            Shown::Reused => Err(self.end_reused(&session).await),
        }
    }

    /// Two have the cookie, and nobody can tell whose it is: neither may go on with it.
    async fn end_reused(&self, session: &Arc<Session>) -> Reason {
        if let Err(error) = self.end_family(session, EndedBy::TokenReused).await {
            tracing::error!(error = %chain(&error), session = %session.id(), "the session has ended, but not on disk");
        }
        if let Some(telemetry) = self.telemetry.get() {
            let (id, device) = (session.id().to_string(), session.user_agent().device());
            telemetry.audit.write(&AuditEvent::TokenReused {
                user: session.user().as_str(),
                session: &id,
                device: &device,
                address: session.address(),
            });
        }
        Reason::TokenReused
    }

    /// A new token for a remembered session, when the answer to a request that shows this one is to carry it; and how
    /// long a browser is to keep it.
    pub async fn renew(
        &self,
        session: &Arc<Session>,
        token: &SessionToken,
        carrier: Carrier,
    ) -> Option<(SessionToken, Duration)> {
        let (now, shown) = (self.clock.now(), token.rotating_digest()?);
        if !session.rotation()?.is_due(shown, carrier, now) {
            return None;
        }
        let renewed = token.with_new_secret();
        let secret = renewed.rotating_digest()?;
        let offered = self
            .change(session, |rotation| rotation.is_due(shown, carrier, now).then(|| rotation.offering(secret, now)))
            .await;
        // What the store did not take must not be given out: after a crash nobody would know it.
        offered.then(|| self.keep_for(session).map(|time| (renewed, time))).flatten()
    }

    /// How long a browser is to keep the cookie of a session: until no request could prolong it any more. Nothing for
    /// one that is not remembered, whose cookie goes with the browser.
    ///
    /// The idle limit is kept by us alone. A page that stays open prolongs the session without any answer that could
    /// prolong the cookie.
    pub fn keep_for(&self, session: &Session) -> Option<Duration> {
        session.rotation()?;
        let (limits, now) = (self.lifetimes(), self.clock.now());
        let last = |session: &Session| session.last_end(limits);
        let parent = session.parent().and_then(|parent| self.table.get(&parent));
        let end = parent.map_or(last(session), |parent| last(session).min(last(&parent)));
        Some(end.saturating_since(now))
    }

    /// Makes a change, if there is one to make, and says whether it is kept; it is not made where another one was
    /// quicker.
    async fn change(&self, session: &Arc<Session>, change: impl FnOnce(&Rotation) -> Option<Rotation>) -> bool {
        let Some(before) = session.rotation() else { return false };
        let Some(next) = change(&before) else { return false };
        match &self.store {
            Store::Memory | Store::File(_) => {
                session.rotate(&before, next) && self.store.save(vec![session.digest()]).await.is_ok()
            }
            #[cfg(feature = "redis-store")]
            Store::Shared(store) => store.change(session, next).await.is_ok_and(|kept| kept),
        }
    }
}
