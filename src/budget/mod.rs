//! One budget for what peers can make the process hold, and how often they may make it do something: places, bytes and
//! requests, counted in all, for each peer, user and add-on.
//!
//! A caller says how much it wants to hold and by which limits that is counted ([`Claim`]), and gets a [`Permit`] or
//! the name of the limit that refused ([`Refused`]). A permit gives back what it has when it is dropped, by whatever
//! path its holder ends, so that nothing can forget to count down. Limits are arguments of the moment: a reload changes
//! them while permits are out.
//!
//! Whatever reads bodies, or keeps a list, a pool or a queue that a peer can fill, holds permits of this budget. A
//! holder with nothing takes no memory here.

mod counts;
mod holder;
mod key;
mod limit;
mod permit;
mod queue;
mod rates;
mod refused;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

pub use holder::{ClientPrefix, Holder};
pub use limit::Limit;
pub use permit::Permit;
pub use queue::Queue;
pub use rates::{RateClaim, TooOften};
pub use refused::Refused;

use counts::Counts;
use key::Key;
use rates::Rates;

/// What is taken at this moment, of the whole process.
#[derive(Debug)]
pub struct Budget {
    counts: Counts,
    rates: Rates,
    refused: [AtomicU64; Limit::ALL.len()],
}

/// One of the limits that something is counted by: whose count it is, and how much of it there is at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    key: Key,
    most: u64,
}

impl Claim {
    /// A claim by this limit for this holder, of which at most `most` may be taken in all.
    pub fn new(limit: Limit, holder: Holder, most: usize) -> Self {
        Self { key: Key::new(limit, holder), most: u64::try_from(most).unwrap_or(u64::MAX) }
    }
}

impl Budget {
    /// A budget with nothing taken.
    pub fn new() -> Arc<Self> {
        let refused = [const { AtomicU64::new(0) }; Limit::ALL.len()];
        Arc::new(Self { counts: Counts::default(), rates: Rates::default(), refused })
    }

    /// Takes `amount` (places, or bytes) by every one of these claims, or nothing at all. The first limit that has no
    /// room is named and its refusal counted.
    pub fn take(self: &Arc<Self>, amount: usize, claims: &[Claim]) -> Result<Permit, Refused> {
        let mut permit = Permit::empty(Arc::clone(self));
        for claim in claims {
            // On a refusal the permit is dropped here, and gives back what the claims before this one took.
            permit.add(amount, claim)?;
        }
        Ok(permit)
    }

    /// One place by each of these claims, if none of them has to wait for it.
    pub fn take_at_once(self: &Arc<Self>, claims: &[Claim]) -> Option<Permit> {
        let mut permit = Permit::with_room(Arc::clone(self), claims.len());
        // Where one has to wait, the permit is dropped here, and gives back what the claims before this one took.
        claims.iter().all(|claim| permit.add_in_turn(claim)).then_some(permit)
    }

    /// One place by this claim, at once or when its turn has come. First come, first served; a wait that is given up
    /// leaves its turn to the next.
    pub async fn take_in_turn(self: &Arc<Self>, claim: &Claim, queue: Queue) -> Result<Permit, Refused> {
        queue::wait(self, claim, queue).await
    }

    /// Counts something that is done once by every one of these claims, or by none: the first that is ahead of its rate
    /// refuses, which is counted.
    pub fn spend(&self, claims: &[RateClaim], now: Instant) -> Result<(), TooOften> {
        let spent = self.rates.spend(claims, now);
        spent.inspect_err(|too_often| {
            self.refuse(too_often.limit);
        })
    }

    /// How much is taken by this limit for this holder.
    pub fn taken(&self, limit: Limit, holder: &Holder) -> u64 {
        self.counts.taken(&Key::new(limit, holder.clone()))
    }

    /// How often each limit has refused since the start.
    pub fn refusals(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.into_iter().zip(self.refused.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    fn refuse(&self, limit: Limit) -> Refused {
        if let Some(count) = self.refused.get(limit as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Refused(limit)
    }
}

#[cfg(test)]
mod tests;
