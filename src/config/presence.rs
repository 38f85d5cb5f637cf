//! `[presence]`: what Home Assistant is told, and what people can do about it.

use std::time::Duration;

use super::secret_text::SecretText;

/// `[presence]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presence {
    /// The types of events that are told; none tells nothing.
    pub events: Vec<PresenceEvent>,
    /// An administrator's long-lived token; there when anything is told.
    pub token: Option<SecretText>,
    /// For how long the link that ends a session is good; `None` makes none.
    pub not_me: Option<Duration>,
    /// Whether there are entities for sessions and add-ons.
    pub entities: bool,
    /// How long before its end a certificate is told of.
    pub certificate_warning: Duration,
}

/// A type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceEvent {
    /// Somebody has signed in.
    SignIn,
    /// Somebody has signed in with a device that they were not seen with before.
    NewDevice,
    /// Too many attempts to sign in came from an address.
    Throttled,
    /// An address is banned.
    Banned,
    /// A user was refused.
    Refused,
    /// A user asks for what was refused.
    AccessAsked,
    /// Somebody has ended a session with the link of an event.
    NotMe,
    /// A certificate ends soon.
    Certificate,
}

impl PresenceEvent {
    /// All of them, with their words in the configuration and in events.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("sign_in", Self::SignIn),
        ("new_device", Self::NewDevice),
        ("throttled", Self::Throttled),
        ("banned", Self::Banned),
        ("refused", Self::Refused),
        ("access_asked", Self::AccessAsked),
        ("not_me", Self::NotMe),
        ("certificate", Self::Certificate),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, event)| *event == self).map_or("", |(word, _)| word)
    }
}

impl Presence {
    /// Whether this is told.
    pub fn tells(&self, event: PresenceEvent) -> bool {
        self.events.contains(&event)
    }

    /// Whether anything is told at all.
    pub fn is_on(&self) -> bool {
        !self.events.is_empty() || self.entities
    }
}
