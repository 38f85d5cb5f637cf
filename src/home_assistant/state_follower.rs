//! Following the states that conditions ask for, over Home Assistant's API.
//!
//! While it is followed, the table of the [`Environment`](crate::conditions::Environment) is what Home Assistant said
//! last. As soon as the connection ends, or is silent for too long, no state is known any more. It must never keep a
//! state that nobody confirms.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::api::{Api, ApiError};
use super::home::HomeAssistant;
use crate::conditions::EntityStates;
use crate::config::FollowedStates;
use crate::telemetry::chain;

impl HomeAssistant {
    /// Follows these states until it is told to stop. The table stays as it is then: who follows next replaces it.
    pub async fn follow_states(self: Arc<Self>, followed: FollowedStates, stop: CancellationToken) {
        let Some(api) = self.api().cloned() else { return };
        stop.run_until_cancelled(self.follow_states_for_ever(&api, &followed)).await;
    }

    /// Nobody asks for a state any more.
    pub fn forget_states(&self) {
        self.environment().states().replace(EntityStates::new());
    }

    async fn follow_states_for_ever(&self, api: &Api, followed: &FollowedStates) {
        let mut pause = SHORTEST;
        let mut told = false;
        loop {
            let error = self.follow_states_once(api, followed, &mut pause, &mut told).await;
            self.forget_states();
            // Each outage is told once.
            if !std::mem::replace(&mut told, true) {
                let why = chain(&error).to_string();
                tracing::error!(%why, "states cannot be followed: what `when` asks for is refused until they can");
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST);
        }
    }

    /// Until the connection ends, which it does with an error.
    async fn follow_states_once(
        &self,
        api: &Api,
        followed: &FollowedStates,
        pause: &mut Duration,
        told: &mut bool,
    ) -> ApiError {
        let mut there = match api.entity_states(&followed.token, &followed.entities).await {
            Ok(there) => there,
            Err(error) => return error,
        };
        tracing::info!(entities = followed.entities.len(), "states are followed");
        (*pause, *told) = (SHORTEST, false);
        loop {
            self.environment().states().replace(there.states());
            if let Err(error) = there.changed().await {
                return error;
            }
        }
    }
}

/// The pause after a failure, at first and at most.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);
