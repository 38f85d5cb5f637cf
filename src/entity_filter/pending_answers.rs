//! What an add-on has asked and what is open of it, in bounded numbers: a message beyond them is refused, and nothing
//! else ends.
//!
//! The id of a result or an event leads back to what was asked. A message waits until its result; a subscription is
//! open from then on until it is ended. Of a type that the operator added we may not know whether it is a subscription:
//! such a message gives its place up, the oldest first, as long as it has brought no event.

use std::collections::{BTreeSet, HashMap};

use super::browser::Told;
use super::ingress::IngressAsk;
use crate::entity_filter::message_types::Answers;

/// What a message asked for, which says how its answers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingAnswer {
    /// An answer without content.
    Nothing,
    States,
    Service,
    Changes,
    Entities,
    /// An answer to a browser, filtered so; and how often it comes.
    Told(Told, Answers),
    /// An answer about an add-on in Home Assistant's own pages.
    Ingress(IngressAsk),
    /// Events that say that something has changed, and not what.
    Quiet,
    /// The end of another one.
    End(u64),
    Unfiltered(Answers),
}

/// All that was asked and is not over.
#[derive(Debug, Default)]
pub(super) struct PendingAnswers {
    waiting: HashMap<u64, PendingAnswer>,
    open: HashMap<u64, PendingAnswer>,
    /// Those of the open ones that may be over.
    silent: BTreeSet<u64>,
}

impl PendingAnswers {
    /// Notes what is asked, if there is room for it.
    pub(super) fn asks(&mut self, id: u64, asked: PendingAnswer) -> bool {
        // What frees places, and what tells whether anybody is there, has a reserve of its own.
        let most =
            if matches!(asked, PendingAnswer::Nothing | PendingAnswer::End(_)) { MOST.saturating_mul(2) } else { MOST };
        // Never more than the limit waits, so that an add-on that asks without reading answers cannot fill our memory.
        let room = self.waiting.len() < most && (!asked.opens_subscription() || self.has_place());
        if room {
            self.waiting.insert(id, asked);
        }
        room
    }

    /// What an event belongs to.
    pub(super) fn event(&mut self, id: u64) -> Option<PendingAnswer> {
        self.silent.remove(&id);
        self.waiting.get(&id).or_else(|| self.open.get(&id)).copied()
    }

    /// What a failed result or a pong belongs to. There is one answer for each message.
    pub(super) fn ended(&mut self, id: u64) -> Option<PendingAnswer> {
        // An id that was not asked for has no answer: what Home Assistant sends under it is dropped.
        self.waiting.remove(&id)
    }

    /// What a result belongs to that says that it succeeded: only then a subscription has begun, or has ended.
    pub(super) fn succeeded(&mut self, id: u64) -> Option<PendingAnswer> {
        let asked = self.ended(id)?;
        if let PendingAnswer::End(other) = asked {
            self.close(other);
        }
        if asked.opens_subscription() {
            self.open.insert(id, asked);
            if asked == PendingAnswer::Unfiltered(Answers::Unknown) {
                self.silent.insert(id);
            }
        }
        Some(asked)
    }

    /// Whether one more may become a subscription, with all that wait.
    fn has_place(&mut self) -> bool {
        let coming = self.waiting.values().filter(|asked| asked.opens_subscription()).count();
        while self.open.len().saturating_add(coming) >= MOST {
            let Some(oldest) = self.silent.first().copied() else { return false };
            self.close(oldest);
        }
        true
    }

    fn close(&mut self, id: u64) {
        self.open.remove(&id);
        self.silent.remove(&id);
    }
}

impl PendingAnswer {
    /// Whether its events may come under its id after its result.
    const fn opens_subscription(self) -> bool {
        match self {
            Self::Changes
            | Self::Entities
            | Self::Quiet
            | Self::Unfiltered(Answers::Events | Answers::Unknown)
            | Self::Told(_, Answers::Events | Answers::Unknown) => true,
            Self::Nothing
            | Self::States
            | Self::Service
            | Self::Ingress(_)
            | Self::End(_)
            | Self::Unfiltered(Answers::Once)
            | Self::Told(_, Answers::Once) => false,
        }
    }
}

/// Messages that wait for their result, and subscriptions that are open.
pub(super) const MOST: usize = 1024;
