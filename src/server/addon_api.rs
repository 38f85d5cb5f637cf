//! What add-ons and Home Assistant call, in the process: bound at the start, and given every new configuration.

use std::sync::Arc;

use crate::addon_api::{Configured, Peer};
use crate::addon_rights::ingress_key::IngressKey;
use crate::addon_rights::state::AddonStates;
use crate::budget::Budget;
use crate::config::Trust;
use crate::config::{SecretText, Settings};
use crate::home_assistant::HomeAssistant;
use crate::ids::Address;
use crate::listener::{AddonListener, HomeAssistantListener, PlainBindError};
use crate::telemetry::chain;

/// Binds the address where add-ons reach their API, if they have one.
pub(super) async fn bind(settings: &Settings, budget: &Arc<Budget>) -> Result<Option<AddonListener>, PlainBindError> {
    let Some(address) = &settings.supervisor.listen else { return Ok(None) };
    let listener = AddonListener::bind(address, budget).await?;
    tracing::info!("listening for add-ons on {}", listener.address());
    Ok(Some(listener))
}

/// Binds the address where Home Assistant reaches us, if it does.
pub(super) async fn bind_home_assistant(
    settings: &Settings,
    budget: &Arc<Budget>,
) -> Result<Option<HomeAssistantListener>, PlainBindError> {
    let Some(entry_point) = &settings.supervisor.ingress_api else { return Ok(None) };
    let listener = HomeAssistantListener::bind(entry_point, budget).await?;
    tracing::info!("listening for Home Assistant on {}", listener.address());
    if entry_point.trusted_proxies.is_empty() {
        tracing::warn!(
            "`home_assistant_listen_trusted_proxies` is empty: the addresses of its browsers are not known, and users who may \
             come from the local network only are refused there"
        );
    }
    Ok(Some(listener))
}

/// The key of the tokens by which Home Assistant's pages name add-ons, where it reaches us. Blocks.
pub(super) fn ingress_key(settings: &Settings, addon_states: &AddonStates) -> Option<IngressKey> {
    settings.supervisor.ingress_api.as_ref()?;
    match addon_states.make_ingress_key() {
        Ok(key) => Some(key),
        Err(error) => {
            tracing::error!(why = %chain(&*error), "Home Assistant's pages find no add-on: their tokens cannot be kept");
            None
        }
    }
}

/// What a configuration makes of the API.
pub(super) fn configured(settings: &Arc<Settings>, home: Arc<HomeAssistant>) -> Configured {
    let upstream = settings.supervisor.upstream.as_ref().and_then(|upstream| {
        let authority = upstream.at.authority().unwrap_or_else(|| "supervisor".to_owned());
        peer(upstream.at.clone(), Trust::System, &authority, &upstream.token)
    });
    let token = settings.supervisor.home_assistant_token.as_ref();
    let home_assistant = settings
        .home_assistant
        .api
        .as_ref()
        .zip(token)
        .and_then(|(api, token)| peer(api.url.address(), api.trust.clone(), &api.url.authority(), token));
    Configured { settings: Arc::clone(settings), home, home_assistant, upstream }
}

fn peer(address: Address, trust: Trust, authority: &str, token: &SecretText) -> Option<Peer> {
    // A host that was parsed has no byte that a header could not hold.
    Peer::new(address, trust, authority, token.clone()).ok()
}
