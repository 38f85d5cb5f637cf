//! What was taken, until it is given back.

use std::sync::Arc;

use super::counts::Added;
use super::key::Key;
use super::{Budget, Claim, Refused};

/// Places or bytes that are taken until this is dropped.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub struct Permit {
    budget: Arc<Budget>,
    held: Vec<(Key, u64)>,
}

impl Permit {
    pub(super) fn empty(budget: Arc<Budget>) -> Self {
        Self { budget, held: Vec::new() }
    }

    /// Nothing yet, of so many claims.
    pub(super) fn with_room(budget: Arc<Budget>, claims: usize) -> Self {
        Self { budget, held: Vec::with_capacity(claims) }
    }

    /// Takes a place more by this claim, if it is free and nobody waits for it.
    pub(super) fn add_in_turn(&mut self, claim: &Claim) -> bool {
        let is_taken = self.budget.counts.add_in_turn(&claim.key, claim.most);
        if is_taken {
            self.held.push((claim.key.clone(), 1));
        }
        is_taken
    }

    /// What was counted already.
    pub(super) fn of(budget: Arc<Budget>, key: Key, amount: u64) -> Self {
        Self { budget, held: vec![(key, amount)] }
    }

    /// Takes `amount` more by this claim, which may be one that the permit has already or another. Refused, the permit
    /// keeps what it had.
    pub fn add(&mut self, amount: usize, claim: &Claim) -> Result<(), Refused> {
        let (key, amount) = (&claim.key, u64::try_from(amount).unwrap_or(u64::MAX));
        // The count and the permit are never apart: what is refused is in neither.
        if self.budget.counts.add(key, amount, claim.most) == Added::TooMuch {
            return Err(self.budget.refuse(key.limit()));
        }
        match self.held.iter_mut().find(|(held, _)| held == key) {
            Some((_, held)) => *held = held.saturating_add(amount),
            None => self.held.push((key.clone(), amount)),
        }
        Ok(())
    }

    /// Takes `amount` more by every one of these claims. Refused, the permit may keep a part of it until it is dropped.
    pub fn grow(&mut self, amount: usize, claims: &[Claim]) -> Result<(), Refused> {
        claims.iter().try_for_each(|claim| self.add(amount, claim))
    }

    /// Holds the other's too.
    pub fn merge(&mut self, mut other: Self) {
        // `other` is dropped empty and gives nothing back.
        self.held.append(&mut other.held);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        for (key, amount) in &self.held {
            self.budget.counts.give_back(key, *amount);
        }
    }
}
