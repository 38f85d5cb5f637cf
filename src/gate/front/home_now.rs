//! What there is in the home at this moment, as far as the filter of a user who is held asks.

use std::sync::Arc;

use crate::entity_filter::{Access, HomeNow, Places};
use crate::gate::Gate;
use crate::identity::User;
use crate::ids::GroupId;

/// Looked up anew each time, so that a registry that has changed counts from the next message on.
pub(super) fn home_now(gate: &Arc<Gate>, user: &Arc<User>, within: Option<GroupId>) -> HomeNow {
    let (of_places, of_targets, user) = (Arc::clone(gate), Arc::clone(gate), Arc::clone(user));
    HomeNow {
        places: Box::new(move || places(&of_places, &user, within.as_ref())),
        targets: Box::new(move |kind, id| {
            let registry = of_targets.services.home.load().registry()?;
            Some(registry.targeted(kind, id)?.into_iter().map(str::to_owned).collect())
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
