//! The refusals of late, each with its whole reason, so that an operator finds by the id on the error page why it was.
//!
//! In memory alone, the newest thousand of users and of strangers; targets are without their secrets, as in the log
//! (S-83). Only operators are ever shown any of it.

mod sentence;

use std::collections::VecDeque;
use std::net::IpAddr;

use parking_lot::Mutex;

pub(super) use sentence::{Facts, sentence};

use crate::clock::Timestamp;
use crate::refusal::Reason;

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// The id on the error page and in the log.
    pub id: String,
    /// The reason of the table.
    pub reason: Reason,
    /// All of why, in a sentence.
    pub why: String,
    /// Whose address it came from.
    pub client: IpAddr,
    /// Its method.
    pub method: String,
    /// The host that it named.
    pub host: String,
    /// Path and query, without secrets, cut where they are long.
    pub target: String,
    /// Who it was, by the name to sign in with, as far as that is known.
    pub user: Option<String>,
    /// The id of the session.
    pub session: Option<String>,
    /// The name of the program's key.
    pub key: Option<String>,
    /// The slug of the add-on.
    pub addon: Option<String>,
    /// Whether its user has asked for access on its page.
    pub asks_access: bool,
}

/// The newest refusals. Those of strangers have a place of their own: anybody can cause any number of them, and must
/// not crowd out what an operator is asked about.
#[derive(Debug, Default)]
pub struct Refusals {
    of_users: Mutex<VecDeque<Refusal>>,
    of_strangers: Mutex<VecDeque<Refusal>>,
}

impl Refusals {
    /// Adds one; the oldest gives way.
    pub(super) fn add(&self, refusal: Refusal) {
        let is_known = refusal.user.is_some() || refusal.session.is_some() || refusal.key.is_some();
        let mut kept = if is_known { self.of_users.lock() } else { self.of_strangers.lock() };
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(refusal);
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<Refusal> {
        let of = |kept: &Mutex<VecDeque<Refusal>>| kept.lock().iter().rev().find(|refusal| refusal.id == id).cloned();
        of(&self.of_users).or_else(|| of(&self.of_strangers))
    }

    /// Notes that the user asks for access whose session was refused so. Gives it back the first time.
    pub(super) fn ask_access(&self, id: &str, session: &str) -> Result<Option<Refusal>, NoSuchRefusal> {
        let mut kept = self.of_users.lock();
        let is_meant = |refusal: &&mut Refusal| refusal.id == id && refusal.session.as_deref() == Some(session);
        let refusal = kept.iter_mut().rev().find(is_meant).ok_or(NoSuchRefusal)?;
        let is_first = !std::mem::replace(&mut refusal.asks_access, true);
        Ok(is_first.then(|| refusal.clone()))
    }

    /// Those for which `is_meant` says yes, the newest first.
    pub fn newest(&self, mut is_meant: impl FnMut(&Refusal) -> bool) -> Vec<Refusal> {
        let mut found: Vec<Refusal> =
            self.of_users.lock().iter().rev().filter(|refusal| is_meant(refusal)).cloned().collect();
        found.extend(self.of_strangers.lock().iter().rev().filter(|refusal| is_meant(refusal)).cloned());
        // Stable: of one moment, the newest stay first.
        found.sort_by_key(|refusal| std::cmp::Reverse(refusal.at));
        found
    }
}

/// It is not there any more, or it is another session's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSuchRefusal;

/// What is kept of users, and of strangers.
const MOST: usize = 1_000;
