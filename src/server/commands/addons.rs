//! What operators decide about add-ons: their protection and their tokens. Done when it is on disk, and audited.

use std::sync::Arc;

use super::Server;
use crate::addon_rights::protection::Protection;
use crate::addon_rights::state::IfPresent;
use crate::ids::AddonSlug;
use crate::operations::control::Answer;
use crate::telemetry::{AuditEvent, chain};
use crate::workers::spawn_blocking;

/// Switches the protection of an add-on.
pub(super) async fn protect(server: Arc<Server>, slug: String, protected: bool) -> Answer {
    let Some(slug) = known(&server, &slug) else { return unknown(&slug) };
    let (addon_states, addon) = (Arc::clone(&server.gate.services().addon_states), slug.clone());
    let protection = if protected { Protection::On } else { Protection::Off };
    // Off the async threads: it returns when the decision is on disk.
    match spawn_blocking(move || addon_states.protect(&addon, protection)).await {
        Ok(Ok(changed)) => {
            // What is open is cut before the operator hears that it is decided.
            server.review();
            if changed {
                let event = AuditEvent::Protection { addon: slug.as_str(), protected, by: "control" };
                server.gate.services().telemetry.audit.write(&event);
            }
            Answer::Protection { slug: slug.to_string(), protected, changed }
        }
        Ok(Err(error)) => Answer::failed(chain(&*error)),
        Err(error) => Answer::failed(chain(&error)),
    }
}

/// Makes a token for an add-on.
pub(super) async fn token(server: Arc<Server>, slug: String, rotate: bool) -> Answer {
    let Some(slug) = known(&server, &slug) else { return unknown(&slug) };
    let services = server.gate.services();
    let (addon_states, addon, now) = (Arc::clone(&services.addon_states), slug.clone(), services.clock.now());
    let if_present = if rotate { IfPresent::Rotate } else { IfPresent::Refuse };
    match spawn_blocking(move || addon_states.make_token(&addon, if_present, now)).await {
        Ok(Ok(token)) => {
            // A token that was rotated has ended: what is open with it is cut before the new one is shown.
            server.review();
            services.telemetry.audit.write(&AuditEvent::TokenMade { addon: slug.as_str(), by: "control" });
            Answer::TokenMade { token: token.encode().into() }
        }
        Ok(Err(error @ crate::addon_rights::state::TokenError::Exists(_))) => {
            Answer::failed(format!("{error}: `--rotate` makes another one, and this one ends"))
        }
        Ok(Err(error)) => Answer::failed(chain(&error)),
        Err(error) => Answer::failed(chain(&error)),
    }
}

fn known(server: &Server, slug: &str) -> Option<AddonSlug> {
    let slug: AddonSlug = slug.parse().ok()?;
    server.gate.stages().addon(&slug).map(|addon| addon.slug.clone())
}

fn unknown(slug: &str) -> Answer {
    Answer::failed(format!("there is no add-on `{}`", slug.escape_debug()))
}
