//! All sessions of this proxy.
//!
//! In come tokens, out come live sessions; in comes a user who has just signed in, out comes a new token. Looking up never
//! waits; making one waits for the disk, if there is one and it works. A disk that fails never keeps anybody out: the session
//! then lives in memory, [`Sessions::health`] says so, and it is stored as soon as that is possible.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::file::SessionFile;
use super::file_error::FileError;
use super::lifetime::{Lifetimes, State};
use super::live::Session;
use super::record::{Foreign, MadeBy, NewSession, Record};
use super::recovery::Notice;
use super::store::{Health, Store, StoreAway};
use super::table::Table;
use super::token::{SessionDigest, SessionId, SessionToken};
use super::user_agent::UserAgent;
use super::writer::Writer;
use crate::clock::{Clock, Timestamp};
use crate::config::{AddonSlug, SessionStore};
use crate::identity::UserId;
use crate::refusal::Reason;

/// All sessions of this proxy, in memory and on disk.
#[derive(Debug)]
pub struct Sessions {
    pub(super) table: Arc<Table>,
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// Entries of the file that this version does not understand: never trusted, and revoked with the rest.
    foreign: Mutex<HashMap<SessionDigest, Foreign>>,
    limits: ArcSwap<Limits>,
    /// Held while a user's sessions are counted and one is added, so that two sign-ins at once respect the cap.
    making: Mutex<()>,
    bell: watch::Sender<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    lifetimes: Lifetimes,
    per_user: usize,
}

/// Why there are no sessions at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two proxies on one file would undo each other's revocations, so the second one does not start.
    #[error("cannot use {} as the session file", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        #[source]
        why: FileError,
    },
}

/// A session as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name: what `vestibule sessions revoke` takes.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// When it ends unless it is seen before.
    pub ends: Timestamp,
    /// The client's address at sign-in.
    pub address: Option<IpAddr>,
    /// The browser's own words at sign-in.
    pub user_agent: UserAgent,
    /// How it was made.
    pub made_by: MadeBy,
    /// The one add-on that it is good for.
    pub addon: Option<AddonSlug>,
}

impl Sessions {
    /// Opens the store and loads what is in it. Blocks for as long as that takes: it is for start-up.
    ///
    /// A damaged or unwritable file is no reason to serve nobody; the caller must show every notice to the operator. Errors
    /// are a file that another process has open, and a system that gives us no thread.
    pub fn open(settings: &crate::config::Session, clock: Clock) -> Result<(Arc<Self>, Vec<Notice>), OpenError> {
        let table = Arc::new(Table::default());
        let (store, foreign, notices) = match &settings.store {
            SessionStore::Memory => (Store::Memory, Vec::new(), Vec::new()),
            SessionStore::File(path) => {
                let file = SessionFile::new(path.clone());
                let (writer, loaded) = Writer::start(file, Arc::clone(&table), clock.clone())
                    .map_err(|why| OpenError::File { path: path.clone(), why })?;
                (Store::File(writer), loaded.foreign, loaded.notices)
            }
        };
        let sessions = Self {
            table,
            store,
            clock,
            foreign: Mutex::new(foreign.into_iter().collect()),
            limits: ArcSwap::from_pointee(Limits::of(settings)),
            making: Mutex::new(()),
            bell: watch::Sender::new(0),
        };
        Ok((Arc::new(sessions), notices))
    }

    /// The live session that this token stands for, or why there is none. It counts as seen by that. Waits for nothing
    /// when the session is known here.
    #[expect(clippy::unused_async, reason = "memory and file answer at once; a store on the network has to be asked")]
    pub async fn find(&self, token: &SessionToken) -> Result<Arc<Session>, Reason> {
        self.look_up(token).ok_or(Reason::SessionEnded)
    }

    /// The live session that this token stands for, if it is known here. It counts as seen by that.
    pub fn look_up(&self, token: &SessionToken) -> Option<Arc<Session>> {
        let session = self.table.get(&token.digest())?;
        self.touch(&session).then_some(session)
    }

