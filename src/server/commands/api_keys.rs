//! Keys for programs, and passes, which are keys of Home Assistant's front: made, listed and revoked by operators.

use std::time::Duration;

use super::Server;
use crate::config::{Conditions, Hours};
use crate::gate::{Stages, is_usable};
use crate::identity::User;
use crate::ids::AddonSlug;
use crate::operations::control::{Answer, KeyLine, KeyWish};
use crate::session::{ApiKey, KeyBounds, KeyError, NewKey, Pass};
use crate::telemetry::{AuditEvent, chain};

/// Makes a key, and shows it this once.
pub(super) async fn make(server: &Server, wish: KeyWish) -> Answer {
    let (services, stages) = (server.gate.services(), server.gate.stages());
    let directory = super::directory(server);
    let Some(user) = directory.named(&wish.user) else {
        return Answer::failed(format!("there is no user `{}` in Home Assistant's files", wish.user));
    };
    if user.system_generated || !user.is_active {
        return Answer::failed(format!(
            "`{}` may not come in: the account is not active, or Home Assistant's own",
            wish.user
        ));
    }
    let opened = match &wish.group {
        Some(group) => pass(server, &wish, group, user),
        None => key(&stages, &wish),
    };
    let Opened { addon, bounds, pass } = match opened {
        Ok(opened) => opened,
        Err(why) => return Answer::failed(why),
    };
    let lifetime = Duration::from_millis(wish.lifetime);
    if lifetime.is_zero() || lifetime > LONGEST {
        return Answer::failed("a key is good for 10 years at most, and for some time at least");
    }
    let name = wish.name.or(wish.group).unwrap_or(wish.addon);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Answer::failed(format!("a name has 1 to {LONGEST_NAME} characters, and no control characters"));
    }
    let expires = services.clock.now().saturating_add(lifetime);
    let about = NewKey { name: name.clone(), user: user.id.clone(), addon, bounds, expires, pass };
    match services.api_keys.make(about).await {
        Ok((token, key)) => {
            let id = key.id().to_string();
            let (user, addon) = (key.about().user.as_str(), key.about().addon.as_str());
            services.telemetry.audit.write(&AuditEvent::KeyMade { name: &name, key: &id, user, addon });
            Answer::KeyMade { key: crate::secret::Secret::new(token.reveal().to_owned()), id }
        }
        Err(error) => Answer::failed(chain(&error)),
    }
}

/// What a key opens.
struct Opened {
    addon: AddonSlug,
    bounds: KeyBounds,
    pass: Option<Pass>,
}

fn key(stages: &Stages, wish: &KeyWish) -> Result<Opened, String> {
    let addon = match wish.addon.parse() {
        Ok(slug) if stages.addon(&slug).is_some() => slug,
        _ => return Err(format!("there is no add-on `{}`", wish.addon)),
    };
    let bounds = KeyBounds::parse(&wish.methods, &wish.paths, &wish.networks, wish.websockets);
    bounds.map(|bounds| Opened { addon, bounds, pass: None }).map_err(|error| error.to_string())
}

fn pass(server: &Server, wish: &KeyWish, group: &str, user: &User) -> Result<Opened, String> {
    let stages = server.gate.stages();
    let front = stages.settings.front.as_ref();
    let addon = front.ok_or("a pass is for Home Assistant's front: there is no `[home_assistant.front]`")?.slug.clone();
    if super::directory(server).group_rights(group).is_none() {
        return Err(format!("there is no group `{group}`, or its policy does not count (`[permissions] groups`)"));
    }
    if !is_usable(&server.gate, &user.id) {
        return Err(format!(
            "`{}` is signed in nowhere at Home Assistant, so that a pass could not act in their name: let them sign in \
             once, or make a long-lived token in their profile",
            wish.user
        ));
    }
    let bounds = KeyBounds::of_pass(&wish.networks).map_err(|error| error.to_string())?;
    let hours: Result<Vec<Hours>, _> = wish.hours.iter().map(|text| text.parse()).collect();
    let conditions = Conditions { hours: hours.map_err(|error| error.to_string())?, ..Conditions::default() };
    Ok(Opened { addon, bounds, pass: Some(Pass { group: group.into(), conditions }) })
}

/// Which keys are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Key,
    Pass,
}

/// All keys of a kind, newest first.
pub(super) fn list(server: &Server, kind: Kind) -> Answer {
    let (services, directory) = (server.gate.services(), super::directory(server));
    let now = services.clock.now();
    let line = |key: &ApiKey| {
        let NewKey { name, user, addon, bounds, expires, pass } = key.about();
        let state = match key.revoked() {
            Some(_) => "revoked",
            None if key.is_live(now) => "live",
            None => "expired",
        };
        KeyLine {
            id: key.id().to_string(),
            name: name.clone(),
            user_id: user.to_string(),
            user_name: directory.user(user).and_then(|user| user.username()).map(str::to_owned),
            addon: addon.to_string(),
            methods: bounds.methods(),
            paths: bounds.paths(),
            networks: bounds.networks.iter().map(ToString::to_string).collect(),
            websockets: bounds.websockets,
            group: pass.as_ref().map(|pass| pass.group.to_string()),
            hours: pass.iter().flat_map(|pass| &pass.conditions.hours).map(ToString::to_string).collect(),
            state: state.to_owned(),
            created: key.created().as_millis(),
            expires: key.revoked().unwrap_or(*expires).as_millis(),
            last_used: key.last_used().map(crate::clock::Timestamp::as_millis),
        }
    };
    let all = services.api_keys.list();
    let of_kind = all.iter().filter(|key| key.about().pass.is_some() == (kind == Kind::Pass));
    Answer::Keys { keys: of_kind.map(|key| line(key)).collect() }
}

/// Ends a key, and what is open with it.
pub(super) async fn revoke(server: &Server, id: &str) -> Answer {
    let Ok(parsed) = id.parse() else {
        return Answer::failed(format!("`{id}` is no id of a key; `vestibule keys list` shows them"));
    };
    let services = server.gate.services();
    let result = services.api_keys.revoke(parsed).await;
    server.review();
    // It has ended here even if that is not kept yet.
    if let Ok(key) | Err(KeyError::NotEnded(key, _)) = &result {
        services.telemetry.audit.write(&AuditEvent::KeyRevoked { name: &key.about().name, key: id });
    }
    match result {
        Ok(_) => Answer::Revoked { count: 1 },
        Err(error) => Answer::failed(chain(&error)),
    }
}

/// Longer than any program.
const LONGEST: Duration = Duration::from_hours(24 * 3650);
/// Characters of a name.
const LONGEST_NAME: usize = 64;
