//! Whether a call of an add-on is permitted: asked when it comes, and on every beat for as long as its body, its answer
//! or its WebSocket is open.
//!
//! The path and the token that was shown say who asks, or the call is refused. What is open remembers all that it was
//! admitted for: the token's digest, the path, and the right and the group of entities that it uses.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::StatusCode;

use super::answer::{self, Answer, AnswerBody};
use super::caller::AddonCaller;
use super::service::{AddonApi, Configured};
use crate::addon_rights::roles::{ApiPath, Basis, Caller, Refusal, Ruling, rule};
use crate::addon_rights::tokens::TokenDigest;
use crate::config::{Addon, AddonSlug};
use crate::exchanges::{CutBody, Open, Subject};
use crate::refusal::{Decision, Reason};

/// What a call of an add-on was admitted for.
#[derive(Debug)]
pub struct AddonCall {
    path: ApiPath,
    /// The token that came with it; a digest, so that what is open holds no secret.
    token: Option<TokenDigest>,
    /// The add-on whose call it is; none where no token is asked for.
    by: Option<AddonSlug>,
    /// Set once, by the code that answers it.
    uses: OnceLock<Uses>,
    /// Whether it goes on to a real Supervisor.
    is_forwarded: AtomicBool,
}

/// A right that a call uses besides those of its role.
#[derive(Debug)]
enum Uses {
    /// `auth_api`
    AuthApi,
    /// The right to see the options of this add-on.
    OptionsOf(String),
    /// `homeassistant_api`, which has a token of its own; held to the entities of this group, and to these messages
    /// besides.
    HomeAssistantApi { token: TokenDigest, by: AddonSlug, entities: Option<Arc<str>>, messages: BTreeSet<String> },
}

impl AddonCall {
    pub(super) fn path(&self) -> &ApiPath {
        &self.path
    }

    /// Notes that it needs `auth_api` as long as it is open.
    pub(super) fn uses_auth_api(&self) {
        let _ = self.uses.set(Uses::AuthApi);
    }

    /// Notes that it needs a real Supervisor behind us as long as it is open.
    pub(super) fn goes_on_to_a_supervisor(&self) {
        self.is_forwarded.store(true, Ordering::Relaxed);
    }

    /// Notes that it tells the options of this add-on as long as it is open.
    pub(super) fn tells_options_of(&self, slug: &str) {
        let _ = self.uses.set(Uses::OptionsOf(slug.to_owned()));
    }

    /// Notes that it needs `homeassistant_api` as long as it is open, and to be held to the same entities.
    fn uses_home_assistant(&self, token: TokenDigest, addon: &Addon) {
        let (by, entities, messages) = (addon.slug.clone(), addon.entities.clone(), addon.entity_messages.clone());
        let _ = self.uses.set(Uses::HomeAssistantApi { token, by, entities, messages });
    }
}

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
                now.is_some_and(|now| now.slug == *by && now.entities == *entities && now.entity_messages == *messages)
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

/// An answer on its way. Boxed: the compiler cannot tell that what it borrows may be sent otherwise.
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An answer that comes from elsewhere: it is waited for and passed on for as long as its call may go on.
pub(super) async fn followed(open: Open<AddonCall>, answering: Answering<'_>) -> Answer {
    let cut = open.cut();
    tokio::select! {
        biased;
        () = cut => answer::plain(StatusCode::FORBIDDEN),
        answer = answering => answer.map(|body| AnswerBody::new(CutBody::new(body, open.of_any()))),
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
