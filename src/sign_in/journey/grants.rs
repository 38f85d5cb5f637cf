//! Home Assistant's tokens of the sessions that live: kept in memory, given back when the session is over.
//!
//! In come a session and its tokens, out goes a revocation as soon as the session has ended, whichever way: signed out,
//! expired, revoked by the operator, replaced by a new sign-in.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::revoked_there::Seen;
use crate::clock::Timestamp;
use crate::home_assistant::api::{Api, Granted, Tokens};
use crate::home_assistant::{Condition, HomeAssistant};
use crate::session::{RevokeError, Session, Sessions};

/// The tokens of all sessions that were made over Home Assistant's page since the process began.
#[derive(Debug, Default)]
pub struct Grants {
    held: Mutex<Vec<Held>>,
    seen: Seen,
}

#[derive(Debug)]
struct Held {
    session: Arc<Session>,
    tokens: Tokens,
    api: Arc<Api>,
    client: IpAddr,
}

impl Grants {
    /// Keeps the tokens of a session for as long as it lives.
    pub(super) fn keep(&self, session: Arc<Session>, granted: Granted, api: Arc<Api>, client: IpAddr) {
        self.lock().push(Held { session, tokens: granted.tokens, api, client });
    }

    /// Gives tokens back when their session is over, until `stop`.
    pub async fn run(self: Arc<Self>, sessions: Arc<Sessions>, stop: CancellationToken) {
        let mut bell = sessions.subscribe();
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = bell.changed() => {}
                _ = ticks.tick() => {}
            }
            for held in self.over(&sessions) {
                // A task of its own: Home Assistant may be slow, and the next session must not wait for it.
                tokio::spawn(async move { held.api.give_back(&held.tokens, held.client).await });
            }
        }
    }

    /// Ends the sessions whose refresh token Home Assistant has revoked, by its auth file.
    pub async fn end_revoked(
        &self,
        home: &HomeAssistant,
        sessions: &Sessions,
        now: Timestamp,
    ) -> Result<Vec<Arc<Session>>, RevokeError> {
        let Some(snapshot) = home.snapshot() else { return Ok(Vec::new()) };
        let is_current = matches!(home.status().condition, Condition::Good { .. });
        let mut look = self.seen.look(snapshot.auth(), is_current, now);
        let ends = |session: &Session| {
            session.refresh_token().is_some_and(|id| look.is_revoked(id, session.user(), session.created()))
        };
        let ended = sessions.end_where(ends).await;
        self.seen.keep(look);
        ended
    }

    fn over(&self, sessions: &Sessions) -> Vec<Held> {
        self.lock().extract_if(.., |held| !sessions.is_live(&held.session)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What expires rings no bell.
const LOOK: Duration = Duration::from_secs(5);
