//! `auth/current_user`: whose token it is.

use serde::Deserialize;

use super::error::ApiError;
use super::socket::Socket;
use crate::ids::UserId;

#[derive(Deserialize)]
struct CurrentUser {
    id: String,
}

impl Socket {
    /// Whose WebSocket it is.
    pub(super) async fn current_user(&mut self) -> Result<UserId, ApiError> {
        let CurrentUser { id } = self.ask("auth/current_user").await?;
        id.parse().map_err(|_| ApiError::Garbage("a user id"))
    }
}
