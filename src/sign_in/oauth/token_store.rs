//! Home Assistant's tokens of the sessions that live: kept in memory, given back when the session is over.
//!
//! The tokens are revoked as soon as their session has ended, whichever way: signed out, expired, revoked by the
//! operator, or replaced by a new sign-in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

#[cfg(feature = "redis-store")]
use super::orphaned::{OrphanedSessions, WORD, name};
use super::revoked_tokens::Seen;
use super::watched::WatchedSession;
use crate::clock::Timestamp;
use crate::home_assistant::api::{Api, Granted, LoginConnection, Tokens};
use crate::home_assistant::{Condition, HomeAssistant};
use crate::session::{RevokeError, Session, SessionDigest, Sessions};
use crate::telemetry::Telemetry;

/// The tokens of all sessions that were made over Home Assistant's page since the process began.
#[derive(Debug)]
pub struct TokenStore {
    held: Mutex<Vec<Held>>,
    seen: Seen,
    #[cfg(feature = "redis-store")]
    orphaned: OrphanedSessions,
    watched: UnboundedSender<(WatchedSession, LoginConnection)>,
    coming: Mutex<Option<UnboundedReceiver<(WatchedSession, LoginConnection)>>>,
}

impl Default for TokenStore {
    fn default() -> Self {
        // As many as there are sessions, which have their own bound.
        let (watched, coming) = mpsc::unbounded_channel();
        Self {
            held: Mutex::default(),
            seen: Seen::default(),
            #[cfg(feature = "redis-store")]
            orphaned: OrphanedSessions::default(),
            watched,
            coming: Mutex::new(Some(coming)),
        }
    }
}

#[derive(Debug)]
struct Held {
    session: Arc<Session>,
    tokens: Tokens,
    api: Arc<Api>,
    client: IpAddr,
    /// Without its WebSocket nothing tells when it is ended there, so it ends with this process.
    is_followed: bool,
}

impl TokenStore {
    /// Keeps the tokens of a session for as long as it lives.
    pub(super) fn keep(&self, session: Arc<Session>, granted: Granted, home: &HomeAssistant, client: IpAddr) {
        let Some(api) = home.api().cloned() else { return };
        if home.api_alone().is_some() {
            let line = WatchedSession {
                session: Arc::clone(&session),
                tokens: granted.tokens.clone(),
                api: Arc::clone(&api),
                client,
            };
            // Sending fails only when the process ends, and with it ends the session anyway.
            let _gone = self.watched.send((line, granted.line));
        }
        let is_followed = home.api_alone().is_some();
        self.lock().push(Held { session, tokens: granted.tokens, api, client, is_followed });
    }

