//! How often add-ons may ask: each add-on, each address, and each add-on for one user name from one address.
//!
//! Only guesses count. What an add-on knows already it may say as often as it likes, or a broker with thirty devices
//! would turn away half of them after every restart.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::{Addon, SignIn};
use crate::home_assistant::one_spelling;
use crate::sign_in::{Attempts, Budget, Turned};

/// What was asked in the last window.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    /// By user name and address.
    people: Attempts,
    /// By add-on, so that one that guesses does not use up what others have.
    addons: Attempts,
}

/// Who asks, and for whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess<'a> {
    pub(super) addon: &'a Addon,
    pub(super) client: IpAddr,
    pub(super) username: &'a str,
    pub(super) limits: &'a SignIn,
}

impl Guesses {
    /// Counts a guess, or says how long to wait for the next one.
    pub(super) async fn admit(&self, guess: Guess<'_>, now: Timestamp) -> Result<(), Duration> {
        let turned = |turned| guess.wait(turned);
        self.addons.attempt(EVERYWHERE, guess.addon.slug.as_str(), guess.whole(), now).await.map_err(turned)?;
        let asked = self.people.attempt(guess.client, &guess.name(), guess.budget(), now).await;
        if asked.is_err() {
            // What is refused to one is not taken off the other.
            self.addons.give_back(EVERYWHERE, guess.addon.slug.as_str(), guess.whole());
        }
        asked.map_err(turned)
    }

    /// It was no attempt at guessing: the answer told the caller nothing new.
    pub(super) fn give_back(&self, guess: Guess<'_>) {
        self.addons.give_back(EVERYWHERE, guess.addon.slug.as_str(), guess.whole());
        self.people.give_back(guess.client, &guess.name(), guess.budget());
    }

    /// The same for new passwords, of which an add-on has as many as it has guesses.
    pub(super) async fn admit_reset(&self, guess: Guess<'_>, now: Timestamp) -> Result<(), Duration> {
        let name = format!("reset/{}", guess.addon.slug);
        self.addons.attempt(EVERYWHERE, &name, guess.whole(), now).await.map_err(|turned| guess.wait(turned))
    }
}

impl Guess<'_> {
    /// How many attempts there are for one address, and for one user name from there.
    fn budget(self) -> Budget {
        Budget {
            per_address: self.limits.attempts_per_address,
            per_user: self.limits.attempts_per_user,
            window: self.limits.window,
            // An add-on that guesses waits; a ban would hit everyone who uses it.
            ban: Duration::ZERO,
            longest_ban: Duration::ZERO,
        }
    }

    /// How many attempts the add-on has in all; it is counted as a name of its own.
    fn whole(self) -> Budget {
        // All add-ons are counted under one address, so that only the name may limit here.
        Budget { per_address: u32::MAX, per_user: self.limits.attempts_per_address, ..self.budget() }
    }

    /// The name in one spelling. Trimmed first, because behind the slug its leading spaces would stand in the middle.
    fn name(self) -> String {
        format!("{}/{}", self.addon.slug, one_spelling(self.username))
    }

    fn wait(self, turned: Turned) -> Duration {
        match turned {
            Turned::TooMany(wait) | Turned::Banned(wait) => wait,
            Turned::Away => self.limits.window,
        }
    }
}

/// The address under which add-ons are counted, wherever they ask from.
const EVERYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
