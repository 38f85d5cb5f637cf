//! What the sessions' stage asks of the store.
//!
//! Answers for a digest with a session, with an end that all nodes know of, or with [`StoreAway`] within the time that
//! the configuration gives. A session that is known here never comes this way.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, timeout};

use super::AT_ONCE;
use super::cache::SessionCache;
use super::entry::Seal;
use super::error::SharedError;
use super::keys::{read, scan};
use super::scripts::{Names, Stored, Storing};
use crate::clock::{Clock, Timestamp};
use crate::config::RedisStore;
use crate::entropy;
use crate::session::lifetime::SessionState;
use crate::session::limits::CurrentLimits;
use crate::session::live::Session;
use crate::session::record::{Foreign, Record};
use crate::session::rotation::Rotation;
use crate::session::store_error::{Health, StoreAway, StoreError};
use crate::session::table::Table;
use crate::session::token::SessionDigest;

/// The store that several proxies share, as one of them sees it.
#[derive(Debug)]
pub(in crate::session) struct SharedStore {
    pub(super) settings: RedisStore,
    pub(super) names: Names,
    pub(super) seal: Seal,
    pub(super) cache: Arc<SessionCache>,
    pub(super) condition: ArcSwap<Condition>,
    /// When it went away, in milliseconds of [`Self::uptime`]; 0 while it is there. Asked for every request.
    pub(super) away_since: AtomicU64,
    pub(super) was_there: AtomicBool,
    pub(super) started: Instant,
    /// Notified when there is something to say to Redis.
    pub(super) nudge: Notify,
    /// What this process is called there.
    pub(super) node: String,
    /// Sessions that were seen and whose sighting is due.
    due: Mutex<HashSet<SessionDigest>>,
    /// Questions at the same time: a client that makes up tokens meets this limit and not Redis.
    places: Semaphore,
}

/// Whether there is a connection.
pub(super) enum Condition {
    Connected(MultiplexedConnection),
    Away { since: Timestamp, why: Arc<SharedError> },
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connected(_) => f.write_str("Connected"),
            Self::Away { since, why } => f.debug_struct("Away").field("since", since).field("why", why).finish(),
        }
    }
}

impl SharedStore {
    /// A store that is away until [`Self::run`] has reached it.
    pub(in crate::session) fn new(
        settings: &RedisStore,
        table: Arc<Table>,
        notifier: watch::Sender<u64>,
        clock: Clock,
        limits: CurrentLimits,
    ) -> Self {
        let since = clock.now();
        Self {
            names: Names::new(&settings.prefix),
            seal: Seal::new(settings.key.as_ref()),
            settings: settings.clone(),
            cache: Arc::new(SessionCache::new(table, notifier, clock, limits)),
            condition: ArcSwap::from_pointee(Condition::Away { since, why: Arc::new(SharedError::NotYet) }),
            // Not 0, which says that it is there: nobody has reached it yet.
            away_since: AtomicU64::new(1),
            was_there: AtomicBool::new(false),
            started: Instant::now(),
            nudge: Notify::new(),
            // Random, since nothing in the configuration that the nodes share would tell them apart.
            node: u64::from_be_bytes(entropy::random()).to_string(),
            due: Mutex::default(),
            places: Semaphore::new(QUESTIONS),
        }
    }

    /// Whether sessions that are known here still count, although Redis may be away.
    pub(in crate::session) fn may_go_on(&self) -> Result<(), StoreAway> {
        let since = self.away_since.load(Ordering::Acquire);
        let outage = || Duration::from_millis(self.uptime().saturating_sub(since));
        // While Redis is away no end that another node made is heard of here. So what is known goes on, but not for
        // longer than the operator lets a revoked session live on.
        if since == 0 || outage() < self.cache.limits().max_outage { Ok(()) } else { Err(StoreAway) }
    }

    pub(in crate::session) fn health(&self) -> Health {
        match &**self.condition.load() {
            Condition::Connected(_) => Health::Durable,
            Condition::Away { since, why } => {
                let (since, why) = (*since, Arc::new(StoreError::Shared(Arc::clone(why))));
                // Before the first connection no session is known here, so there is nothing that could be served.
                let serves = self.was_there.load(Ordering::Acquire) && self.may_go_on().is_ok();
                if serves { Health::Degraded { since, why } } else { Health::Away { since, why } }
            }
        }
    }

