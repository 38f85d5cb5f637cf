//! The add-on API over all configurations, what one configuration makes of it, and a call that was permitted.

use super::addon_call::AddonCall;
use super::auth::AuthBackend;
use super::body::Room;
use super::caller::AddonCaller;
use super::core::state::Core;
use super::peer::Peer;
use crate::addon_rights::ingress_key;
use crate::addon_rights::protection::Granted;
use crate::addon_rights::roles::ApiPath;
use crate::addon_rights::state::AddonStates;
use crate::addon_rights::tokens::TokenDigest;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::{Addon, Settings};
use crate::entity_filter::Access;
use crate::exchanges::{CutUpload, Open, OpenExchanges};
use crate::home_assistant::HomeAssistant;
use crate::http::{ClientAddr, RequestBody, RequestId};
use crate::telemetry::Telemetry;
use arc_swap::ArcSwap;
use http::{HeaderMap, Method};
use std::sync::Arc;

/// The add-on API, over all configurations.
#[derive(Debug)]
pub struct AddonApi {
    current: ArcSwap<Configured>,
    pub(super) addon_states: Arc<AddonStates>,
    pub(super) auth: AuthBackend,
    pub(super) core: Core,
    pub(super) exchanges: Arc<OpenExchanges>,
    pub(super) budget: Arc<Budget>,
    pub(super) telemetry: Telemetry,
}

/// What one configuration makes of it.
#[derive(Debug)]
pub struct Configured {
    /// The configuration.
    pub settings: Arc<Settings>,
    /// Home Assistant's files.
    pub home: Arc<HomeAssistant>,
    /// Home Assistant's API, when we have a token for it.
    pub home_assistant: Option<Peer>,
    /// A real Supervisor.
    pub upstream: Option<Peer>,
}

/// A call that has been permitted.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: ApiPath,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: CutUpload<RequestBody>,
    /// Who asks; nobody where no token is asked for.
    pub(super) by: Option<AddonCaller>,
    /// What it was admitted for, on the list of what is open.
    pub(super) open: Open<AddonCall>,
    pub(super) client: ClientAddr,
    pub(super) id: RequestId,
    pub(super) configured: Arc<Configured>,
}

impl AddonApi {
    /// The API with its first configuration.
    pub fn new(
        configured: Configured,
        (addon_states, exchanges, budget): (Arc<AddonStates>, Arc<OpenExchanges>, Arc<Budget>),
        clock: Clock,
        telemetry: Telemetry,
    ) -> Self {
        Self {
            current: ArcSwap::from_pointee(configured),
            addon_states,
            auth: AuthBackend::new(clock, telemetry.clone()),
            core: Core::default(),
            exchanges,
            budget,
            telemetry,
        }
    }

    /// Takes a new configuration into use, from the next call on.
    pub fn replace(&self, configured: Configured) {
        self.current.store(Arc::new(configured));
    }

    pub(super) fn configured(&self) -> Arc<Configured> {
        self.current.load_full()
    }

    /// Room for what is read whole for this add-on.
    pub(super) fn room(&self, addon: &Addon, configured: &Configured) -> Room {
        Room::new(&self.budget, &addon.slug, &configured.settings.limits)
    }

    /// The add-on that a token belongs to, if it is configured.
    pub(super) fn asking_with(&self, token: &TokenDigest, configured: &Configured) -> Option<AddonCaller> {
        let slug = self.addon_states.addon_with(token)?;
        // A token may outlive its add-on's entry in the configuration, and is nobody's then.
        let addon = configured.settings.addons.iter().find(|addon| addon.slug == slug)?;
        Some(AddonCaller::new(Arc::clone(addon), &self.addon_states))
    }

    /// What an add-on is granted now.
    pub(super) fn granted(&self, addon: &Addon) -> Granted {
        Granted::new(&addon.package.rights, self.addon_states.protection(&addon.slug))
    }

    /// Where an add-on's pages are found: on Home Assistant's own, where it reaches us, else on ours.
    pub(super) fn ingress_entry(&self, settings: &Settings, addon: &Addon) -> Option<String> {
        let listener = settings.supervisor.ingress_api.as_ref().filter(|_| ingress_key::is_reached(addon));
        let key = listener.and_then(|_| self.addon_states.ingress_key());
        let there = key.map(|key| ingress_key::entry(&key.token(&addon.slug)));
        there.or_else(|| addon.route.path.as_ref().map(|path| path.as_str().to_owned()))
    }
}

impl Configured {
    /// Whether this add-on may do this with this entity, when it is held to entities.
    pub(super) fn may(&self, addon: &Addon, entity: &str, access: Access) -> bool {
        let Some(group) = &addon.entity_filter.group else { return true };
        let directory = self.home.directory().load();
        // A group that is not there permits nothing.
        directory.group_rights(group).is_some_and(|rights| rights.check(entity, access.key()).is_permit())
    }
}
