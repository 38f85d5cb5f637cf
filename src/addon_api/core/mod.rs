//! Home Assistant's own API, for add-ons with `homeassistant_api`.
//!
//! Passes an add-on's calls to `/core/api/...` and its WebSocket at `/core/websocket` on to Home Assistant under our
//! own token. The add-on never has that token, and where it is held to a group's entities it gets nothing about others.

mod handshake;
pub(crate) mod metered;
pub(crate) mod relay;
mod rest;
pub(super) mod state;
mod websocket;

use std::sync::Arc;

use http::{Extensions, Method, StatusCode};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use super::addon_call::AddonCall;
use super::answer::{self, Answer};
use super::api::{AddonApi, Call};
use super::followed::followed;
use super::token::home_assistant_token;
use crate::addon_rights::roles::ApiVersion;
use crate::budget::{Claim, Holder, Limit, Permit};
use crate::config::Addon;
use crate::entity_filter::{Access, Conversation};
use crate::exchanges::Open;
use crate::ids::AddonSlug;
use crate::telemetry::chain;
use metered::Metered;
use relay::{Allowed, Relay, Whose};
use rest::RestRequest;
use state::Core;
use tokio_tungstenite::WebSocketStream;

impl Core {
    /// `/core/api/...`, open to the last byte of the answer. `alias` is the old name of it, which has two methods only.
    pub(super) async fn rest(&self, api: &AddonApi, call: Call, alias: bool) -> Answer {
        let methods: &[Method] =
            if alias { &[Method::GET, Method::POST] } else { &[Method::GET, Method::POST, Method::DELETE] };
        if !methods.contains(&call.method) {
            return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
        }
        let shown = home_assistant_token(&call.headers).unwrap_or_default();
        let Some(addon) = api.entitle(call.open.exchange().subject(), shown) else {
            return answer::plain(StatusCode::UNAUTHORIZED);
        };
        let configured = &call.configured;
        let Some(home) = &configured.home_assistant else { return answer::plain(StatusCode::BAD_GATEWAY) };
        let prefix = match call.path.version() {
            ApiVersion::V1 => "",
            ApiVersion::V2 => "/v2",
        };
        let name = if alias { "/homeassistant/api" } else { "/core/api" };
        let below = |path: &str, start: &str| path.strip_prefix(start).unwrap_or_default().to_owned();
        let request = RestRequest {
            method: call.method,
            path: below(call.path.as_str(), &format!("{prefix}{name}")),
            plain: below(call.path.plain(), name),
            query: call.query,
            headers: call.headers,
            body: call.body,
        };
        // Asked of the decoded path without its version: neither an escape nor `/v2` is a way round.
        if rest::is_for_no_addon(&request.plain) {
            tracing::info!(addon = %addon.slug, "an add-on was refused a path of Home Assistant's that is for no add-on");
            return answer::plain(StatusCode::FORBIDDEN);
        }
        if addon.entity_filter.group.is_none() {
            return followed(call.open, Box::pin(request.pass(home))).await;
        }
        let may = |entity: &str, access: Access| configured.may(&addon, entity, access);
        let room = api.room(&addon, configured);
        followed(call.open, Box::pin(request.pass_held(home, &room, &may))).await
    }
}

/// Opens `/core/websocket` and serves it in a task of its own.
pub(super) fn websocket(api: &Arc<AddonApi>, call: Call, mut extensions: Extensions) -> Answer {
    let Some(opened) = handshake::accept(&call.method, &call.headers) else {
        return answer::plain(StatusCode::BAD_REQUEST);
    };
    // Case 63.
    let Some(upgrade) = extensions.remove::<OnUpgrade>() else { return answer::plain(StatusCode::BAD_REQUEST) };
    let most = call.configured.settings.limits.addon_api_pending_websockets;
    // By address, because before a token is shown nothing else is known of whoever asks.
    let pending = Claim::new(Limit::AddonApiPendingWebsockets, Holder::from(call.client.ip()), most);
    let Ok(pending) = api.budget.take(1, &[pending]) else {
        return answer::plain(StatusCode::TOO_MANY_REQUESTS);
    };
    // In a task: hyper gives the connection away only when the answer below has been sent.
    tokio::spawn(serve(Arc::clone(api), call.open, upgrade, pending));
    opened
}

