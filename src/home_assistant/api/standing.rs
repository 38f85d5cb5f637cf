//! How it stands with Home Assistant's API: told to the operator when it changes, and shown by `vestibule status`.

use std::sync::{Mutex, PoisonError};

use super::error::{ApiError, Refusal};
use crate::config::HomeApi;
use crate::telemetry::chain;

/// How the last call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing has been asked yet.
    #[default]
    Unasked,
    /// It answers.
    Good,
    /// It does not answer, or not as Home Assistant does.
    Unreachable,
    /// It answers 400 to everything that says for whom it is.
    Untrusted,
    /// It does not take the long-lived token, or that one is not an administrator's.
    TokenRefused,
}

/// The standing, and the last that was told.
#[derive(Debug, Default)]
pub(super) struct StandingCell(Mutex<Standing>);

impl StandingCell {
    pub(super) fn get(&self) -> Standing {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a call went. A no to a code or to a user is an answer as good as any.
    pub(super) fn note(&self, error: Option<&ApiError>, settings: &HomeApi) {
        let standing = match error {
            None | Some(ApiError::Refused(_)) => Standing::Good,
            Some(ApiError::Untrusted) => Standing::Untrusted,
            Some(_) => Standing::Unreachable,
        };
        self.set(standing, error, settings);
    }

    /// Notes that the long-lived token is not taken.
    pub(super) fn token_refused(&self, why: Refusal, settings: &HomeApi) {
        self.set(Standing::TokenRefused, Some(&ApiError::Refused(why)), settings);
    }

    fn set(&self, standing: Standing, error: Option<&ApiError>, settings: &HomeApi) {
        let before = {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *told, standing)
        };
        if before == standing {
            return;
        }
        let url = settings.url.to_string();
        let why = error.map(|error| chain(error).to_string()).unwrap_or_default();
        match standing {
            Standing::Unasked => {}
            Standing::Good if before == Standing::Unasked => tracing::info!(%url, "Home Assistant answers"),
            Standing::Good => tracing::info!(%url, "Home Assistant answers again"),
            Standing::Unreachable => tracing::error!(%url, %why, "Home Assistant does not answer"),
            Standing::TokenRefused => tracing::error!(%url, %why, "Home Assistant does not take the long-lived token"),
            Standing::Untrusted => tracing::error!(%url, "{}", UNTRUSTED),
        }
    }
}

/// What is wrong, and what to change where.
pub(super) const UNTRUSTED: &str = "Home Assistant answers 400 to everything, because it does not trust vestibule with \
     X-Forwarded-For: in Home Assistant switch on the use of X-Forwarded-For and add vestibule's address to the trusted \
     proxies (Settings > System > Network; before 2026.11 `use_x_forwarded_for` and `trusted_proxies` under `http:` in \
     configuration.yaml), or set `forward_address = false` under `[home_assistant]` here";