    /// Has the other nodes told that a session was seen, once in a while.
    pub(in crate::session) fn seen(&self, session: &Session, now: Timestamp) {
        // Relaxed: a sighting that is lost here is found when everything is compared after the outage.
        let connected = self.away_since.load(Ordering::Relaxed) == 0;
        // Not every sighting: each request would be a write to Redis.
        if connected && session.stored_seen().saturating_add(self.propagation()) <= now {
            self.due.lock().insert(session.digest());
            self.nudge.notify_one();
        }
    }

    pub(super) fn take_due(&self) -> Vec<SessionDigest> {
        self.due.lock().drain().collect()
    }

    pub(super) fn connection(&self) -> Result<MultiplexedConnection, Arc<SharedError>> {
        match &**self.condition.load() {
            Condition::Connected(connection) => Ok(connection.clone()),
            Condition::Away { why, .. } => Err(Arc::clone(why)),
        }
    }

    /// Asks for a session that this node does not know, or knows to be over. What is over for Redis as well is ended
    /// for good, unless another node has just seen it.
    pub(in crate::session) async fn ask(&self, digest: SessionDigest) -> Result<Option<Arc<Session>>, StoreAway> {
        // Known to have ended, even when Redis could not be told yet.
        if self.cache.ended.contains(&digest) {
            return Ok(None);
        }
        // Noted before the question is asked. If the connection breaks meanwhile, an end may have been missed, and then
        // the answer is not believed.
        let generation = self.cache.generation();
        let mut connection = self.connection().map_err(|_| StoreAway)?;
        // Anybody can make up tokens, and each unknown one is a question. Past this many at a time strangers get "away"
        // and Redis stays quick for the rest.
        let _place = self.place()?;
        let entries = read(&mut connection, &[self.names.session(digest)]).await;
        let entry = entries.map_err(|why| self.failed(&why))?.pop().flatten();
        let record = entry.as_deref().and_then(|entry| self.seal.open(digest, entry).ok());
        // Missing, ended, or not sealed by us: none of them is a session.
        let (Some(entry), Some(record)) = (entry, record) else {
            self.cache.forget(digest);
            return Ok(None);
        };
        // The end may have come while we read. "Away" and not "ended": which of the two is true, the next request finds
        // out.
        let Some(session) = self.cache.adopt(digest, &record, generation) else { return Err(StoreAway) };
        if self.cache.state(&session) != SessionState::Expired {
            return Ok(Some(session));
        }
        self.finish(&mut connection, &session, &entry).await.map_err(|why| self.failed(&why))?;
        Ok(None)
    }

