//! Which device and area an entity belongs to, as Home Assistant sees it after loading its registries.
//!
//! The records of the files make a view in which every entity finds its device and the device's area in one look-up. It
//! must never guess: an entity whose device cannot be found has none.

mod devices;
mod records;
mod targets;

use std::collections::{BTreeMap, HashMap};

pub use devices::Device;
use devices::Devices;

use super::table::{ById, with_room};
pub use records::{AreaRecord, ChildDeviceRecord, DeviceRecord, EntityRecord, LabelRecord, RegistryRecords};
pub use targets::TargetKind;

/// The registries of one Home Assistant at one moment. Never changed, only replaced.
#[derive(Debug, Default)]
pub struct Registry {
    entities: Vec<Entity>,
    /// Positions in `entities`, by entity id and by registry id alike: one look-up finds either.
    positions: ById<usize>,
    devices: Devices,
    areas: BTreeMap<String, AreaRecord>,
    labels: BTreeMap<String, LabelRecord>,
}

impl Registry {
    /// The view of these records. Where an id stands twice, the last record wins, as in Home Assistant.
    pub fn new(records: RegistryRecords) -> Self {
        let devices = Devices::new(records.devices, records.child_devices);
        let entities: Vec<_> = last_of_each(records.entities)
            .into_iter()
            .map(|record| Entity { device: devices.resolve(&record), record })
            .collect();
        Self {
            positions: positions(&entities),
            entities,
            devices,
            areas: records.areas.into_iter().map(|area| (area.id.clone(), area)).collect(),
            labels: records.labels.into_iter().map(|label| (label.label_id.clone(), label)).collect(),
        }
    }

    /// The entity with this entity id or this registry id. One that is not registered (from YAML without a unique id,
    /// `sun.sun`) may well exist in Home Assistant, but has no device and no area.
    pub fn entity(&self, id: &str) -> Option<&Entity> {
        self.entities.get(*self.positions.get(id)?)
    }

    /// All registered entities, in the order of the file.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.entities.iter()
    }

    /// The device that an entity of this registry belongs to, found as Home Assistant's loader finds it.
    pub fn device_of(&self, entity: &Entity) -> Option<&Device> {
        self.devices.at(entity.device?)
    }

    /// The device or child device with this id.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.devices.get(id)
    }

    /// All devices and child devices, in the order of the file.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter()
    }

    /// The area with this id.
    pub fn area(&self, id: &str) -> Option<&AreaRecord> {
        self.areas.get(id)
    }

    /// All areas, in the order of their ids.
    pub fn areas(&self) -> impl Iterator<Item = &AreaRecord> {
        self.areas.values()
    }

    /// The label with this id.
    pub fn label(&self, id: &str) -> Option<&LabelRecord> {
        self.labels.get(id)
    }

    /// All labels, in the order of their ids.
    pub fn labels(&self) -> impl Iterator<Item = &LabelRecord> {
        self.labels.values()
    }
}

/// A registered entity: what the file says, and the device that was found for it.
#[derive(Debug)]
pub struct Entity {
    record: EntityRecord,
    device: Option<usize>,
}

impl Entity {
    /// What the file says. Its `device_id` may be stale; [`Registry::device_of`] is what counts.
    pub fn record(&self) -> &EntityRecord {
        &self.record
    }
}

/// The last record of each entity id, in the order of the file.
fn last_of_each(records: Vec<EntityRecord>) -> Vec<EntityRecord> {
    let mut last: HashMap<String, usize> = HashMap::with_capacity(records.len());
    for (position, record) in records.iter().enumerate() {
        last.insert(record.entity_id.clone(), position);
    }
    if last.len() == records.len() {
        return records;
    }
    let is_last = |(position, record): &(usize, EntityRecord)| last.get(&record.entity_id) == Some(position);
    records.into_iter().enumerate().filter(is_last).map(|(_, record)| record).collect()
}

/// Home Assistant tries a text as a registry id first and as an entity id second, so registry ids overwrite.
fn positions(entities: &[Entity]) -> ById<usize> {
    // Each entity has two ids in it.
    let mut positions = with_room(entities.len().saturating_mul(2));
    for (position, entity) in entities.iter().enumerate() {
        positions.insert(entity.record.entity_id.as_str().into(), position);
    }
    for (position, entity) in entities.iter().enumerate() {
        positions.insert(entity.record.id.as_str().into(), position);
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(entity_id: &str, id: &str, device_id: &str) -> EntityRecord {
        EntityRecord {
            entity_id: entity_id.into(),
            id: id.into(),
            device_id: Some(device_id.into()),
            config_entry_id: Some("entry".into()),
            config_subentry_id: Some("wanted".into()),
            ..EntityRecord::default()
        }
    }

    fn split(id: &str, entry: &str, subentry: Option<&str>) -> DeviceRecord {
        DeviceRecord {
            id: id.into(),
            config_entry_ids: vec![entry.into()],
            config_subentry_id: subentry.map(Into::into),
            composite_device_id: Some("old".into()),
            ..DeviceRecord::default()
        }
    }

    fn device_found(devices: Vec<DeviceRecord>) -> Option<String> {
        let entities = vec![entity("light.a", "id-a", "old")];
        let registry = Registry::new(RegistryRecords { entities, devices, ..RegistryRecords::default() });
        let found = registry.device_of(registry.entity("light.a").unwrap());
        found.map(|device| device.id().to_owned())
    }

    #[test]
    fn an_entity_is_found_by_its_entity_id_and_by_its_registry_id() {
        let entities = vec![entity("light.a", "id-a", "x")];
        let registry = Registry::new(RegistryRecords { entities, ..RegistryRecords::default() });
        assert_eq!(registry.entity("light.a").unwrap().record().id, "id-a");
        assert_eq!(registry.entity("id-a").unwrap().record().entity_id, "light.a");
        assert!(registry.entity("LIGHT.a").is_none());
    }

    #[test]
    fn of_two_records_with_one_entity_id_the_last_counts_and_the_first_one_s_registry_id_is_gone() {
        let entities = vec![entity("light.a", "id-1", "x"), entity("light.a", "id-2", "x")];
        let registry = Registry::new(RegistryRecords { entities, ..RegistryRecords::default() });
        assert_eq!(registry.entity("light.a").unwrap().record().id, "id-2");
        assert!(registry.entity("id-1").is_none());
        assert_eq!(registry.entities().count(), 1);
    }

    #[test]
    fn an_entity_of_a_split_device_goes_to_the_part_with_its_config_entry() {
        let parts = vec![split("other", "another", Some("wanted")), split("mine", "entry", None)];
        assert_eq!(device_found(parts).as_deref(), Some("mine"));
    }

    #[test]
    fn of_several_parts_with_its_config_entry_the_one_with_its_subentry_is_preferred() {
        let parts = vec![split("first", "entry", None), split("exact", "entry", Some("wanted"))];
        assert_eq!(device_found(parts).as_deref(), Some("exact"));
    }

    #[test]
    fn an_entity_of_a_split_device_without_a_part_of_its_config_entry_is_detached() {
        assert_eq!(device_found(vec![split("other", "another", Some("wanted"))]), None);
    }
}
