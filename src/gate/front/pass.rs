//! A pass at the front: a key of ours, in whose place Home Assistant is shown a token of the user for whom it was made.
//!
//! Home Assistant knows nothing of passes. What they are held to is held here alone, so that the token must never come
//! to whoever shows the pass, nor to anything that is not filtered.

use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::authorization::Permitted;
use crate::gate::stages::Stages;
use crate::gate::{Gate, api_key};
use crate::home_assistant::TokenType;
use crate::http::Sanitized;
use crate::ids::UserId;
use crate::refusal::Reason;
use crate::secret::Secret;
use crate::session::{AccessToken, ApiKey, ApiKeyToken, Issuer, is_signed, shown_key};

/// The key that a request shows; nothing where it shows none.
pub(super) async fn shown(request: &Sanitized, gate: &Gate, stages: &Stages) -> Option<Result<Arc<ApiKey>, Reason>> {
    Some(match shown_key(request)? {
        // Home Assistant would go by the signature.
        Ok(_) if is_signed(request.query()) => Err(Reason::AmbiguousCredentials),
        Ok(token) => api_key::judge(token, request, stages, gate.services()).await,
        Err(reason) => Err(reason),
    })
}

/// The same of what a WebSocket's first message shows in the place of a token.
pub(super) async fn shown_text(
    text: &str,
    request: &Sanitized,
    gate: &Gate,
    stages: &Stages,
) -> Option<Result<Arc<ApiKey>, Reason>> {
    let token = ApiKeyToken::parse(text.as_bytes())?;
    Some(api_key::judge(token, request, stages, gate.services()).await)
}

/// Puts the user's token in the place of a pass, where one was shown.
pub(super) fn present(permitted: &mut Permitted, gate: &Gate) -> Result<(), Reason> {
    if let Some(token) = token(permitted, gate)? {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
        let mut value = value.map_err(|_| Reason::BadToken)?;
        value.set_sensitive(true);
        permitted.routed_mut().request_mut().set_header(AUTHORIZATION, value);
    }
    Ok(())
}

/// What Home Assistant is to be shown in the place of a pass; nothing where none was shown.
pub(super) fn token(permitted: &Permitted, gate: &Gate) -> Result<Option<Secret<String>>, Reason> {
    let (Some(_), Some(user)) = (permitted.within(), permitted.user()) else { return Ok(None) };
    let issued = issue(gate, &user.id);
    if issued.is_none() {
        tracing::warn!(user = %user.id, "a pass cannot be used: its user is signed in nowhere at Home Assistant");
    }
    issued.ok_or(Reason::BadKey).map(Some)
}

/// Whether a pass of this user could be used: they are signed in somewhere, and Home Assistant's file says how.
pub(crate) fn is_usable(gate: &Gate, user: &UserId) -> bool {
    issue(gate, user).is_some()
}

/// A token of this user, by one of the refresh tokens that they have at this moment.
fn issue(gate: &Gate, user: &UserId) -> Option<Secret<String>> {
    let (snapshot, now) = (gate.services.home.load().snapshot()?, gate.services.clock.now());
    let theirs = snapshot.auth().refresh_tokens().iter().filter(|token| token.user_id == *user);
    let mut people = theirs.filter(|token| token.token_type != TokenType::System);
    people.find_map(|token| {
        let key = token.jwt_key.reveal().as_bytes();
        let issuer = Issuer { user: &token.user_id, key, expire_at: token.expire_at };
        AccessToken::issue(&token.id, &issuer, now)
    })
}
