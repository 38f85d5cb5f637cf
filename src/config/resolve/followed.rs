//! Whose states are followed over Home Assistant's API, and with which token: what `when` asks for, wherever it stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::Spanned;

use super::context::Context;
use super::home_assistant;
use super::{Section, section};
use crate::config::addon::{Addon, ProtectAsk, RawAddon};
use crate::config::conditions::{Conditions, RawConditions};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::home::{HomeAssistant, HomeSource};
use crate::config::permissions::Permissions;
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;
use crate::config::settings::{FollowedStates, Supervisor};
use crate::ids::EntityId;

/// What is to be followed; nothing where no state is asked for.
pub(super) fn followed(
    raw: &raw::Root,
    (home, supervisor): (&HomeAssistant, &Supervisor),
    (addons, permissions): (&[Arc<Addon>], &Permissions),
    cx: &mut Context<'_>,
) -> Option<FollowedStates> {
    let asked = conditions_of(raw).find_map(|conditions| Some(conditions.when.given()?.span()));
    let section: Section<'_, raw::HomeAssistant> = section(&raw.home_assistant);
    let token = own_token(&section, home, asked.is_some(), cx);
    let at = asked?;
    let entities: BTreeSet<EntityId> = all_conditions(addons, permissions)
        .flat_map(|conditions| &conditions.when)
        .map(|state| state.entity.clone())
        .collect();
    if entities.len() > MOST {
        let many = Diagnostic::mistake(at.clone(), format!("the states of more than {MOST} entities are asked for"));
        let hint = "a group or a template in Home Assistant can be one entity for many";
        cx.add(many.label("one of them is here").hint(hint));
    }
    if home.api.is_none() {
        let nowhere = Diagnostic::mistake(at, "a state is asked for, and no word of where Home Assistant listens");
        cx.add(nowhere.label("needs `home_assistant.url`").hint("add url = \"http://127.0.0.1:8123\" there"));
        return None;
    }
    let token = token.or_else(|| supervisor.home_assistant_token.clone());
    // A token with something wrong in it was told already.
    if token.is_none() && matches!(section.token, Key::Absent) {
        let none = Diagnostic::mistake(at, "a state is asked for, and there is no token to ask with");
        let hint = "add token = { file = \"secrets/home-assistant\" } there: a long-lived token of an administrator";
        cx.add(none.label("needs `home_assistant.token`").hint(hint));
    }
    Some(FollowedStates { entities, token: token? })
}

/// The token of `[home_assistant]`. Beside a folder it is for states alone.
fn own_token(raw: &raw::HomeAssistant, home: &HomeAssistant, asked: bool, cx: &mut Context<'_>) -> Option<SecretText> {
    match (&home.source, &raw.config_dir, raw.token.given()) {
        (HomeSource::Api(token), ..) => Some(token.clone()),
        (_, Key::Given(_), Some(file)) if asked => home_assistant::token(file, home.api.is_some(), cx),
        (_, Key::Given(folder), Some(idle)) => {
            let both = Diagnostic::mistake(idle.span(), "a token for the API, and a folder that says more");
            let hint = "the token is for a Home Assistant whose files cannot be read, or for states that `when` asks \
                        for: take one of the two out";
            cx.add(both.first(folder.span()).label("expected one of the two").hint(hint));
            None
        }
        _ => None,
    }
}

/// Where somebody asks for hours, if anybody does.
pub(in crate::config) fn hours(raw: &raw::Root) -> Option<Span> {
    conditions_of(raw).find_map(|conditions| Some(conditions.hours.given()?.span()))
}

/// The three keys, wherever they may stand.
fn conditions_of(raw: &raw::Root) -> impl Iterator<Item = &RawConditions> {
    let addons = raw.addon.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let groups = raw.group.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    addons.iter().flat_map(conditions_of_addon).chain(groups.iter().map(|group| &group.get_ref().conditions))
}

fn conditions_of_addon(addon: &Spanned<RawAddon>) -> impl Iterator<Item = &RawConditions> {
    let authorization = &addon.get_ref().authorization;
    let access = authorization.access.given().map(|access| &access.get_ref().conditions);
    let rules = authorization.protect.given().map(|rules| rules.get_ref().as_slice()).unwrap_or_default();
    access.into_iter().chain(rules.iter().map(|rule| &rule.get_ref().conditions))
}

fn all_conditions<'a>(addons: &'a [Arc<Addon>], permissions: &'a Permissions) -> impl Iterator<Item = &'a Conditions> {
    let asks = |addon: &'a Arc<Addon>| addon.authorization.protect.iter().flat_map(|protect| &protect.rules);
    let of_rules = addons.iter().flat_map(asks).flat_map(|rule| &rule.asks).filter_map(|ask| match ask {
        ProtectAsk::Circumstances(conditions) => Some(conditions),
        _ => None,
    });
    let of_access = addons.iter().map(|addon| &addon.authorization.access.conditions);
    of_access.chain(of_rules).chain(permissions.groups.iter().map(|group| &group.conditions))
}

/// Each is one subscription's work for Home Assistant, and one line of a table here.
const MOST: usize = 100;
