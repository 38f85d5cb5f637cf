//! All keys of this proxy.
//!
//! Finds the key that a request shows, makes and revokes keys, and keeps them. Looking up never waits. A key that is
//! made counts once it is kept; one that is revoked ends at once, and is said to be revoked once that is kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};

use super::document::{self, Table};
use super::record::{ApiKey, NewKey};
use super::store::{KeyStore, KeyStoreError};
use super::token::ApiKeyToken;
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::refusal::Reason;
use crate::session::{SessionDigest, SessionId, Sessions};

/// All keys.
#[derive(Debug)]
pub struct ApiKeys {
    table: ArcSwap<Table>,
    store: KeyStore,
    clock: Clock,
    max_outage: Duration,
    /// What the store said last; held while it is changed.
    kept: Mutex<Option<Vec<u8>>>,
    /// When the last uses were kept.
    uses_kept_at: AtomicU64,
    /// When the store was last read, for one that proxies share.
    read_at: AtomicU64,
    /// Whether memory has what the store has not.
    unsaved: AtomicBool,
    notifier: watch::Sender<u64>,
}

/// What is known of a key that a request shows.
#[derive(Debug)]
pub enum Found {
    /// It counts.
    Live(Arc<ApiKey>),
    /// It did once: its program has not heard of that yet, and guesses nothing.
    Over,
    /// There has never been one like it.
    Unknown,
}

