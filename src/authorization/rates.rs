//! How often a user, and all users together, may ask an add-on. Counted when a request was admitted, so that nobody
//! spends what others have by asking for what they may not have.

use std::time::Instant;

use crate::budget::{Holder, Limit, RateClaim, TooOften};
use crate::config::Addon;
use crate::http::BufferLimits;
use crate::identity::User;
use crate::ids::UserId;

/// Whether an admission counts as a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// It does.
    Request,
    /// It is another reading of a request that was counted.
    Reading,
}

/// Counts a request to this add-on by the rates that there are. A WebSocket or a call counts once, when it opens.
pub(super) fn spend(addon: &Addon, user: Option<&User>, limits: BufferLimits<'_>) -> Result<(), TooOften> {
    let transport = &addon.transport;
    let of_user = limits.limits.rate_per_user.filter(|_| user.is_some());
    // Most configurations have none: no clock is read for them, and nothing is locked.
    if transport.rate.is_none() && transport.rate_per_user.is_none() && of_user.is_none() {
        return Ok(());
    }
    let id = user.map_or_else(UserId::anybody, |user| user.id.clone());
    let claim = |limit, holder, rate, burst| RateClaim::new(limit, holder, rate, burst);
    // Strangers have a rate of their own: else whoever finds a public path could spend that of all users.
    let whole = match user {
        Some(_) => Holder::Addon(addon.slug.clone()),
        None => Holder::UserAt(id.shared(), addon.slug.clone()),
    };
    // The add-on's own last: who has spent their share is told so, and takes nothing of what is left for others.
    let claims: Vec<RateClaim> = [
        of_user.map(|rate| claim(Limit::RatePerUser, Holder::User(id.shared()), rate, limits.limits.burst_per_user)),
        transport.rate_per_user.map(|rate| {
            let holder = Holder::UserAt(id.shared(), addon.slug.clone());
            claim(Limit::AddonRatePerUser, holder, rate, transport.burst_per_user)
        }),
        transport.rate.map(|rate| claim(Limit::AddonRate, whole, rate, transport.burst)),
    ]
    .into_iter()
    .flatten()
    .collect();
    limits.budget.spend(&claims, Instant::now())
}
