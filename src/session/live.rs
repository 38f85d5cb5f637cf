//! A session that is in memory.
//!
//! Many requests share a [`Session`]. Only three things in it ever change: when it was last seen, which only grows; the
//! second secrets of a remembered one, whose revision only grows; and whether it has ended, which is for good.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use super::lifetime::{AllLifetimes, Lifetimes, SessionState};
use super::record::{MadeBy, NewSession, Record};
use super::rotation::Rotation;
use super::token::{SessionDigest, SessionId};
use super::user_agent::UserAgent;
use crate::clock::Timestamp;
use crate::connection::EntryPoint;
use crate::ids::AddonSlug;
use crate::ids::UserId;

/// A session. Whether it still counts is asked of [`super::Sessions`], which knows the limits and the time.
#[derive(Debug)]
pub struct Session {
    digest: SessionDigest,
    about: NewSession,
    created: Timestamp,
    last_seen: AtomicU64,
    stored_seen: AtomicU64,
    ended: AtomicBool,
    /// Nothing where it is not remembered.
    rotation: Option<ArcSwap<Rotation>>,
}

impl Session {
    pub(super) fn new(digest: SessionDigest, record: Record) -> Self {
        let seen = record.last_seen.as_millis();
        Self {
            digest,
            about: record.about,
            created: record.created,
            last_seen: AtomicU64::new(seen),
            stored_seen: AtomicU64::new(seen),
            ended: AtomicBool::new(false),
            rotation: record.rotation.map(ArcSwap::from_pointee),
        }
    }

    /// The digest of its token, under which it is found.
    pub fn digest(&self) -> SessionDigest {
        self.digest
    }

    /// What operators call it.
    pub fn id(&self) -> SessionId {
        self.digest.id()
    }

    /// The user who signed in.
    pub fn user(&self) -> &UserId {
        &self.about.user
    }

    /// How it was made.
    pub fn made_by(&self) -> MadeBy {
        self.about.made_by
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When it was last seen.
    pub fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.last_seen.load(Ordering::Relaxed))
    }

    /// The client's address at sign-in.
    pub fn address(&self) -> Option<IpAddr> {
        self.about.address
    }

    /// The browser's own words at sign-in.
    pub fn user_agent(&self) -> &UserAgent {
        &self.about.user_agent
    }

    /// The one add-on that it is good for; none is all of them (S-79).
    pub fn addon(&self) -> Option<&AddonSlug> {
        self.about.addon.as_ref()
    }

    /// The session that it was made from, if any.
    pub fn parent(&self) -> Option<SessionDigest> {
        self.about.parent
    }

    /// The id of the refresh token of Home Assistant that it goes with, if any.
    pub fn refresh_token(&self) -> Option<&str> {
        self.about.refresh_token.as_deref()
    }

    /// The digest of the user's password hash at sign-in.
    pub fn password_digest(&self) -> Option<&[u8; 32]> {
        self.about.password_digest.as_ref()
    }

    /// When its user last signed in, whole. Nobody has in one that an operator or Home Assistant made; one that was
    /// handed over has what it was made from.
    pub fn authenticated(&self) -> Option<Timestamp> {
        match self.about.made_by {
            MadeBy::Password | MadeBy::HomeAssistant => Some(self.about.authenticated.unwrap_or(self.created)),
            // A certificate says which device it is, and not who sits before it.
            // Home Assistant's own token says that somebody signed in there once, and not when.
            MadeBy::CommandLine | MadeBy::CrossHostTicket | MadeBy::Ingress | MadeBy::Certificate | MadeBy::Front => {
                self.about.authenticated
            }
        }
    }

    /// When they last showed a second factor with that.
    pub fn second_factor(&self) -> Option<Timestamp> {
        self.about.second_factor
    }

    /// The SHA-256 of the client certificate without which it does not count, if any.
    pub fn certificate(&self) -> Option<&[u8; 32]> {
        self.about.certificate.as_ref()
    }

    /// Whether it was revoked, gave way to a newer one, or was found expired. It never comes back.
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        // Release, with the `Acquire` in `ended`: whoever sees the end also sees what was done before it.
        self.ended.store(true, Ordering::Release);
    }

    /// Whether the browser keeps it when it closes.
    pub fn is_remembered(&self) -> bool {
        self.rotation.is_some()
    }

    /// The second secrets, where it is remembered.
    pub(super) fn rotation(&self) -> Option<Arc<Rotation>> {
        self.rotation.as_ref().map(ArcSwap::load_full)
    }

    /// Puts these secrets in the place of those, and says whether it did: not where others are there meanwhile.
    pub(super) fn rotate(&self, before: &Arc<Rotation>, next: Rotation) -> bool {
        let Some(rotation) = &self.rotation else { return false };
        Arc::ptr_eq(&rotation.compare_and_swap(before, Arc::new(next)), before)
    }

    /// Takes over what a store knows of it that is newer.
    #[cfg(feature = "redis-store")]
    pub(super) fn take_over(&self, record: &Record) {
        self.see(record.last_seen);
        self.stored(record.last_seen);
        if let (Some(rotation), Some(theirs)) = (&self.rotation, &record.rotation) {
            rotation.rcu(
                |mine| {
                    if theirs.revision > mine.revision { Arc::new(theirs.clone()) } else { Arc::clone(mine) }
                },
            );
        }
    }

    /// The one entry point that it opens.
    pub fn entry_point(&self) -> EntryPoint {
        self.about.made_by.entry_point()
    }

    /// When it ends unless it is seen before.
    pub(super) fn ends(&self, lifetimes: AllLifetimes) -> Timestamp {
        self.lifetimes(lifetimes).end(self.created, self.last_seen())
    }

    /// When it ends however often it is seen.
    pub(super) fn last_end(&self, lifetimes: AllLifetimes) -> Timestamp {
        self.created.saturating_add(self.lifetimes(lifetimes).absolute)
    }

    fn lifetimes(&self, all: AllLifetimes) -> Lifetimes {
        let mine = if self.is_remembered() { all.remembered } else { all.ordinary };
        mine.at(self.entry_point())
    }

    pub(super) fn state(&self, lifetimes: AllLifetimes, now: Timestamp) -> SessionState {
        let lifetimes = self.lifetimes(lifetimes);
        if self.ended() { SessionState::Expired } else { lifetimes.state(self.created, self.last_seen(), now) }
    }

    /// Notes that it was seen. Times only grow: a clock that went back a little shortens nothing.
    pub(super) fn see(&self, now: Timestamp) {
        // Most requests find that another one of the same millisecond was here, and write nothing that other cores
        // read.
        if self.last_seen.load(Ordering::Relaxed) < now.as_millis() {
            self.last_seen.fetch_max(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// Whether it was seen since it was last stored.
    pub(super) fn seen_since_stored(&self) -> bool {
        self.last_seen.load(Ordering::Relaxed) > self.stored_seen.load(Ordering::Relaxed)
    }

    /// The last sighting that the store knows of.
    #[cfg(feature = "redis-store")]
    pub(super) fn stored_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.stored_seen.load(Ordering::Relaxed))
    }

    /// Notes that a record with this time is on disk.
    pub(super) fn stored(&self, seen: Timestamp) {
        // The larger one counts: two writes may be confirmed in another order than they were made in.
        self.stored_seen.fetch_max(seen.as_millis(), Ordering::Relaxed);
    }

    pub(super) fn record(&self) -> Record {
        let rotation = self.rotation().map(Arc::unwrap_or_clone);
        Record { about: self.about.clone(), created: self.created, last_seen: self.last_seen(), rotation }
    }
}
