//! What there is in the home at this moment, as far as the filter of a user who is held asks.

use std::sync::Arc;

use crate::authorization::is_listed_for;
use crate::conditions::Circumstances;
use crate::entity_filter::{Access, HomeNow, IngressNow, Places};
use crate::gate::Gate;
use crate::http::ClientAddr;
use crate::identity::User;
use crate::ids::{AddonSlug, GroupId};
use crate::route::HOME_ASSISTANTS;

/// Looked up anew each time, so that a registry that has changed counts from the next message on.
pub(super) fn home_now(gate: &Arc<Gate>, user: &Arc<User>, within: Option<GroupId>, client: ClientAddr) -> HomeNow {
    let ingress = ingress_now(gate, user, client);
    let (of_places, of_targets, user) = (Arc::clone(gate), Arc::clone(gate), Arc::clone(user));
    HomeNow {
        places: Box::new(move || places(&of_places, &user, within.as_ref())),
        targets: Box::new(move |kind, id| {
            let registry = of_targets.services.home.load().registry()?;
            Some(registry.targeted(kind, id)?.into_iter().map(str::to_owned).collect())
        }),
        ingress,
    }
}

/// The add-ons in Home Assistant's own pages, for a user who comes from there.
fn ingress_now(gate: &Arc<Gate>, user: &Arc<User>, client: ClientAddr) -> IngressNow {
    let whose = || (Arc::clone(gate), user.id.clone());
    let ((of_opening, opens), (of_shown, shows), (of_made, made), (of_behind, _)) =
        (whose(), whose(), whose(), whose());
    IngressNow {
        opens: Box::new(move |slug| {
            let (stages, home) = (of_opening.stages(), of_opening.services.home.load());
            let circumstances = Circumstances::new(client, home.environment());
            let directory = home.directory().load();
            let user = directory
                .user(&opens)
                .and_then(|user| directory.in_circumstances(Arc::clone(user), &circumstances).ok());
            let addon = stages.settings.front_addon(slug);
            user.zip(addon).is_some_and(|(user, addon)| is_listed_for(&user, &addon.authorization, &circumstances))
        }),
        is_theirs: Box::new(move |session| of_shown.ingress_sessions.is_of(&shows, session)),
        made: Box::new(move |session| of_made.ingress_sessions.note(&made, session)),
        is_at: Box::new(move |url, slug| {
            let slug: Option<AddonSlug> = slug.parse().ok();
            let token = url.strip_prefix(HOME_ASSISTANTS).and_then(|rest| rest.split_once('/'));
            let known = token.zip(slug);
            known.inspect(|((token, _), slug)| of_behind.stages().front_tokens().learn(token, slug)).is_some()
        }),
    }
}

/// What has something in it that the user may read at this moment.
fn places(gate: &Gate, user: &User, within: Option<&GroupId>) -> Places {
    let home = gate.services.home.load();
    let directory = home.directory().load();
    let mut places = Places::default();
    let Some((registry, rights)) = directory.registry().zip(directory.rights_within(user, within)) else {
        return places;
    };
    for entity in registry.entities() {
        let record = entity.record();
        if !rights.check(&record.entity_id, Access::Read.key()).is_permit() {
            continue;
        }
        let device = registry.device_of(entity);
        places.labels.extend(record.labels.iter().cloned());
        if let Some(device) = device {
            places.devices.insert(device.id().to_owned());
            places.devices.extend(device.parent_id().map(str::to_owned));
            places.labels.extend(device.labels().iter().cloned());
        }
        let area = record.area_id.as_deref().or_else(|| device?.area_id());
        if let Some(area) = area.and_then(|area| registry.area(area)) {
            places.floors.extend(area.floor_id.clone());
            places.areas.insert(area.id.clone());
        }
    }
    places
}
