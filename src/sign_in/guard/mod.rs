//! Limits on attempts to sign in: per address, and per user name from one address (S-96).
//!
//! An attempt is counted for the address and for the user name from that address, whichever way of signing in asks. A
//! user name has a budget of its own for every address, and no budget of its own beside that: nobody can lock out a
//! user who comes from elsewhere. Whoever goes on trying is banned for a while.
//!
//! Tallies are kept in memory, bans in a file beside the sessions', and both in Redis when proxies share that: a ban by
//! one proxy is a ban by all.

mod attempts;
mod file;
mod here;
mod key;
#[cfg(feature = "redis-store")]
mod shared;
mod tally;

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::{SessionStore, SignIn};
use crate::session::{Sessions, StoreAway};
use crate::telemetry::SignInOutcome;
pub use attempts::Attempts;
use here::Here;
use key::Key;
use tally::{Tally, Verdict};

/// The attempts of the last window, and who is banned.
#[derive(Debug)]
pub struct Guard(GuardStore);

#[derive(Debug)]
enum GuardStore {
    Here(Here),
    #[cfg(feature = "redis-store")]
    Shared(shared::Shared),
}

/// How many attempts there may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// In the window, from one address.
    pub per_address: u32,
    /// In the window, for one user name from one address.
    pub per_user: u32,
    /// The time over which the attempts are counted.
    pub window: Duration,
    /// How long the first ban lasts; each further one twice as long as the one before.
    pub ban: Duration,
    /// How long any ban lasts at most.
    pub longest_ban: Duration,
}

/// What the configuration says.
impl From<&SignIn> for Budget {
    fn from(settings: &SignIn) -> Self {
        Self {
            per_address: settings.attempts_per_address,
            per_user: settings.attempts_per_user,
            window: settings.window,
            ban: settings.ban,
            longest_ban: settings.longest_ban,
        }
    }
}

/// Why an attempt may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// No attempt is left for this long.
    TooMany(Duration),
    /// The client is banned, for this long.
    Banned(Duration),
    /// What the proxies have counted together cannot be asked.
    Away,
}

/// A ban, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// The address, or the first one of its /64.
    pub address: IpAddr,
    /// The user name as it was typed; none is every name from there.
    pub user: Option<String>,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// Whose bans are to be lifted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Every ban and tally.
    All,
    /// Of this address, and of all names from there.
    Address(IpAddr),
    /// Of this name from this address.
    User(IpAddr, String),
}

impl Guard {
    /// The guard that belongs to this store: it remembers what the store's sessions outlive. Blocks on its file.
    pub fn open(store: &SessionStore, sessions: &Sessions) -> Self {
        #[cfg(feature = "redis-store")]
        if let Some(shared_kv) = sessions.shared_kv() {
            return Self(GuardStore::Shared(shared::Shared::new(shared_kv)));
        }
        #[cfg(not(feature = "redis-store"))]
        let _ = sessions;
        Self(GuardStore::Here(match store {
            SessionStore::File(path) => Here::open(path.with_extension("bans")),
            SessionStore::Memory | SessionStore::Redis(_) => Here::default(),
        }))
    }

    /// Counts an attempt, or says why it may not be made.
    pub async fn attempt(&self, client: IpAddr, username: &str, budget: Budget, now: Timestamp) -> Result<(), Turned> {
        let keys = [Key::address(client), Key::user(client, username)];
        match &self.0 {
            GuardStore::Here(here) => here.attempt(keys, &budget, now).await,
            #[cfg(feature = "redis-store")]
            GuardStore::Shared(shared) => shared.attempt(keys, &budget, now).await,
        }
    }

    /// The right password clears what that user's typing errors from there have used up.
    pub async fn succeeded(&self, client: IpAddr, username: &str) {
        let whose = Whose::User(client, username.to_owned());
        if let Err(StoreAway) = self.lift(&whose).await {
            tracing::debug!("what was counted of a user who is in now is forgotten a little later");
        }
    }

    /// All bans that have not ended.
    pub async fn bans(&self, now: Timestamp) -> Result<Vec<Ban>, StoreAway> {
        match &self.0 {
            GuardStore::Here(here) => Ok(here.bans(now)),
            #[cfg(feature = "redis-store")]
            GuardStore::Shared(shared) => shared.bans(now).await,
        }
    }

    /// Forgets what was counted, bans included; says how much that was.
    pub async fn lift(&self, whose: &Whose) -> Result<usize, StoreAway> {
        match &self.0 {
            GuardStore::Here(here) => Ok(here.lift(whose).await),
            #[cfg(feature = "redis-store")]
            GuardStore::Shared(shared) => shared.lift(whose).await,
        }
    }
}

/// Both tallies after an attempt, address first, and what it meets. What is refused by one is not taken off the other.
fn judge([address, user]: [Tally; 2], budget: &Budget, now: Timestamp) -> ([Tally; 2], [Verdict; 2]) {
    let (next_address, by_address) = address.attempt(budget.per_address, budget, now);
    let (next_user, by_user) = user.attempt(budget.per_user, budget, now);
    let verdicts = [by_address, by_user];
    if verdicts == [Verdict::Allowed; 2] {
        return ([next_address, next_user], verdicts);
    }
    // The one that refused keeps its strike, and the other its attempts: a user who mistypes must not use up the
    // address.
    let refused = |next, before, verdict| if verdict == Verdict::Allowed { before } else { next };
    ([refused(next_address, address, by_address), refused(next_user, user, by_user)], verdicts)
}

/// What the client is told, and a line in the log for a ban that begins.
fn conclude(keys: &[Key; 2], verdicts: [Verdict; 2]) -> Result<(), Turned> {
    let mut told: Result<(), Turned> = Ok(());
    for (key, verdict) in keys.iter().zip(verdicts) {
        let turned = match verdict {
            Verdict::Allowed => continue,
            Verdict::Wait(wait) => Turned::TooMany(wait),
            Verdict::Banned { left, begun } => {
                if begun && !left.is_zero() {
                    let (address, user) = (key.address, key.user.as_deref().unwrap_or("*"));
                    tracing::warn!(%address, user, seconds = left.as_secs(), "banned from signing in");
                }
                Turned::Banned(left)
            }
        };
        told = match told {
            // The stricter of the two: a banned client that is told of a short wait would try again and make the ban
            // longer.
            Err(before) if before.rank() >= turned.rank() => Err(before),
            _ => Err(turned),
        };
    }
    told
}

impl Turned {
    /// The longest wait, as `Retry-After` says it; none when it is not known.
    pub fn wait(self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) | Self::Banned(wait) => Some(wait),
            Self::Away => None,
        }
    }

    /// As the audit log and the page have it.
    pub fn outcome(self) -> SignInOutcome {
        match self {
            Self::TooMany(_) => SignInOutcome::TooManyAttempts,
            Self::Banned(_) => SignInOutcome::Banned,
            Self::Away => SignInOutcome::Unavailable,
        }
    }

    fn rank(self) -> (bool, Duration) {
        (matches!(self, Self::Banned(_)), self.wait().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
