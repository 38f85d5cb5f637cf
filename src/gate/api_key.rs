//! The key of a program: found by its digest, and counted as a guess where there has never been one like it.

use std::sync::Arc;

use super::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::refusal::Reason;
use crate::session::{ApiKey, ApiKeyToken, FoundKey};
use crate::sign_in::Budget;

/// The key behind what a request shows, if it counts.
pub(super) async fn judge(
    token: ApiKeyToken,
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
) -> Result<Arc<ApiKey>, Reason> {
    match services.api_keys.find(token.digest())? {
        FoundKey::Live(key) => Ok(key),
        // The program of a key that has ended asks on until somebody tells it. That must not ban whoever is behind the
        // same address.
        FoundKey::Over => Err(Reason::BadKey),
        FoundKey::Unknown => {
            let (client, budget) = (request.client().ip(), Budget::from(&stages.settings.sign_in));
            let counted = services.guard.attempt(client, AS_USER, budget, services.clock.now()).await;
            // The answer is the same whether the key would be right or not: it is not.
            Err(if counted.is_ok() { Reason::BadKey } else { Reason::ShareSpent })
        }
    }
}

/// The name under which guessed keys are counted and banned beside the address; `vestibule bans list` shows it.
const AS_USER: &str = "a key";
