//! A user's new password, which Home Assistant writes into its own file (2026.11: the WebSocket's command for its
//! owner).

use serde_json::json;

use super::client::Api;
use super::error::ApiError;
use crate::config::SecretText;
use crate::ids::UserId;

impl Api {
    /// Gives a user a new password. `token` must be the owner's: Home Assistant refuses this to all others.
    pub async fn change_password(
        &self,
        token: &SecretText,
        user: &UserId,
        password: &SecretText,
    ) -> Result<(), ApiError> {
        let mut socket = self.socket(token, None, LARGEST).await?;
        let command = json!({
            "type": "config/auth_provider/homeassistant/admin_change_password",
            "user_id": user.as_str(),
            "password": password.reveal(),
        });
        socket.tell(command).await
    }
}

/// Nothing is answered but yes or no.
const LARGEST: usize = 64 * 1024;
