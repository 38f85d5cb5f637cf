//! The circumstances that a question supposes: where the client is, when, and in which states of entities.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::clock::Timestamp;
use crate::conditions::{EntityStates, Environment};
use crate::http::ClientAddr;
use crate::ids::{EntityId, TimeZone};

/// What is said of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Supposing {
    /// The client's address. Where nothing is said, one of the local network.
    pub(crate) from: Option<IpAddr>,
    /// When, as text: `2026-12-24 20:00`. Where nothing is said, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// The states of entities. No other one is known.
    #[serde(rename = "state", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) states: BTreeMap<String, String>,
}

/// Why they cannot be supposed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadSupposition {
    /// No moment.
    #[error(transparent)]
    Moment(#[from] crate::ids::BadMoment),
    /// No id of an entity.
    #[error("{0:?} is no entity id, as in \"input_boolean.guest_mode\"")]
    Entity(String),
}

impl Supposing {
    /// The environment; `now` stands for the time where none is said.
    pub(super) fn environment(
        &self,
        zone: Option<&TimeZone>,
        now: Option<Timestamp>,
    ) -> Result<Environment, BadSupposition> {
        let at = match &self.at {
            // Without a zone hours are never met, and the moment need only be one.
            Some(text) => Some(Timestamp::from_millis(zone.unwrap_or(&TimeZone::utc()).moment(text)?)),
            None => now,
        };
        let state = |(entity, state): (&String, &String)| {
            let id: EntityId = entity.parse().map_err(|_| BadSupposition::Entity(entity.clone()))?;
            Ok((id, state.clone()))
        };
        let states = self.states.iter().map(state).collect::<Result<EntityStates, BadSupposition>>()?;
        Ok(Environment::supposed(at, zone.cloned(), states))
    }

    /// Where the client is.
    pub(super) fn client(&self) -> ClientAddr {
        ClientAddr::direct(self.from.unwrap_or(LOCAL))
    }
}

/// Where a client is when the question does not say. The answer says what would differ from elsewhere.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