/// Why a key could not be made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There are too many.
    #[error("there are {MOST} keys already: revoke some")]
    TooMany,
    /// No such key.
    #[error("there is no key with this id; `vestibule keys list` shows them")]
    Unknown,
    /// It could not be kept, so that it does not count.
    #[error("the key could not be kept")]
    NotKept(#[source] KeyStoreError),
    /// It has ended here and could not be kept as ended.
    #[error("not stored yet: the key has ended here, and would come back with a restart until the store works again")]
    NotEnded(Arc<ApiKey>, #[source] KeyStoreError),
}

impl ApiKeys {
    /// Those that lie where these sessions lie. What cannot be read is no key, and is said in the log.
    pub async fn open(settings: &config::Session, sessions: &Sessions, clock: Clock) -> Self {
        let keys = Self {
            table: ArcSwap::default(),
            store: KeyStore::of(&settings.store, sessions),
            clock,
            max_outage: settings.max_outage,
            kept: Mutex::default(),
            uses_kept_at: AtomicU64::new(0),
            read_at: AtomicU64::new(0),
            unsaved: AtomicBool::new(false),
            notifier: watch::Sender::new(0),
        };
        if let Err(error) = keys.refresh().await {
            tracing::warn!(why = %crate::telemetry::chain(&error), "no key of a program counts");
        }
        keys
    }

    /// The key with this digest, as it is at this moment. It counts as used by that.
    pub fn find(&self, digest: SessionDigest) -> Result<Found, Reason> {
        self.may_be_asked()?;
        let now = self.clock.now();
        Ok(match self.table.load().get(&digest) {
            Some(key) if key.is_live(now) => {
                key.touch(now);
                Found::Live(Arc::clone(key))
            }
            Some(_) => Found::Over,
            None => Found::Unknown,
        })
    }

    /// Whether a key that was found still counts.
    pub fn standing(&self, key: &ApiKey) -> Result<(), Reason> {
        match self.find(key.digest())? {
            Found::Live(_) => Ok(()),
            Found::Over | Found::Unknown => Err(Reason::BadKey),
        }
    }

    /// All keys, ended ones included for as long as they are remembered, the newest first.
    pub fn list(&self) -> Vec<Arc<ApiKey>> {
        let mut keys: Vec<_> = self.table.load().values().cloned().collect();
        keys.sort_by_key(|key| (std::cmp::Reverse(key.created()), key.digest()));
        keys
    }

    /// Makes a key, and returns when it is kept.
    pub async fn make(&self, about: NewKey) -> Result<(ApiKeyToken, Arc<ApiKey>), KeyError> {
        let (token, now) = (ApiKeyToken::random(), self.clock.now());
        let digest = token.digest();
        let key = Arc::new(ApiKey { digest, about, created: now, last_used: AtomicU64::new(0), revoked: None });
        let mut tries = 0;
        loop {
            let mut kept = self.kept.lock().await;
            let latest = self.latest(&mut kept).await.map_err(KeyError::NotKept)?;
            // With what has ended here and could not be kept: it must not come back.
            let mut table = merged(latest, &self.table.load());
            table.retain(|_, key| !is_forgotten(key, now));
            if table.len() >= MOST {
                return Err(KeyError::TooMany);
            }
            table.insert(digest, Arc::clone(&key));
            match self.keep(&mut kept, table).await {
                Ok(()) => return Ok((token, key)),
                Err(KeyStoreError::Raced) if tries < TRIES => tries += 1,
                Err(error) => return Err(KeyError::NotKept(error)),
            }
        }
    }

    /// Ends a key: at once here, and for good once this returns.
    pub async fn revoke(&self, id: SessionId) -> Result<Arc<ApiKey>, KeyError> {
        let now = self.clock.now();
        let mut tries = 0;
        loop {
            let mut kept = self.kept.lock().await;
            // Even if the store is away: what is known here ends here.
            let mut table = match self.latest(&mut kept).await {
                Ok(latest) => merged(latest, &self.table.load()),
                Err(_) => Table::clone(&self.table.load()),
            };
            let known = table.values().find(|key| key.id() == id && key.revoked().is_none());
            let key = known.cloned().ok_or(KeyError::Unknown)?;
            table.insert(key.digest(), Arc::new(ended(&key, now)));
            self.show(table.clone());
            self.unsaved.store(true, Ordering::Release);
            match self.keep(&mut kept, table).await {
                Ok(()) => return Ok(key),
                Err(KeyStoreError::Raced) if tries < TRIES => tries += 1,
                Err(error) => return Err(KeyError::NotEnded(key, error)),
            }
        }
    }

    /// Takes up what other proxies have changed, and keeps what is not kept yet: to be called again and again.
    pub async fn upkeep(&self) -> Result<(), KeyStoreError> {
        if self.store.is_shared() && !self.unsaved.load(Ordering::Acquire) {
            self.refresh().await?;
        }
        let mut kept = self.kept.lock().await;
        if self.unsaved.load(Ordering::Acquire) || self.was_used() {
            let mine = Table::clone(&self.table.load());
            let table = merged(self.latest(&mut kept).await?, &mine);
            match self.keep(&mut kept, table).await {
                // In the next round.
                Err(KeyStoreError::Raced) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Notified when keys end or are made.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.notifier.subscribe()
    }

    /// Reads what the store has.
    async fn refresh(&self) -> Result<(), KeyStoreError> {
        let mut kept = self.kept.lock().await;
        let before = kept.clone();
        let table = self.latest(&mut kept).await?;
        if *kept != before {
            let merged = merged(table.clone(), &self.table.load());
            // A store that has come back with what it had before: it must learn again what has ended since.
            if ended_in(&merged) != ended_in(&table) {
                self.unsaved.store(true, Ordering::Release);
            }
            self.show(merged);
        }
        Ok(())
    }

    /// The keys as the store has them; in memory they are the truth.
    async fn latest(&self, kept: &mut Option<Vec<u8>>) -> Result<Table, KeyStoreError> {
        if matches!(self.store, KeyStore::Memory) || (kept.is_some() && !self.store.is_shared()) {
            return Ok(Table::clone(&self.table.load()));
        }
        let text = self.store.read().await?;
        let table = text.as_deref().map_or_else(|| Ok(HashMap::new()), document::read)?;
        *kept = text;
        self.read_at.store(self.clock.now().as_millis(), Ordering::Release);
        Ok(table)
    }

    async fn keep(&self, kept: &mut Option<Vec<u8>>, table: Table) -> Result<(), KeyStoreError> {
        let now = self.clock.now();
        if !matches!(self.store, KeyStore::Memory) {
            let text = document::write(&table);
            self.store.replace(kept.as_deref(), text.clone()).await?;
            *kept = Some(text);
        }
        self.unsaved.store(false, Ordering::Release);
        self.uses_kept_at.store(now.as_millis(), Ordering::Release);
        self.show(table);
        Ok(())
    }

    fn show(&self, table: Table) {
        self.table.store(Arc::new(table));
        self.notifier.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    /// After a long outage nobody can say what other proxies have revoked.
    fn may_be_asked(&self) -> Result<(), Reason> {
        let read_at = Timestamp::from_millis(self.read_at.load(Ordering::Acquire));
        let too_long = self.store.is_shared() && self.clock.now().saturating_since(read_at) > self.max_outage;
        if too_long { Err(Reason::SessionStoreAway) } else { Ok(()) }
    }

    /// Whether a key was used since that was kept, which is long enough ago that writing it again is worth it.
    fn was_used(&self) -> bool {
        let kept_at = Timestamp::from_millis(self.uses_kept_at.load(Ordering::Acquire));
        self.clock.now().saturating_since(kept_at) >= WORTH_A_WRITE
            && self.table.load().values().any(|key| key.last_used().is_some_and(|used| used > kept_at))
    }
}

/// The keys of a store with what this proxy knows besides: the last use, and what has ended here.
fn merged(mut table: Table, mine: &Table) -> Table {
    for (digest, key) in mine {
        if let Some(theirs) = table.get(digest) {
            if let Some(used) = key.last_used() {
                theirs.touch(used);
            }
            if let (Some(revoked), None) = (key.revoked(), theirs.revoked()) {
                table.insert(*digest, Arc::new(ended(key, revoked)));
            }
        }
    }
    table
}

fn ended_in(table: &Table) -> usize {
    table.values().filter(|key| key.revoked().is_some()).count()
}

fn ended(key: &ApiKey, now: Timestamp) -> ApiKey {
    ApiKey {
        digest: key.digest,
        about: key.about.clone(),
        created: key.created,
        last_used: AtomicU64::new(key.last_used.load(Ordering::Relaxed)),
        revoked: Some(now),
    }
}

/// An ended key is remembered for a while, so that its program is not taken for one that guesses.
fn is_forgotten(key: &ApiKey, now: Timestamp) -> bool {
    let end = key.revoked().unwrap_or(key.about().expires);
    now.saturating_since(end) > REMEMBERED
}

/// Keys of one store, ended ones that are remembered included.
const MOST: usize = 1000;
const REMEMBERED: Duration = Duration::from_hours(24 * 30);
const WORTH_A_WRITE: Duration = Duration::from_mins(1);
/// How often other proxies may be quicker.
const TRIES: u32 = 8;
