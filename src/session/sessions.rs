//! All sessions of this proxy.
//!
//! Finds the live session of a token, and makes a session with a new token for a user who has just signed in. Looking
//! up never waits; making one waits for the disk, if there is one and it works. A disk that fails never keeps anybody
//! out: the session then lives in memory, [`Sessions::health`] says so, and it is stored as soon as that is possible. A
//! store that several proxies share is another thing: a session that it does not have would not count on the others,
//! and so does not count on this one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use super::file::SessionFile;
use super::file_error::FileError;
use super::ingress_token::IngressToken;
use super::lifetime::{AllLifetimes, SessionState};
use super::limits::CurrentLimits;
use super::live::Session;
use super::recently_ended::{EndedBy, RecentlyEnded};
use super::record::{Foreign, MadeBy, NewSession, Record};
use super::recovery::Notice;
use super::rotation::Rotation;
#[cfg(feature = "redis-store")]
use super::shared::{SealedBlobs, SealedNotes, SharedKv, SharedStore};
use super::store::Store;
use super::store_error::{Health, StoreAway, StoreError};
use super::summary::Summary;
use super::table::Table;
use super::token::{SessionDigest, SessionToken};
use super::writer::Writer;
use crate::clock::{Clock, Timestamp};
use crate::config::SessionStore;
use crate::connection::EntryPoint;
use crate::ids::UserId;
use crate::refusal::Reason;
use crate::telemetry::Telemetry;

/// All sessions of this proxy, in memory and on disk.
#[derive(Debug)]
pub struct Sessions {
    pub(super) table: Arc<Table>,
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// Entries of the file that this version does not understand: never trusted, and revoked with the rest.
    foreign: Mutex<HashMap<SessionDigest, Foreign>>,
    limits: CurrentLimits,
    /// Held while a user's sessions are counted and one is added, so that two sign-ins at once respect the cap.
    making: Mutex<()>,
    pub(super) recently_ended: RecentlyEnded,
    notifier: watch::Sender<u64>,
    pub(super) telemetry: OnceLock<Telemetry>,
}

/// Why there are no sessions at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two proxies on one file would undo each other's revocations, so the second one does not start.
    #[error("cannot use {} as the session file", path.display())]
    File {
        /// The session file.
        path: std::path::PathBuf,
        /// Why it cannot be used.
        #[source]
        why: FileError,
    },
    /// The configuration wants Redis, and this build has none.
    #[error("this vestibule was built without Redis")]
    NoRedis,
}

impl Sessions {
    /// Opens the store and loads what is in it. Blocks for as long as that takes: it is for start-up.
    ///
    /// A damaged or unwritable file does not stop the process from serving; the caller must show every notice to the
    /// operator. Errors are a file that another process has open, and a system that gives us no thread.
    pub fn open(settings: &crate::config::Session, clock: Clock) -> Result<(Arc<Self>, Vec<Notice>), OpenError> {
        let table = Arc::new(Table::default());
        let (notifier, limits) = (watch::Sender::new(0), CurrentLimits::new(settings));
        let (store, foreign, notices) = match &settings.store {
            SessionStore::Memory => (Store::Memory, Vec::new(), Vec::new()),
            SessionStore::File(path) => {
                let file = SessionFile::new(path.clone());
                let (writer, loaded) = Writer::start(file, Arc::clone(&table), clock.clone())
                    .map_err(|why| OpenError::File { path: path.clone(), why })?;
                (Store::File(writer), loaded.foreign, loaded.notices)
            }
            #[cfg(feature = "redis-store")]
            SessionStore::Redis(place) => {
                let (table, notifier, limits) = (Arc::clone(&table), notifier.clone(), limits.clone());
                let store = SharedStore::new(place, table, notifier, clock.clone(), limits);
                (Store::Shared(Arc::new(store)), Vec::new(), Vec::new())
            }
            #[cfg(not(feature = "redis-store"))]
            SessionStore::Redis(_) => return Err(OpenError::NoRedis),
        };
        let sessions = Self {
            table,
            store,
            clock,
            foreign: Mutex::new(foreign.into_iter().collect()),
            limits,
            making: Mutex::new(()),
            recently_ended: RecentlyEnded::default(),
            notifier,
            telemetry: OnceLock::new(),
        };
        Ok((Arc::new(sessions), notices))
    }