    /// A place among the questions of this moment, for what strangers can ask.
    pub(super) fn place(&self) -> Result<SemaphorePermit<'_>, StoreAway> {
        // Without waiting: a queue would fill with strangers and make everybody in it wait for them.
        self.places.try_acquire().map_err(|_| StoreAway)
    }

    /// Makes a session for all nodes. It counts here once Redis has it.
    pub(in crate::session) async fn make(&self, session: &Arc<Session>) -> Result<(), StoreAway> {
        let mut connection = self.connection().map_err(|_| StoreAway)?;
        let answer = self.storing(session, Storing::Create).query_async(&mut connection).await.map_err(SharedError::of);
        match answer.map(Stored::of) {
            Ok(Stored::Kept) => {
                // After Redis has it and not before: a session that only this node knew would not count where the next
                // request may go.
                self.cache.table.insert(Arc::clone(session));
                Ok(())
            }
            // No answer for a token that was made a moment ago. Whatever stands there, this session must not count.
            Ok(Stored::Gone | Stored::Ended | Stored::Newer) => Err(StoreAway),
            Err(why) => {
                // It may be there all the same. No browser has its token, and it must not show in a list.
                self.cache.ended.note(session.digest(), self.cache.longest());
                Err(self.failed(&why))
            }
        }
    }

    /// Gives a session other secrets on all nodes, and says whether it did: not where another node was quicker.
    pub(in crate::session) async fn change(&self, session: &Session, next: Rotation) -> Result<bool, StoreAway> {
        let mut connection = self.connection().map_err(|_| StoreAway)?;
        let record = Record { rotation: Some(next), ..session.record() };
        let command = self.storing_record(session, &record, Storing::Change);
        match command.query_async(&mut connection).await.map_err(SharedError::of).map(Stored::of) {
            Ok(Stored::Kept) => {
                // After Redis has it: a secret that only this node knew would end the session elsewhere.
                session.take_over(&record);
                Ok(true)
            }
            Ok(Stored::Newer) => Ok(false),
            Ok(Stored::Gone | Stored::Ended) => {
                self.cache.forget(session.digest());
                Ok(false)
            }
            Err(why) => Err(self.failed(&why)),
        }
    }

    /// Reads what other nodes have changed of a session that is known here.
    pub(in crate::session) async fn refresh(&self, session: &Session) -> Result<(), StoreAway> {
        let mut connection = self.connection().map_err(|_| StoreAway)?;
        let _place = self.place()?;
        let digest = session.digest();
        let entries = read(&mut connection, &[self.names.session(digest)]).await;
        let entry = entries.map_err(|why| self.failed(&why))?.pop().flatten();
        match entry.as_deref().and_then(|entry| self.seal.open(digest, entry).ok()) {
            Some(record) => session.take_over(&record),
            // Missing, ended, or not sealed by us.
            None => self.cache.forget(digest),
        }
        Ok(())
    }

    /// Ends sessions for all nodes. What Redis cannot be told now it is told as soon as it is there again.
    pub(in crate::session) async fn end(&self, digests: &[SessionDigest]) -> Result<(), Arc<SharedError>> {
        for digest in digests {
            // Noted before Redis is asked at all, so that whatever fails from here on is told again by the next flush.
            self.cache.ended.note(*digest, self.cache.longest());
        }
        let mut connection = self.connection()?;
        // Even with nothing new to say: what an earlier attempt could not say is said now, or the error repeated.
        timeout(PATIENCE, self.flush(&mut connection)).await.unwrap_or(Err(SharedError::Slow)).map_err(|why| {
            let _away = self.failed(&why);
            Arc::new(why)
        })
    }

    /// Reads all sessions of all nodes into this one's memory, and gives the entries that it does not understand.
    pub(in crate::session) async fn gather(&self) -> Result<Vec<(SessionDigest, Foreign)>, Arc<SharedError>> {
        let connection = self.connection()?;
        let gathering = timeout(PATIENCE, self.read_all(connection)).await;
        gathering.unwrap_or(Err(SharedError::Slow)).map_err(|why| {
            // For its line in the log and its nudge; the caller gets the error itself.
            let _away = self.failed(&why);
            Arc::new(why)
        })
    }

    async fn read_all(
        &self,
        mut connection: MultiplexedConnection,
    ) -> Result<Vec<(SessionDigest, Foreign)>, SharedError> {
        let generation = self.cache.generation();
        let keys = scan(&mut connection, &self.names.sessions()).await?;
        let mut foreign = Vec::new();
        for keys in keys.chunks(AT_ONCE) {
            for (key, entry) in keys.iter().zip(read(&mut connection, keys).await?) {
                let (Some(digest), Some(entry)) = (self.names.digest(key), entry) else { continue };
                if entry == super::ENDED {
                    self.cache.forget(digest);
                    continue;
                }
                match self.seal.open(digest, &entry) {
                    // Only for the table, which the caller reads afterwards.
                    Ok(record) => drop(self.cache.adopt(digest, &record, generation)),
                    Err(entry) => foreign.push((digest, entry)),
                }
            }
        }
        // A list that was read across two connections may lack what was made in between.
        if self.cache.generation() == generation { Ok(foreign) } else { Err(SharedError::Lost) }
    }

    /// Ends a session that is over by what Redis knows; if that has changed meanwhile, the next one to ask finds out.
    async fn finish(
        &self,
        connection: &mut MultiplexedConnection,
        session: &Session,
        entry: &[u8],
    ) -> Result<(), SharedError> {
        self.cache.forget(session.digest());
        let command = self.ending_if_unchanged(session.digest(), entry);
        command.query_async::<i64>(connection).await.map(drop).map_err(SharedError::of)
    }

    /// A command has failed. Whether Redis is away, the next beat finds out, and that is now.
    pub(super) fn failed(&self, why: &SharedError) -> StoreAway {
        tracing::debug!(error = %crate::telemetry::chain(why), "a question to the session store failed");
        self.nudge.notify_one();
        StoreAway
    }
}

/// Questions about unknown tokens at the same time.
const QUESTIONS: usize = 256;

/// How long a person waits for what needs more than one question.
const PATIENCE: Duration = Duration::from_secs(10);
