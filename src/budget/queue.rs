//! Waiting for a place: first come, first served, for a bounded time and in a bounded number.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::counts::Claimed;
use super::key::Key;
use super::limit::Limit;
use super::permit::Permit;
use super::{Budget, Claim, Refused};

/// How many may wait for one count, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The limit that refuses when so many wait already.
    pub limit: Limit,
    /// How many may wait at most.
    pub longest: usize,
    /// How long each waits.
    pub patience: Duration,
}

/// A turn that has not come yet, or came and was not taken up.
struct Turn<'a> {
    budget: &'a Arc<Budget>,
    key: Key,
    granted: oneshot::Receiver<()>,
}

pub(super) async fn wait(budget: &Arc<Budget>, claim: &Claim, queue: Queue) -> Result<Permit, Refused> {
    let key = claim.key.clone();
    let granted = match budget.counts.add_or_wait(&key, claim.most, queue.longest) {
        Claimed::Taken => return Ok(Permit::of(Arc::clone(budget), key, 1)),
        Claimed::QueueFull => return Err(budget.refuse(queue.limit)),
        Claimed::Later(granted) => granted,
    };
    // A guard, because this future may be dropped at the await below, with the place already granted to it.
    let mut turn = Turn { budget, key, granted };
    let waited = Box::pin(tokio::time::timeout(queue.patience, &mut turn.granted)).await;
    if let Ok(Ok(())) = waited {
        // The grant has been received, so that dropping `turn` finds none to give back: the permit has it.
        return Ok(Permit::of(Arc::clone(budget), turn.key.clone(), 1));
    }
    Err(budget.refuse(claim.key.limit()))
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Closed first: a place that is given from here on goes to the next. One that was given before is ours to give
        // back.
        self.granted.close();
        if self.granted.try_recv().is_ok() {
            self.budget.counts.give_back(&self.key, 1);
        } else {
            self.budget.counts.forget_left(&self.key);
        }
    }
}
