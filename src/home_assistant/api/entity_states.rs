//! The states of a few entities over the WebSocket (`subscribe_entities`): all of them at first, and then each change.
//!
//! What is not understood ends the connection: a change that was missed would leave a state that is not so any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::client::Api;
use super::error::ApiError;
use super::socket::Socket;
use crate::conditions::EntityStates;
use crate::config::SecretText;
use crate::ids::EntityId;

/// An open subscription to some entities.
pub(in crate::home_assistant) struct StateSubscription {
    socket: Socket,
    id: u64,
    entities: BTreeSet<EntityId>,
    states: EntityStates,
}

impl Api {
    /// Subscribes to the states of these entities, and waits until all of them were said.
    pub(in crate::home_assistant) async fn entity_states(
        &self,
        token: &SecretText,
        entities: &BTreeSet<EntityId>,
    ) -> Result<StateSubscription, ApiError> {
        let opening = async {
            let mut socket = self.socket(token, None, LARGEST).await?;
            let ids: Vec<&str> = entities.iter().map(EntityId::as_str).collect();
            let id = socket.begin(json!({ "type": "subscribe_entities", "entity_ids": ids })).await?;
            let mut made = StateSubscription { socket, id, entities: entities.clone(), states: EntityStates::new() };
            // Its first event has all of them; before that nothing is known, not even that there is none.
            while !made.heard().await? {}
            Ok(made)
        };
        tokio::time::timeout(OPENING, opening).await.unwrap_or(Err(ApiError::TimedOut(OPENING)))
    }
}

impl StateSubscription {
    /// The states as they are known: those that Home Assistant does not know are left out.
    pub(in crate::home_assistant) fn states(&self) -> EntityStates {
        let is_known = |state: &str| !UNKNOWN.contains(&state);
        let known = self.states.iter().filter(|(_, state)| is_known(state));
        known.map(|(entity, state)| (entity.clone(), state.clone())).collect()
    }

    /// Waits for the next change. While there is none, Home Assistant is asked whether it is still there.
    pub(in crate::home_assistant) async fn changed(&mut self) -> Result<(), ApiError> {
        loop {
            match tokio::time::timeout(QUIET, self.heard()).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    self.socket.begin(json!({ "type": "ping" })).await?;
                    // Whatever comes is a sign of life.
                    let answered = tokio::time::timeout(QUIET, self.heard()).await;
                    if answered.unwrap_or(Err(ApiError::TimedOut(QUIET)))? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes up the next message; says whether it was about states. Cancelling it loses nothing.
    async fn heard(&mut self) -> Result<bool, ApiError> {
        let Some(text) = self.socket.event(self.id).await? else { return Ok(false) };
        let Told { event } = serde_json::from_str(&text).map_err(|_| ApiError::Garbage("an event"))?;
        for (entity, now) in event.a {
            self.set(&entity, now.s);
        }
        for (entity, change) in event.c {
            // A change of its attributes alone says nothing of its state.
            if let Some(state) = change.plus.and_then(|plus| plus.s) {
                self.set(&entity, state);
            }
        }
        for entity in event.r {
            self.states.retain(|known, _| known.as_str() != entity);
        }
        Ok(true)
    }

    fn set(&mut self, entity: &str, state: String) {
        // No others are kept, whatever is sent.
        if let Some(asked) = self.entities.iter().find(|asked| asked.as_str() == entity) {
            self.states.insert(asked.clone(), state);
        }
    }
}

#[derive(Deserialize)]
struct Told {
    event: Event,
}

/// Home Assistant's short form: what is there, what changed, what was removed.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    a: BTreeMap<String, Now>,
    #[serde(default)]
    c: BTreeMap<String, Change>,
    #[serde(default)]
    r: Vec<String>,
}

#[derive(Deserialize)]
struct Now {
    s: String,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "+")]
    plus: Option<Plus>,
}

#[derive(Deserialize)]
struct Plus {
    s: Option<String>,
}

/// What Home Assistant says of a state that it does not know.
const UNKNOWN: [&str; 2] = ["unknown", "unavailable"];

/// A hundred entities with long attributes.
const LARGEST: usize = 4 << 20;

/// How long there may be no word before Home Assistant is asked for one, and how long that may take: together they are
/// for how long a state counts that nobody confirms.
const QUIET: Duration = Duration::from_secs(4);

/// From dialling to the first states.
const OPENING: Duration = Duration::from_secs(5);
