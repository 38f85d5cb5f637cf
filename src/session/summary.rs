//! A session as operators see it, in lists.

use std::net::IpAddr;

use super::lifetime::AllLifetimes;
use super::live::Session;
use super::record::MadeBy;
use super::token::SessionId;
use super::user_agent::UserAgent;
use crate::clock::Timestamp;
use crate::ids::AddonSlug;
use crate::ids::UserId;

/// A session as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name: what `vestibule sessions revoke` takes.
    pub id: SessionId,
    /// The user who signed in.
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
    /// Whether the browser keeps it when it closes.
    pub remembered: bool,
}

impl Summary {
    pub(super) fn of(session: &Session, lifetimes: AllLifetimes) -> Self {
        Self {
            id: session.id(),
            user: session.user().clone(),
            created: session.created(),
            last_seen: session.last_seen(),
            ends: session.ends(lifetimes),
            address: session.address(),
            user_agent: session.user_agent().clone(),
            made_by: session.made_by(),
            addon: session.addon().cloned(),
            remembered: session.is_remembered(),
        }
    }
}
