//! The refusals of late, each with its whole reason, so that an operator finds by the id on the error page why it was.
//!
//! In memory alone, the newest thousand; targets are without their secrets, as in the log (S-83). Only operators are
//! ever shown any of it.

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
}

/// The newest refusals.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<VecDeque<Refusal>>);

impl Refusals {
    /// Adds one; the oldest gives way.
    pub(super) fn add(&self, refusal: Refusal) {
        let mut kept = self.0.lock();
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(refusal);
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<Refusal> {
        self.0.lock().iter().rev().find(|refusal| refusal.id == id).cloned()
    }

    /// Those for which `is_meant` says yes, the newest first.
    pub fn newest(&self, mut is_meant: impl FnMut(&Refusal) -> bool) -> Vec<Refusal> {
        self.0.lock().iter().rev().filter(|refusal| is_meant(refusal)).cloned().collect()
    }
}

/// What is kept.
const MOST: usize = 1_000;
