//! Whether a call of an add-on is permitted: asked when it comes, and on every beat for as long as its body, its answer
//! or its WebSocket is open.
//!
//! The path and the token that was shown say who asks, or the call is refused. What is open remembers all that it was
//! admitted for: the token's digest, the path, and the right and the group of entities that it uses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::StatusCode;

use super::addon_call::{AddonCall, Uses};
use super::answer::{self, Answer};
use super::api::{AddonApi, Configured};
use super::caller::AddonCaller;
use crate::addon_rights::roles::{ApiPath, Basis, Caller, Refusal, Ruling, rule};
use crate::addon_rights::tokens::TokenDigest;
use crate::config::Addon;
use crate::exchanges::Subject;
use crate::ids::AddonSlug;
use crate::refusal::{Decision, Reason};

impl AddonApi {
    /// Admits a call by its head.
    pub(super) fn admitted(
        &self,
        head: &http::request::Parts,
        token: Option<TokenDigest>,
        configured: &Configured,
    ) -> Result<(AddonCall, Option<AddonCaller>), Box<Answer>> {
        let bad = || Box::new(answer::plain(StatusCode::BAD_REQUEST));
        // The absolute form is for proxies (RFC 9112 section 3.2.2). Its authority would be a second host beside
        // `Host`.
        if head.uri.scheme().is_some() || head.uri.authority().is_some() {
            return Err(bad());
        }
        let path: ApiPath = head.uri.path().parse().map_err(|why| {
            tracing::info!(%why, "a call of the add-on API was refused");
            bad()
        })?;
        match self.asking_for(&path, token.as_ref(), configured) {
            Ok(by) => {
                let slug = by.as_ref().map(|by| by.addon().slug.clone());
                let (uses, is_forwarded) = (OnceLock::new(), AtomicBool::new(false));
                Ok((AddonCall { path, token, by: slug, uses, is_forwarded }, by))
            }
            Err(refusal) => {
                tracing::info!(reason = refusal.label(), "a call of the add-on API was refused");
                Err(Box::new(answer::plain(refusal.status())))
            }
        }
    }

    /// Whether a call that is open would be admitted at this moment, and to the same add-on.
    pub fn admit_again(&self, call: &AddonCall) -> Decision {
        let configured = self.configured();
        let Ok(by) = self.asking_for(&call.path, call.token.as_ref(), &configured) else {
            return Decision::Deny(Reason::BadToken);
        };
        // The same token may have been given to another add-on since.
        if by.as_ref().map(|by| &by.addon().slug) != call.by.as_ref() {
            return Decision::Deny(Reason::BadToken);
        }
        if call.is_forwarded.load(Ordering::Relaxed) && configured.upstream.is_none() {
            return Decision::Deny(Reason::UnknownRoute);
        }
        let still = match call.uses.get() {
            None => true,
            Some(Uses::AuthApi) => by.is_some_and(|by| by.granted().rights().auth_api),
            Some(Uses::OptionsOf(slug)) => by.is_some_and(|by| by.sees_options_of(slug)),
            Some(Uses::HomeAssistantApi { token, by, entities, messages }) => {
                let now = self.entitled(token, &configured).filter(|_| configured.home_assistant.is_some());
                // Held to other entities it must connect anew: what passed before was judged by the old ones.
                now.is_some_and(|now| {
                    now.slug == *by && now.entity_filter.group == *entities && now.entity_filter.messages == *messages
                })
            }
        };
        if still { Decision::Permit } else { Decision::Deny(Reason::AccessDenied) }
    }

    /// The add-on that asks for this path with this token; none where no token is asked for.
    fn asking_for(
        &self,
        path: &ApiPath,
        token: Option<&TokenDigest>,
        configured: &Configured,
    ) -> Result<Option<AddonCaller>, Refusal> {
        let by = token.map(|token| self.asking_with(token, configured));
        let who = match &by {
            None => Caller::Nobody,
            Some(None) => Caller::Unknown,
            Some(Some(by)) => Caller::Addon(by.granted()),
        };
        match rule(path, who) {
            // No add-on is noted for an open path, even with a token: nothing that answers it may lend it a right.
            Ruling::Pass(Basis::Open) => Ok(None),
            Ruling::Pass(Basis::Bypass | Basis::Role(_)) => Ok(by.flatten()),
            Ruling::Refuse(refusal) => Err(refusal),
        }
    }

    /// The add-on of a token for Home Assistant's API, if it may use that; `call` needs the right from here on.
    pub(super) fn entitle(&self, call: &AddonCall, shown: &str) -> Option<Arc<Addon>> {
        let token = TokenDigest::of(shown.as_bytes());
        let addon = self.entitled(&token, &self.configured())?;
        call.uses_home_assistant(token, &addon);
        Some(addon)
    }

    fn entitled(&self, token: &TokenDigest, configured: &Configured) -> Option<Arc<Addon>> {
        let caller = self.asking_with(token, configured)?;
        caller.granted().rights().homeassistant_api.then(|| Arc::clone(caller.addon()))
    }
}

impl Subject for AddonCall {
    fn user(&self) -> &'static str {
        ""
    }

    fn addon(&self) -> &str {
        let by = match self.uses.get() {
            Some(Uses::HomeAssistantApi { by, .. }) => Some(by),
            Some(Uses::AuthApi | Uses::OptionsOf(_)) | None => self.by.as_ref(),
        };
        by.map_or("", AddonSlug::as_str)
    }
}