    /// The live session that this token stands for, or why there is none. It counts as seen by that. Waits for nothing
    /// when the session is known here.
    pub async fn find(&self, token: &SessionToken) -> Result<Arc<Session>, Reason> {
        let session = self.find_digest(token.digest()).await?;
        match super::remembered::judge(&session, token)? {
            None => Ok(session),
            // Boxed: what few requests need would lie in the future of every one.
            Some(secret) => Box::pin(self.judge_anew(session, secret)).await,
        }
    }

    /// The same without the token: a session that another one is to be made from.
    pub async fn find_digest(&self, digest: SessionDigest) -> Result<Arc<Session>, Reason> {
        self.find_at(EntryPoint::Browsers, digest).await
    }

    /// The same for a token of Home Assistant's entry point.
    pub async fn find_at_home_assistant(&self, token: &IngressToken) -> Result<Arc<Session>, Reason> {
        self.find_at(EntryPoint::HomeAssistant, token.digest()).await
    }

    async fn find_at(&self, entry_point: EntryPoint, digest: SessionDigest) -> Result<Arc<Session>, Reason> {
        if let Some(session) = self.known(entry_point, digest) {
            // Asked although the session is known: after a long outage of a shared store nobody can say what the others
            // have ended.
            self.store.may_go_on()?;
            return Ok(session);
        }
        match &self.store {
            Store::Memory | Store::File(_) => Err(Reason::SessionEnded),
            // Boxed: what few requests need would lie in the future of every one.
            #[cfg(feature = "redis-store")]
            Store::Shared(store) => Box::pin(self.ask(store, entry_point, digest)).await,
        }
    }

    #[cfg(feature = "redis-store")]
    async fn ask(
        &self,
        store: &SharedStore,
        entry_point: EntryPoint,
        digest: SessionDigest,
    ) -> Result<Arc<Session>, Reason> {
        // The entry point is checked again, since the token's form alone does not bind the record that a store gives.
        let session = store.ask(digest).await?.filter(|session| session.entry_point() == entry_point);
        let session = session.ok_or(Reason::SessionEnded)?;
        // A child is adopted by itself, so its parent may be unknown here: it is asked for before the child counts.
        if let Some(parent) = session.parent()
            && !self.table.get(&parent).is_some_and(|parent| self.counts(&parent, self.clock.now()))
            && store.ask(parent).await?.is_none()
        {
            // Its parent ended on a node that did not know of it.
            let ended = self.forget(vec![session], EndedBy::User);
            let digests: Vec<_> = ended.iter().map(|gone| gone.digest()).collect();
            let _said = store.end(&digests).await;
            return Err(Reason::SessionEnded);
        }
        self.touch(&session).then_some(session).ok_or(Reason::SessionEnded)
    }

    /// The live session that this token stands for, if it is known here. It counts as seen by that.
    pub fn look_up(&self, token: &SessionToken) -> Option<Arc<Session>> {
        // The second secret of a remembered one is judged by `find` alone.
        self.known(EntryPoint::Browsers, token.digest()).filter(|session| !session.is_remembered())
    }

    /// A session opens one entry point, and does not count at the other.
    fn known(&self, entry_point: EntryPoint, digest: SessionDigest) -> Option<Arc<Session>> {
        let session = self.table.get(&digest).filter(|session| session.entry_point() == entry_point)?;
        self.touch(&session).then_some(session)
    }

    /// When a session ends unless it is seen before: what holds a stream open for it looks again then, or when
    /// [`Self::subscribe`] notifies.
    pub fn ends(&self, session: &Session) -> Timestamp {
        session.ends(self.lifetimes())
    }

    /// Makes a session with a new token, and returns when it is on disk. If the disk fails it returns all the same: the
    /// session lives in memory, the failure is in the log and in [`Self::health`], and storing it is tried again. Only
    /// a store that several proxies share refuses while it is away: on the others the session would not count.
    ///
    /// The user's oldest sessions give way when there are too many.
    pub async fn create(&self, about: NewSession) -> Result<(SessionToken, Arc<Session>), StoreAway> {
        self.create_since(about, None).await
    }

