//! Holds an add-on's calls to Home Assistant to the entities of a group's policy.
//!
//! Everything about other entities is taken out of what the add-on sends and what Home Assistant answers, or the
//! message is refused. Pure: what an entity is allowed is an argument, asked anew for every message, so that a changed
//! policy holds from the next one on. What is not understood is refused on the way in and dropped on the way back: Home
//! Assistant will learn new messages, and none of them may pass by not being known here.

mod pending_answers;
pub(crate) mod bounded_json;
pub(crate) mod browser;
mod conditions;
mod conversation;
mod domains;
mod entity_references;
mod ingress;
pub(crate) mod message_types;
mod rest;
mod results;
mod service_call;
mod shown_entities;
mod state;
mod targets;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use browser::Places;
pub(crate) use conversation::MOST_MESSAGES;
pub use conversation::{Conversation, HomeNow, Step};
pub use ingress::{IngressNow, Tells, TellsOfBoth};
pub use rest::{RestCall, RestRefusal, Shape};
pub use service_call::{ServiceCall, ServiceRefusal};
pub use shown_entities::Revision;
pub use targets::TargetsNow;

/// What may be done with an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Its state may be seen.
    Read,
    /// Services may be called on it.
    Control,
}

impl Access {
    /// The access key that the permission engine has for it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Control => "control",
        }
    }
}

/// Whether the add-on may do this with this entity.
pub type May<'a> = &'a dyn Fn(&str, Access) -> bool;

#[cfg(test)]
mod tests;
