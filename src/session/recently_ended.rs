//! Why sessions have ended, for as long as somebody may ask: whoever comes back with the cookie of one is told, and so
//! is the operator who looks at the refusal.
//!
//! Kept in memory alone and for the newest few thousand; of all others nobody knows more than that they are no more.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::live::Session;
use super::token::{SessionDigest, SessionId};
use crate::ids::UserId;

/// Why a session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// Its time was up.
    Expired,
    /// Its user has signed out, signed in anew, or ended it from elsewhere.
    User,
    /// An operator has revoked it.
    Operator,
    /// Its user is gone or deactivated, has another password, or was signed out in Home Assistant.
    AccountChanged,
    /// Its user has too many newer ones.
    Replaced,
    /// Its cookie was copied.
    TokenReused,
}

impl EndedBy {
    /// In words, for operators.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Expired => "its time was up",
            Self::User => "its user has signed out, signed in anew, or ended it from elsewhere",
            Self::Operator => "an operator has revoked it",
            Self::AccountChanged => {
                "its user is gone or deactivated, has another password, or was signed out in Home Assistant"
            }
            Self::Replaced => "its user has too many newer ones",
            Self::TokenReused => "its cookie was copied",
        }
    }
}

/// A session that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// Its name.
    pub id: SessionId,
    /// Whose it was.
    pub user: UserId,
    /// Why it has ended.
    pub by: EndedBy,
}

#[derive(Debug, Default)]
pub(super) struct RecentlyEnded(Mutex<VecDeque<(SessionDigest, EndedSession)>>);

impl RecentlyEnded {
    pub(super) fn add(&self, sessions: &[Arc<Session>], by: EndedBy) {
        let mut kept = self.0.lock();
        for session in sessions {
            if kept.len() >= MOST {
                kept.pop_front();
            }
            let ended = EndedSession { id: session.id(), user: session.user().clone(), by };
            kept.push_back((session.digest(), ended));
        }
    }

    pub(super) fn find(&self, digest: SessionDigest) -> Option<EndedSession> {
        // From the newest on: a session that was found expired may have been ended before.
        self.0.lock().iter().rev().find(|(known, _)| *known == digest).map(|(_, ended)| ended.clone())
    }
}

const MOST: usize = 4_096;