    /// The same for a session that takes the place of one that was made then: its absolute limit is that one's.
    pub async fn create_since(
        &self,
        about: NewSession,
        since: Option<Timestamp>,
    ) -> Result<(SessionToken, Arc<Session>), StoreAway> {
        let token = if about.remembered { SessionToken::random_remembered() } else { SessionToken::random() };
        let session = self.keep(token.digest(), token.rotating_digest(), about, since).await?;
        Ok((token, session))
    }

    /// The same with a token that its browser has been given before it was known whose it would be.
    pub async fn create_with(&self, token: &SessionToken, about: NewSession) -> Result<Arc<Session>, StoreAway> {
        self.keep(token.digest(), None, about, None).await
    }

    /// The same for Home Assistant's entry point. `password_digest` is the user's now.
    pub async fn create_at_home_assistant(
        &self,
        user: UserId,
        password_digest: Option<[u8; 32]>,
    ) -> Result<(IngressToken, Arc<Session>), StoreAway> {
        let token = IngressToken::random();
        let about = NewSession { password_digest, ..NewSession::new(user, MadeBy::Ingress) };
        let session = self.keep(token.digest(), None, about, None).await?;
        Ok((token, session))
    }

    async fn keep(
        &self,
        digest: SessionDigest,
        secret: Option<SessionDigest>,
        about: NewSession,
        since: Option<Timestamp>,
    ) -> Result<Arc<Session>, StoreAway> {
        let now = self.clock.now();
        let rotation = secret.map(|secret| Rotation::new(secret, now));
        let record = Record { about, created: since.map_or(now, |since| since.min(now)), last_seen: now, rotation };
        let session = Arc::new(Session::new(digest, record));
        #[cfg(feature = "redis-store")]
        if let Store::Shared(store) = &self.store {
            self.create_for_all(store, &session).await?;
            return Ok(session);
        }
        let gone = self.insert(&session);
        let digests = gone.iter().map(|gone| gone.digest()).chain([session.digest()]).collect();
        // The writer has said what failed, and goes on trying.
        let _in_memory = self.store.save(digests).await;
        Ok(session)
    }

    /// Makes a session that holds on all proxies of a store, where its user's sessions are counted.
    #[cfg(feature = "redis-store")]
    async fn create_for_all(&self, store: &SharedStore, session: &Arc<Session>) -> Result<(), StoreAway> {
        // The user's sessions on other nodes count too, or the cap would hold for each node alone.
        store.gather_of(session.user()).await?;
        store.make(session).await?;
        let gone = self.forget(self.surplus(session), EndedBy::Replaced);
        let digests: Vec<_> = gone.iter().map(|gone| gone.digest()).collect();
        // They have ended here, and what is not said now is said when that is possible.
        let _said = store.end(&digests).await;
        Ok(())
    }

    /// Adds a session, and ends those that give way to it.
    fn insert(&self, session: &Arc<Session>) -> Vec<Arc<Session>> {
        // Counted and added under one lock: two sign-ins at once would both find room for one.
        let _one_at_a_time = self.making.lock();
        let gone = self.forget(self.surplus(session), EndedBy::Replaced);
        self.table.insert(Arc::clone(session));
        gone
    }

    /// The sessions of its user that give way to a new one: the oldest of too many. Each entry point has its own count:
    /// Home Assistant makes a session for every page of its own, and must not sign anybody out at ours.
    fn surplus(&self, newcomer: &Session) -> Vec<Arc<Session>> {
        let (limits, now) = (self.limits.get(), self.clock.now());
        let mut mine = self.table.of_user(newcomer.user());
        mine.retain(|one| one.entry_point() == newcomer.entry_point() && one.digest() != newcomer.digest());
        // Those from the future go first: it is not known how old they are.
        mine.sort_by_key(|one| (one.state(limits.lifetimes, now) == SessionState::Live, one.created()));
        // The new one counts. With a cap of nothing nobody could ever sign in.
        let too_many = (mine.len() + 1).saturating_sub(limits.per_user.max(1));
        mine.truncate(too_many);
        mine
    }

