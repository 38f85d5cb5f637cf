//! What Home Assistant is told without having asked: events and states, with an administrator's token.

use http::{Method, StatusCode};
use serde_json::Value;

use super::client::{Api, Call};
use super::error::{ApiError, Refusal};
use crate::config::SecretText;

impl Api {
    /// Fires an event. [`ApiError::is_final`] when the token is refused.
    pub async fn fire(&self, event_type: &str, data: &Value, token: &SecretText) -> Result<(), ApiError> {
        self.announce(Method::POST, &format!("/api/events/{event_type}"), Some(data), token).await
    }

    /// Sets the state of an entity.
    pub async fn set_state(&self, entity: &str, state: &Value, token: &SecretText) -> Result<(), ApiError> {
        self.announce(Method::POST, &format!("/api/states/{entity}"), Some(state), token).await
    }

    /// Takes an entity away.
    pub async fn remove_state(&self, entity: &str, token: &SecretText) -> Result<(), ApiError> {
        let removed = self.announce(Method::DELETE, &format!("/api/states/{entity}"), None, token).await;
        // It has forgotten it already.
        if matches!(removed, Err(ApiError::Status(StatusCode::NOT_FOUND))) { Ok(()) } else { removed }
    }

    async fn announce(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: &SecretText,
    ) -> Result<(), ApiError> {
        let body = body.map(|value| ("application/json", value.to_string().into()));
        let reply = self.call(Call { method, path, body, client: None, token: Some(token) }).await?;
        match reply.status {
            StatusCode::OK | StatusCode::CREATED => Ok(()),
            StatusCode::UNAUTHORIZED => Err(ApiError::Refused(Refusal::InvalidToken)),
            StatusCode::FORBIDDEN => Err(ApiError::Refused(Refusal::AccessDenied)),
            status => Err(ApiError::Status(status)),
        }
    }
}
