//! What is answered here: who may sign in, the protection of add-ons, and, without a Supervisor behind us, what is
//! known of add-ons.

mod info;
pub(super) mod passwords;

pub(crate) use info::{ShownOptions, addon as info, panels};

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::answer::{self, Answer};
use super::api::{AddonApi, Call};
use crate::addon_rights::protection::Protection;
use crate::config::Addon;
use crate::ids::AddonSlug;
use crate::telemetry::AuditEvent;
use crate::workers::spawn_blocking;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Security {
    protected: bool,
}

/// `POST /addons/{slug}/security`: switches protection. That the caller's role is `admin` was judged before.
pub(super) async fn security(api: &AddonApi, call: &mut Call, slug: &str) -> Answer {
    if call.method != Method::POST {
        return answer::plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(by) = call.by.clone() else { return answer::plain(StatusCode::UNAUTHORIZED) };
    let Some(addon) = named(call, by.addon(), slug).cloned() else { return unknown_addon() };
    let body = match api.room(by.addon(), &call.configured).read(&mut call.body, LARGEST).await {
        Ok(body) => body,
        Err(unread) => return unread.answer(),
    };
    let Ok(Security { protected }) = serde_json::from_slice(&body.bytes) else {
        return answer::error(StatusCode::BAD_REQUEST, "expected {\"protected\": true} or {\"protected\": false}");
    };
    let protection = if protected { Protection::On } else { Protection::Off };
    let (addon_states, slug) = (std::sync::Arc::clone(&api.addon_states), addon.slug.clone());
    let done = spawn_blocking(move || addon_states.protect(&slug, protection)).await;
    if !matches!(done, Ok(Ok(_))) {
        tracing::error!(addon = %addon.slug, "the protection of an add-on could not be changed");
        return answer::error(StatusCode::INTERNAL_SERVER_ERROR, "The protection could not be changed");
    }
    api.telemetry.audit.write(&AuditEvent::Protection { addon: addon.slug.as_str(), protected, by: by.slug() });
    answer::ok(&json!({}))
}

/// What a Supervisor behind us would answer, as far as it is known here.
pub(super) fn answer(api: &AddonApi, call: &Call, segments: &[&str]) -> Answer {
    let settings = &call.configured.settings;
    let Some(by) = &call.by else { return missing() };
    let data = match (&call.method, segments) {
        (&Method::GET, ["info"]) => info::general(&api.core.version()),
        (&Method::GET, ["addons"]) => json!({ "addons": info::list(settings) }),
        (&Method::GET, ["apps"]) => json!({ "apps": info::list(settings) }),
        (&Method::GET, ["addons" | "apps", slug, "info"]) => {
            let Some(addon) = named(call, by.addon(), slug) else { return unknown_addon() };
            let entry = api.ingress_entry(settings, addon);
            let options = if by.sees_options_of(slug) { ShownOptions::All } else { ShownOptions::None };
            info::addon(addon, entry.as_deref(), &api.granted(addon), options)
        }
        (&Method::GET, ["addons" | "apps", slug, "options", "config"]) => {
            // An add-on may ask only for its own options in this way.
            if *slug != "self" {
                return answer::plain(StatusCode::FORBIDDEN);
            }
            info::options(by.addon())
        }
        (&Method::GET, ["services"]) => json!({ "services": [] }),
        (&Method::GET, ["ingress", "panels"]) => {
            let with_ui = |addon: &&Addon| addon.route.leads_here();
            panels(settings.addons.iter().map(AsRef::as_ref).filter(with_ui))
        }
        _ => return missing(),
    };
    answer::ok(&data)
}

/// The add-on of this name; `self` is the one that asks.
fn named<'c>(call: &'c Call, by: &Addon, slug: &str) -> Option<&'c std::sync::Arc<Addon>> {
    let wanted: AddonSlug = if slug == "self" { by.slug.clone() } else { slug.parse().ok()? };
    call.configured.settings.addons.iter().find(|addon| addon.slug == wanted)
}

fn unknown_addon() -> Answer {
    answer::error(StatusCode::NOT_FOUND, "There is no such add-on")
}

fn missing() -> Answer {
    answer::error(StatusCode::NOT_IMPLEMENTED, "There is no Supervisor here that could do this")
}

/// Credentials and switches are short.
const LARGEST: usize = 64 * 1024;
