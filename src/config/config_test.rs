//! `[[test]]`: a decision that the operator expects, and what was decided instead.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::ids::EntityId;

/// A case: may this user do this?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigTest {
    /// A user name or a user id.
    pub user: String,
    /// What they ask for.
    pub subject: ConfigTestSubject,
    /// The client's address; where nothing is said, one of the local network.
    pub from: Option<IpAddr>,
    /// When, as `2026-12-24 20:00`; where nothing is said, at no time in particular.
    pub at: Option<String>,
    /// The states of entities; no other one is known.
    pub states: BTreeMap<EntityId, String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigTestSubject {
    /// To use an entity; any text, as with `explain`.
    Entity {
        /// The entity.
        entity: String,
        /// The access key.
        access: String,
    },
    /// To send a request.
    Request {
        /// Its method.
        method: String,
        /// Its address: a path, or a URL when the host matters.
        url: String,
        /// Whether it asks for a WebSocket.
        websocket: bool,
        /// Its body, where there is one: JSON text.
        body: Option<String>,
        /// The `Origin` that it names, or `none`; where nothing is said, the add-on's own.
        origin: Option<String>,
        /// With an access token instead of a session.
        token: bool,
        /// After a sign-in of a moment ago.
        fresh: bool,
        /// With a second factor shown.
        second_factor: bool,
        /// Its `Depth`; where nothing is said, none.
        depth: Option<String>,
        /// Its `Destination`; where nothing is said, none.
        destination: Option<String>,
    },
}

/// What was decided about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Permitted, and why.
    Permit(String),
    /// Refused, and why.
    Deny(String),
    /// It cannot be decided: there is no such user, or no such method.
    Mistaken(String),
}
