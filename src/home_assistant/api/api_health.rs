//! Whether Home Assistant's API answers us: told to the operator when it changes, and shown by `vestibule status`.

use parking_lot::Mutex;

use super::error::{ApiError, Refusal};
use crate::config::HomeApi;
use crate::telemetry::chain;

/// How the last call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiHealth {
    /// Nothing has been asked yet.
    #[default]
    Unasked,
    /// It answers, and takes what we ask it with.
    Good,
    /// It does not answer, or not as Home Assistant does.
    Unreachable,
    /// It answers 400 to everything that says for whom it is.
    Untrusted,
    /// It does not take the long-lived token, or that one is not an administrator's.
    TokenRefused,
}

/// How the last call went. The operator has been told of it.
#[derive(Debug, Default)]
pub(super) struct ApiHealthCell(Mutex<ApiHealth>);

impl ApiHealthCell {
    pub(super) fn get(&self) -> ApiHealth {
        *self.0.lock()
    }

    /// Notes how a call went. A no to a code or to a user is an answer as good as any.
    pub(super) fn note(&self, error: Option<&ApiError>, settings: &HomeApi) {
        let api_health = match error {
            None | Some(ApiError::Refused(_)) => ApiHealth::Good,
            Some(ApiError::Untrusted) => ApiHealth::Untrusted,
            Some(_) => ApiHealth::Unreachable,
        };
        self.set(api_health, error, settings);
    }

    /// Notes that the long-lived token is not taken.
    pub(super) fn token_refused(&self, why: Refusal, settings: &HomeApi) {
        self.set(ApiHealth::TokenRefused, Some(&ApiError::Refused(why)), settings);
    }

    fn set(&self, api_health: ApiHealth, error: Option<&ApiError>, settings: &HomeApi) {
        // The lock ends here, so that no call waits for a line of the log.
        let before = {
            let mut told = self.0.lock();
            std::mem::replace(&mut *told, api_health)
        };
        if before == api_health {
            return;
        }
        let url = settings.url.to_string();
        let why = error.map(|error| chain(error).to_string()).unwrap_or_default();
        match api_health {
            ApiHealth::Unasked => {}
            ApiHealth::Good if before == ApiHealth::Unasked => tracing::info!(%url, "Home Assistant answers"),
            ApiHealth::Good => tracing::info!(%url, "Home Assistant answers again"),
            ApiHealth::Unreachable => tracing::error!(%url, %why, "Home Assistant does not answer"),
            ApiHealth::TokenRefused => tracing::error!(%url, %why, "Home Assistant does not take the long-lived token"),
            ApiHealth::Untrusted => tracing::error!(%url, "{}", UNTRUSTED),
        }
    }
}

/// What is wrong, and what to change where.
pub(super) const UNTRUSTED: &str = "Home Assistant answers 400 to everything, because it does not trust vestibule with \
     X-Forwarded-For: in Home Assistant switch on the use of X-Forwarded-For and add vestibule's address to the trusted \
     proxies (Settings > System > Network; before 2026.11 `use_x_forwarded_for` and `trusted_proxies` under `http:` in \
     configuration.yaml), or set `forward_address = false` under `[home_assistant]` here";
