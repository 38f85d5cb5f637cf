//! What a call of an add-on was admitted for, remembered for as long as it is open.

use crate::addon_rights::roles::ApiPath;
use crate::addon_rights::tokens::TokenDigest;
use crate::config::Addon;
use crate::ids::AddonSlug;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What a call of an add-on was admitted for.
#[derive(Debug)]
pub struct AddonCall {
    pub(super) path: ApiPath,
    /// The token that came with it; a digest, so that what is open holds no secret.
    pub(super) token: Option<TokenDigest>,
    /// Whose call it is; nobody's where no token is asked for.
    pub(super) by: Option<AddonSlug>,
    /// Said once, by whoever answers it.
    pub(super) uses: OnceLock<Uses>,
    /// Whether it goes on to a real Supervisor.
    pub(super) is_forwarded: AtomicBool,
}

/// A right that a call uses besides those of its role.
#[derive(Debug)]
pub(super) enum Uses {
    /// `auth_api`
    AuthApi,
    /// To see the options of this add-on.
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
        // Relaxed: a review that does not see it yet judges the call as it was admitted, and the next one sees it.
        self.is_forwarded.store(true, Ordering::Relaxed);
    }

    /// Notes that it tells the options of this add-on as long as it is open.
    pub(super) fn tells_options_of(&self, slug: &str) {
        let _ = self.uses.set(Uses::OptionsOf(slug.to_owned()));
    }

    /// Notes that it needs `homeassistant_api` as long as it is open, and to be held to the same entities.
    pub(super) fn uses_home_assistant(&self, token: TokenDigest, addon: &Addon) {
        let (by, entities, messages) =
            (addon.slug.clone(), addon.entity_filter.group.clone(), addon.entity_filter.messages.clone());
        let _ = self.uses.set(Uses::HomeAssistantApi { token, by, entities, messages });
    }
}
