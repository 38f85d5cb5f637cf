//! Attempts that are no sign-ins here: counted in this process alone, and given back when they cost nobody anything.

use std::net::IpAddr;

use super::here::Here;
use super::key::Key;
use super::{Budget, Turned};
use crate::clock::Timestamp;

/// The attempts of the last window. A restart forgets them.
#[derive(Debug, Default)]
pub struct Attempts(Here);

impl Attempts {
    /// Counts an attempt, or says why it may not be made.
    pub async fn attempt(&self, client: IpAddr, username: &str, budget: Budget, now: Timestamp) -> Result<(), Turned> {
        self.0.attempt([Key::address(client), Key::user(client, username)], &budget, now).await
    }

    /// Gives one attempt back that was counted with this budget: a right password is no guess, however often it is
    /// sent.
    pub fn give_back(&self, client: IpAddr, username: &str, budget: Budget) {
        self.0.give_back(&[Key::address(client), Key::user(client, username)], &budget);
    }
}