    /// Ends sessions in memory, at once, with all that were made from them, and notifies subscribers. Says which have
    /// ended.
    pub(super) fn forget(&self, sessions: Vec<Arc<Session>>, by: EndedBy) -> Vec<Arc<Session>> {
        let sessions = self.with_children(sessions);
        self.recently_ended.add(&sessions, by);
        for session in &sessions {
            // First the mark, then the table: a request that has just looked it up must find it ended.
            session.end();
            self.table.remove(&session.digest());
        }
        if !sessions.is_empty() {
            // After all of them have ended: a subscriber looks at once and must not find one alive.
            self.ring();
        }
        sessions
    }

    /// Reads into memory what other proxies on the same store have made: before all sessions are counted, listed or
    /// ended.
    pub async fn gather(&self) -> Result<(), Arc<StoreError>> {
        match &self.store {
            Store::Memory | Store::File(_) => Ok(()),
            #[cfg(feature = "redis-store")]
            Store::Shared(store) => {
                let foreign = store.gather().await.map_err(|why| Arc::new(StoreError::Shared(why)))?;
                // Replaced whole: what another proxy has ended since must not stay in the list.
                *self.foreign() = foreign.into_iter().collect();
                Ok(())
            }
        }
    }

    /// What else the proxies share, when they share a store.
    #[cfg(feature = "redis-store")]
    pub fn shared_kv(&self) -> Option<SharedKv> {
        match &self.store {
            Store::Memory | Store::File(_) => None,
            Store::Shared(store) => Some(SharedKv::new(Arc::clone(store))),
        }
    }

    /// What the proxies hand on among each other, when they share a store.
    #[cfg(feature = "redis-store")]
    pub fn sealed_blobs(&self) -> Option<SealedBlobs> {
        match &self.store {
            Store::Memory | Store::File(_) => None,
            Store::Shared(store) => Some(SealedBlobs::new(Arc::clone(store))),
        }
    }

    /// What the proxies keep among each other and nobody else may read, when they share a store and a key.
    #[cfg(feature = "redis-store")]
    pub fn sealed_notes(&self) -> Option<SealedNotes> {
        match &self.store {
            Store::Memory | Store::File(_) => None,
            Store::Shared(store) => SealedNotes::new(Arc::clone(store)),
        }
    }

    /// All sessions that are not over, in the order in which they were made; of a shared store those that are known
    /// here (see [`Self::gather`]).
    pub fn list(&self) -> Vec<Summary> {
        let (lifetimes, now) = (self.lifetimes(), self.clock.now());
        let mut sessions = self.table.select(|session| session.state(lifetimes, now) != SessionState::Expired);
        // The digest decides between those of one moment, so that a list looks the same each time.
        sessions.sort_by_key(|session| (session.created(), session.digest()));
        sessions.iter().map(|session| Summary::of(session, lifetimes)).collect()
    }

    /// Whether other proxies have the same sessions.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// The sessions known here for which `is_meant` says yes; it is asked while a part of the table is locked.
    pub fn which(&self, is_meant: impl FnMut(&Session) -> bool) -> Vec<Arc<Session>> {
        self.table.select(is_meant)
    }

    /// How many sessions there are, counting those that have expired in the last minute.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether sessions survive a restart.
    pub fn health(&self) -> Health {
        self.store.health()
    }

    /// Notified when sessions end before their time, when expired ones are swept and when the limits change.
    /// Subscribers that hold something open for a session ask then whether it still counts.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.notifier.subscribe()
    }

    /// Takes over new limits, for sessions that are there as well. What has expired stays so.
    pub fn reconfigure(&self, settings: &crate::config::Session) {
        self.limits.replace(settings);
        self.ring();
    }

    pub(super) fn lifetimes(&self) -> AllLifetimes {
        self.limits.get().lifetimes
    }

    pub(super) fn foreign(&self) -> MutexGuard<'_, HashMap<SessionDigest, Foreign>> {
        self.foreign.lock()
    }

    fn ring(&self) {
        // `send_modify`, because `send` fails while nobody listens. Only that the number changes matters, so it may
        // wrap.
        self.notifier.send_modify(|rung| *rung = rung.wrapping_add(1));
    }
}