    /// When a session ends unless it is seen before: what holds a stream open for it looks again then, or when the bell of
    /// [`Self::subscribe`] rings.
    pub fn ends(&self, session: &Session) -> Timestamp {
        self.lifetimes().end(session.created(), session.last_seen())
    }

    /// Makes a session with a new token, and returns when it is on disk. If the disk fails it returns all the same: the
    /// session lives in memory, the failure is in the log and in [`Self::health`], and storing it is tried again. Only a
    /// store that several proxies share refuses while it is away: on the others the session would be nobody's.
    ///
    /// The user's oldest sessions give way when there are too many.
    pub async fn create(&self, about: NewSession) -> Result<(SessionToken, Arc<Session>), StoreAway> {
        let token = SessionToken::random();
        let now = self.clock.now();
        let record = Record { about, created: now, last_seen: now };
        let session = Arc::new(Session::new(token.digest(), record));
        let gone = self.insert(&session);
        let digests = gone.iter().map(|gone| gone.digest()).chain([session.digest()]).collect();
        // The writer has said what failed, and goes on trying.
        let _in_memory = self.store.save(digests).await;
        Ok((token, session))
    }

    /// Adds a session, and ends those that give way to it.
    fn insert(&self, session: &Arc<Session>) -> Vec<Arc<Session>> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = **self.limits.load();
        let now = self.clock.now();
        let mut mine = self.table.of_user(session.user());
        // Those from the future go first: it is not known how old they are.
        mine.sort_by_key(|one| (one.state(limits.lifetimes, now) == State::Live, one.created()));
        let too_many = (mine.len() + 1).saturating_sub(limits.per_user.max(1));
        mine.truncate(too_many);
        let gone = self.forget(mine);
        self.table.insert(Arc::clone(session));
        gone
    }

    /// Ends sessions in memory, at once, with all that were made from them, and rings the bell. Says which have ended.
    pub(super) fn forget(&self, sessions: Vec<Arc<Session>>) -> Vec<Arc<Session>> {
        let sessions = self.with_children(sessions);
        for session in &sessions {
            session.end();
            self.table.remove(&session.digest());
        }
        if !sessions.is_empty() {
            self.ring();
        }
        sessions
    }

    /// All sessions that are not over, in the order in which they were made.
    pub fn list(&self) -> Vec<Summary> {
        let (lifetimes, now) = (self.lifetimes(), self.clock.now());
        let mut sessions = self.table.select(|session| session.state(lifetimes, now) != State::Expired);
        sessions.sort_by_key(|session| (session.created(), session.digest()));
        sessions.iter().map(|session| Summary::of(session, lifetimes)).collect()
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

    /// A bell that rings when sessions end before their time, when expired ones are swept and when the limits change. Whoever
    /// holds something open for a session asks then whether it still counts.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Takes over new limits, for sessions that are there as well. What has expired stays so.
    pub fn reconfigure(&self, settings: &crate::config::Session) {
        self.limits.store(Arc::new(Limits::of(settings)));
        self.ring();
    }

    pub(super) fn lifetimes(&self) -> Lifetimes {
        self.limits.load().lifetimes
    }

    pub(super) fn foreign(&self) -> MutexGuard<'_, HashMap<SessionDigest, Foreign>> {
        // Nothing panics while it is held, and a map of entries that nobody trusts is as good after a panic as before.
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.bell.send_modify(|rung| *rung = rung.wrapping_add(1));
    }
}

impl Limits {
    fn of(settings: &crate::config::Session) -> Self {
        let lifetimes = Lifetimes { idle: settings.idle_timeout, absolute: settings.absolute_timeout };
        Self { lifetimes, per_user: settings.per_user }
    }
}

impl Summary {
    fn of(session: &Session, lifetimes: Lifetimes) -> Self {
        Self {
            id: session.id(),
            user: session.user().clone(),
            created: session.created(),
            last_seen: session.last_seen(),
            ends: lifetimes.end(session.created(), session.last_seen()),
            address: session.address(),
            user_agent: session.user_agent().clone(),
            made_by: session.made_by(),
            addon: session.addon().cloned(),
        }
    }
}