    /// Follows the sign-ins of a home whose files cannot be read, each over its WebSocket, until `stop`.
    pub async fn follow(self: Arc<Self>, sessions: Arc<Sessions>, telemetry: Telemetry, stop: CancellationToken) {
        // One receiver, and so one follower; a second call finds none.
        let Some(mut coming) = self.coming.lock().take() else { return };
        let mut following = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some((watched, line)) = coming.recv() => {
                    following.spawn(watched.until_over(line, Arc::clone(&sessions), telemetry.clone()));
                }
                // Taken off when they have ended: otherwise the set would grow with every sign-in.
                Some(_) = following.join_next() => {}
            }
        }
    }

    /// Gives tokens back when their session is over, until `stop`.
    pub async fn run(self: Arc<Self>, sessions: Arc<Sessions>, stop: CancellationToken) {
        let mut notifier = sessions.subscribe();
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return self.revoke_watched(&sessions).await,
                _ = notifier.changed() => {}
                _ = ticks.tick() => {}
            }
            // Taken out under the lock and given back after it: revoking waits for Home Assistant.
            for held in self.over(&sessions) {
                // A task of its own: Home Assistant may be slow, and the next session must not wait for it.
                tokio::spawn(async move { held.api.give_back(&held.tokens, held.client).await });
            }
        }
    }

    /// The sessions that only this process can follow end with it, and give their tokens back as far as Home Assistant
    /// answers in time.
    async fn revoke_watched(&self, sessions: &Sessions) {
        let watched: Vec<Held> = self.lock().extract_if(.., |held| held.is_followed).collect();
        let digests: Vec<_> = watched.iter().map(|held| held.session.digest()).collect();
        let ending = sessions.end_where(|session| digests.contains(&session.digest()));
        let mut giving = JoinSet::new();
        for held in watched {
            giving.spawn(async move { held.api.revoke(&held.tokens, held.client).await });
        }
        let all = async { while giving.join_next().await.is_some() {} };
        // Side by side and bounded: a Home Assistant that hangs must not hold up the end of the process.
        let _in_time = tokio::time::timeout(LAST_MOMENT, async { tokio::join!(ending, all) }).await;
    }

    /// Ends the sessions that this process cannot follow: where the API is all there is, those that an earlier process
    /// made over Home Assistant's page. Of those that other proxies may follow [`Self::end_orphaned`] knows.
    pub async fn end_unwatched(
        &self,
        home: &HomeAssistant,
        sessions: &Sessions,
    ) -> Result<Vec<Arc<Session>>, RevokeError> {
        if home.api_alone().is_none() || sessions.is_shared() {
            return Ok(Vec::new());
        }
        let watched = self.watched_here();
        sessions.end_where(|session| head_made_there(session).is_some_and(|head| !watched.contains(&head))).await
    }

    /// Tells the other proxies of a store which sessions are followed here, and ends those known here that nobody
    /// follows.
    #[cfg(feature = "redis-store")]
    pub async fn end_orphaned(
        &self,
        home: &HomeAssistant,
        sessions: &Sessions,
        now: Timestamp,
    ) -> Result<Vec<Arc<Session>>, RevokeError> {
        let Some(shared_kv) = sessions.shared_kv().filter(|_| home.api_alone().is_some()) else {
            return Ok(Vec::new());
        };
        let here = self.watched_here();
        let names: Vec<_> = here.iter().map(|head| name(*head)).collect();
        let mut heads: Vec<_> =
            sessions.which(|_| true).iter().filter_map(|session| head_made_there(session)).collect();
        heads.sort_unstable();
        // Sessions that were handed over have the head of the one that they came from: it is asked about once.
        heads.dedup();
        heads.retain(|head| !here.contains(head));
        let asked: Vec<_> = heads.iter().map(|head| name(*head)).collect();
        // While the store is away that cannot be told: known sessions go on for as long as an outage may last.
        if shared_kv.write(&names, b"", WORD).await.is_err() {
            return Ok(Vec::new());
        }
        let Ok(said) = shared_kv.read(&asked).await else { return Ok(Vec::new()) };
        let looked: Vec<_> = heads.into_iter().zip(said.iter().map(Option::is_some)).collect();
        let gone = self.orphaned.look(&looked, now);
        sessions.end_where(|session| head_made_there(session).is_some_and(|head| gone.contains(&head))).await
    }

    /// Ends the sessions whose refresh token Home Assistant has revoked, by its auth file.
    pub async fn end_revoked(
        &self,
        home: &HomeAssistant,
        sessions: &Sessions,
        now: Timestamp,
    ) -> Result<Vec<Arc<Session>>, RevokeError> {
        // The API tells of no refresh tokens: there each session has a WebSocket of its own, which says when it is
        // over.
        let snapshot = home.snapshot().filter(|_| home.api_alone().is_none());
        let Some(snapshot) = snapshot else { return Ok(Vec::new()) };
        let is_current = matches!(home.status().condition, Condition::Good { .. });
        let mut look = self.seen.look(snapshot.auth(), is_current, now);
        let ends = |session: &Session| {
            // A session that took the place of another one is older than its token.
            let made = session.authenticated().unwrap_or(session.created());
            session.refresh_token().is_some_and(|id| look.is_revoked(id, session.user(), made))
        };
        let ended = sessions.end_where(ends).await;
        self.seen.keep(look);
        ended
    }

    /// The sessions whose WebSocket is here.
    fn watched_here(&self) -> Vec<SessionDigest> {
        self.lock().iter().filter(|held| held.is_followed).map(|held| held.session.digest()).collect()
    }

    fn over(&self, sessions: &Sessions) -> Vec<Held> {
        self.lock().extract_if(.., |held| sessions.is_over(&held.session)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock()
    }
}

/// The session that Home Assistant's page made: this one, or the one that it was handed over by.
fn head_made_there(session: &Session) -> Option<SessionDigest> {
    session.refresh_token().map(|_| session.parent().unwrap_or(session.digest()))
}

/// Nothing notifies of sessions that expire, so they are looked for.
const LOOK: Duration = Duration::from_secs(5);

/// How long revoking may take at the end of the process.
const LAST_MOMENT: Duration = Duration::from_secs(3);