/// An add-on's side. Little of it is read before it has shown a token.
type AddonSide = WebSocketStream<Metered<TokioIo<Upgraded>>>;

/// Serves a WebSocket, which stands among what is open from its handshake to its last frame.
async fn serve(api: Arc<AddonApi>, open: Open<AddonCall>, upgrade: OnUpgrade, pending: Permit) {
    // An add-on that leaves before the WebSocket is open leaves nothing to end.
    let Ok(stream) = upgrade.await else { return };
    let mut addon_side = websocket::addon_side(TokioIo::new(stream)).await;
    // What it said last: Home Assistant is dialled only for an add-on that has shown a token.
    let version = api.core.version();
    // Case 62.
    let Some(token) = websocket::token_of(&mut addon_side, &version).await else {
        tracing::info!("an add-on went away before it showed a token for Home Assistant's WebSocket, or showed none");
        return websocket::turn_away(addon_side).await;
    };
    let Some(addon) = api.entitle(open.exchange().subject(), &token) else {
        tracing::info!("an add-on was refused Home Assistant's WebSocket");
        return websocket::turn_away(addon_side).await;
    };
    let most = api.configured().settings.supervisor.websockets;
    let claim = Claim::new(Limit::SupervisorWebsockets, Holder::Addon(addon.slug.clone()), most);
    let Ok(_place) = api.budget.take(1, &[claim]) else {
        tracing::warn!(addon = %addon.slug, most, "an add-on has too many WebSockets to Home Assistant open");
        return websocket::put_off(addon_side).await;
    };
    // From here on it counts for the add-on, and no longer for its address.
    drop(pending);
    addon_side.get_mut().lift(api.room(&addon, &api.configured()));
    let _open = api.telemetry.metrics.open_api_websocket(&addon.slug);
    converse(&api, addon_side, open, &addon).await;
}

async fn converse(api: &Arc<AddonApi>, mut addon_side: AddonSide, open: Open<AddonCall>, addon: &Addon) {
    let slug = &addon.slug;
    let configured = api.configured();
    let Some(home) = &configured.home_assistant else {
        let _gone = addon_side.close(None).await;
        return;
    };
    let home = tokio::select! {
        biased;
        // First, so that a call that may not go on is not given a connection that our token has opened.
        () = open.cut() => return websocket::turn_away(addon_side).await,
        home = websocket::home_side(home, api.room(addon, &configured)) => home,
    };
    let home = match home {
        Ok((home, version)) => {
            api.core.keep_version(version);
            home
        }
        Err(error) => {
            tracing::warn!(addon = %slug, error = %chain(&error), "Home Assistant's WebSocket is not there for an add-on");
            let _gone = addon_side.close(None).await;
            return;
        }
    };
    // Programs choose by the version what they say next, so that they are welcomed when it is known.
    if websocket::welcome(&mut addon_side, &api.core.version()).await.is_none() {
        return;
    }
    // The closure looks the add-on up for each message: an operator's change holds from the next one on, without a new
    // connection.
    let held = addon.entity_filter.group.is_some().then(|| {
        let (api, slug) = (Arc::clone(api), slug.clone());
        let may: Allowed = Box::new(move |entity, access| may(&api, &slug, entity, access));
        (Conversation::new(addon.entity_filter.messages.clone()), may)
    });
    let (slug, added) = (slug.clone(), addon.entity_filter.messages.clone());
    let relay = Relay { client: addon_side, home, whose: Whose::Addon(slug), added, told: <_>::default(), held };
    let end = relay.run(&open.of_any()).await;
    let slug = &addon.slug;
    tracing::info!(addon = %slug, ?end, "an add-on's WebSocket to Home Assistant has ended");
}

/// Whether the add-on may do this now, by the configuration and the policies of this moment.
fn may(api: &AddonApi, slug: &AddonSlug, entity: &str, access: Access) -> bool {
    let configured = api.configured();
    let addon = configured.settings.addons.iter().find(|addon| addon.slug == *slug);
    // An add-on that is no longer configured, or no longer held, gets nothing on a connection that was opened as held:
    // it has to connect anew.
    addon.is_some_and(|addon| addon.entity_filter.group.is_some() && configured.may(addon, entity, access))
}
