//! Limits on attempts to sign in: per address, and per user name from one address.
//!
//! In come an address and a user name, out comes whether an attempt may be made. Each is a GCRA: so many attempts at once,
//! refilled evenly over the window. A user name has a budget of its own for every address, so that nobody can lock a
//! user out who comes from elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::listener::Neighbourhood;

/// The attempts of the last window.
#[derive(Debug, Default)]
pub struct Guard {
    attempts: Mutex<HashMap<Key, Timestamp>>,
}

/// How many attempts there may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// In the window, from one address.
    pub per_address: u32,
    /// In the window, for one user name from one address.
    pub per_user: u32,
    /// The window.
    pub window: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(Neighbourhood),
    User(Neighbourhood, String),
}

impl Guard {
    /// Counts an attempt, or says how long to wait for the next one.
    pub fn attempt(&self, client: IpAddr, username: &str, budget: Budget, now: Timestamp) -> Result<(), Duration> {
        let client = Neighbourhood::from(client);
        let keys = [(Key::Address(client), budget.per_address), (Key::User(client, folded(username)), budget.per_user)];
        let mut attempts = self.lock();
        if attempts.len() >= MOST_KEYS {
            attempts.retain(|_, full_again| *full_again > now);
        }
        let next = keys.map(|(key, limit)| {
            let full_again = attempts.get(&key).copied().unwrap_or_default().max(now);
            (key, full_again.saturating_add(budget.window / limit.max(1)))
        });
        let wait = next.iter().map(|(_, then)| then.saturating_since(now).saturating_sub(budget.window)).max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        // Full of addresses that all made attempts within the window: new ones are not remembered before old ones are
        // forgotten, which is safe, since a guess still costs a bcrypt and those are two at a time.
        if attempts.len() < MOST_KEYS {
            attempts.extend(next);
        }
        Ok(())
    }

    /// The right password clears what that user's typing errors from there have used up.
    pub fn succeeded(&self, client: IpAddr, username: &str) {
        self.lock().remove(&Key::User(client.into(), folded(username)));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Timestamp>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is remembered at most: some megabytes.
const MOST_KEYS: usize = 50_000;

/// Spellings of one name count together; a long name is no way to fill the memory.
fn folded(username: &str) -> String {
    username.trim().chars().take(64).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { per_address: 6, per_user: 3, window: Duration::from_mins(1) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1000)
    }

    fn tries(guard: &Guard, ip: &str, name: &str, now: Timestamp) -> usize {
        (0..100).take_while(|_| guard.attempt(ip.parse().unwrap(), name, BUDGET, now).is_ok()).count()
    }

    #[test]
    fn a_user_name_and_an_address_have_their_budgets() {
        let guard = Guard::default();
        assert_eq!(tries(&guard, "192.0.2.1", "alice", at(0)), 3);
        assert_eq!(tries(&guard, "192.0.2.1", " ALICE", at(0)), 0);
        assert_eq!(tries(&guard, "192.0.2.1", "bob", at(0)), 3);
        assert_eq!(tries(&guard, "192.0.2.1", "carol", at(0)), 0, "the address has used up its own");
    }

    #[test]
    fn nobody_is_locked_out_from_elsewhere() {
        let guard = Guard::default();
        tries(&guard, "192.0.2.1", "alice", at(0));
        assert_eq!(tries(&guard, "192.0.2.2", "alice", at(0)), 3);
        assert_eq!(tries(&guard, "2001:db8::1", "alice", at(0)), 3);
        assert_eq!(tries(&guard, "2001:db8::2", "alice", at(0)), 0, "the same /64");
    }

    #[test]
    fn attempts_come_back_one_by_one() {
        let guard = Guard::default();
        tries(&guard, "192.0.2.1", "alice", at(0));
        let wait = guard.attempt("192.0.2.1".parse().unwrap(), "alice", BUDGET, at(0)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(20));
        assert_eq!(tries(&guard, "192.0.2.1", "alice", at(19)), 0);
        assert_eq!(tries(&guard, "192.0.2.1", "alice", at(20)), 1);
        assert_eq!(tries(&guard, "192.0.2.1", "alice", at(200)), 3);
    }

    #[test]
    fn the_right_password_forgives_wrong_ones() {
        let guard = Guard::default();
        tries(&guard, "192.0.2.1", "alice", at(0));
        guard.succeeded("192.0.2.1".parse().unwrap(), "Alice");
        assert_eq!(tries(&guard, "192.0.2.1", "alice", at(0)), 3);
    }
}
