//! What areas, devices, floors and labels stand for when a service is called on them, as Home Assistant finds it
//! (`homeassistant.helpers.target`): entities that are hidden, or that configure or diagnose a device, are meant by
//! their own id and by their own label alone.

use std::collections::HashSet;

use super::{Device, Entity, Registry};

/// What a call may be about besides entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A device, with its parts.
    Device,
    /// An area.
    Area,
    /// A floor: all of its areas.
    Floor,
    /// A label: the entities, devices and areas that have it.
    Label,
}

impl Registry {
    /// The ids of the entities that this stands for; nothing where there is no such thing.
    pub fn targeted(&self, kind: TargetKind, id: &str) -> Option<Vec<&str>> {
        let mut areas: HashSet<&str> = HashSet::new();
        let mut devices: HashSet<&str> = HashSet::new();
        let is_known = match kind {
            TargetKind::Device => {
                devices.insert(self.device(id)?.id());
                true
            }
            TargetKind::Area => {
                areas.insert(&self.area(id)?.id);
                true
            }
            TargetKind::Floor => {
                let on_it = self.areas().filter(|area| area.floor_id.as_deref() == Some(id));
                areas.extend(on_it.map(|area| area.id.as_str()));
                // The floors themselves are not read: one without an area is not known here.
                !areas.is_empty()
            }
            TargetKind::Label => {
                let has_it = |labels: &[String]| labels.iter().any(|label| label == id);
                areas.extend(self.areas().filter(|area| has_it(&area.labels)).map(|area| area.id.as_str()));
                devices.extend(self.devices().filter(|device| has_it(device.labels())).map(Device::id));
                self.label(id).is_some()
            }
        };
        let means = |entity: &&Entity| self.means(entity, (kind, id), &areas, &devices);
        is_known.then(|| self.entities().filter(means).map(|entity| entity.record().entity_id.as_str()).collect())
    }

    fn means(&self, entity: &Entity, of: (TargetKind, &str), areas: &HashSet<&str>, devices: &HashSet<&str>) -> bool {
        let record = entity.record();
        if record.is_hidden {
            return false;
        }
        if matches!(of, (TargetKind::Label, label) if record.labels.iter().any(|own| own == label)) {
            return true;
        }
        if record.is_secondary {
            return false;
        }
        let device = self.device_of(entity);
        let is_one = |device: &Device| devices.contains(device.id());
        let is_part = |device: &Device| device.parent_id().is_some_and(|parent| devices.contains(parent));
        // An area of its own counts in the place of its device's.
        let area = record.area_id.as_deref().or_else(|| device?.area_id());
        device.is_some_and(|device| is_one(device) || is_part(device)) || area.is_some_and(|area| areas.contains(area))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::{AreaRecord, ChildDeviceRecord, DeviceRecord, EntityRecord, LabelRecord, RegistryRecords};

    fn entity(id: &str, device: Option<&str>, area: Option<&str>) -> EntityRecord {
        EntityRecord {
            entity_id: id.into(),
            id: format!("id-{id}"),
            device_id: device.map(Into::into),
            area_id: area.map(Into::into),
            ..EntityRecord::default()
        }
    }

    fn registry() -> Registry {
        let labelled = |record: EntityRecord| EntityRecord { labels: vec!["warm".into()], ..record };
        let entities = vec![
            entity("light.own", None, Some("kitchen")),
            entity("light.of_device", Some("lamp"), None),
            entity("light.moved", Some("lamp"), Some("hall")),
            entity("light.of_part", Some("part"), None),
            labelled(EntityRecord { is_secondary: true, ..entity("light.status", Some("lamp"), None) }),
            labelled(EntityRecord { is_hidden: true, ..entity("light.hidden", Some("lamp"), None) }),
        ];
        let lamp = DeviceRecord { id: "lamp".into(), area_id: Some("kitchen".into()), ..DeviceRecord::default() };
        let part =
            ChildDeviceRecord { id: "part".into(), parent_device_id: "lamp".into(), ..ChildDeviceRecord::default() };
        let area = |id: &str, floor: Option<&str>| AreaRecord {
            id: id.into(),
            floor_id: floor.map(Into::into),
            ..AreaRecord::default()
        };
        Registry::new(RegistryRecords {
            entities,
            devices: vec![lamp],
            child_devices: vec![part],
            areas: vec![area("kitchen", Some("ground")), area("hall", None)],
            labels: vec![LabelRecord { label_id: "warm".into(), ..LabelRecord::default() }],
        })
    }

    #[test]
    fn a_target_stands_for_what_home_assistant_finds() {
        let registry = registry();
        let found = |kind, id| registry.targeted(kind, id);
        let kitchen = ["light.own", "light.of_device", "light.of_part"];
        assert_eq!(found(TargetKind::Area, "kitchen").as_deref(), Some(&kitchen[..]));
        assert_eq!(found(TargetKind::Floor, "ground").as_deref(), Some(&kitchen[..]));
        assert_eq!(found(TargetKind::Area, "hall").as_deref(), Some(&["light.moved"][..]));
        let lamp = ["light.of_device", "light.moved", "light.of_part"];
        assert_eq!(found(TargetKind::Device, "lamp").as_deref(), Some(&lamp[..]));
        assert_eq!(found(TargetKind::Device, "part").as_deref(), Some(&["light.of_part"][..]));
        assert_eq!(found(TargetKind::Label, "warm").as_deref(), Some(&["light.status"][..]));
        for kind in [TargetKind::Area, TargetKind::Device, TargetKind::Floor, TargetKind::Label] {
            assert_eq!(found(kind, "nowhere"), None, "{kind:?}");
        }
    }
}
