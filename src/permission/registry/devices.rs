//! Devices and their parts, and the device that an entity's `device_id` means today.

use std::collections::HashMap;

use super::records::{ChildDeviceRecord, DeviceRecord, EntityRecord};

/// A device, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    id: String,
    name: Option<String>,
    area_id: Option<String>,
    labels: Vec<String>,
    config_entry_ids: Vec<String>,
    parent_id: Option<String>,
    area_is_its_parent_s: bool,
}

impl Device {
    /// The device's id in the registry.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The area it is in. A part without an area of its own is where its parent is.
    pub fn area_id(&self) -> Option<&str> {
        self.area_id.as_deref()
    }

    /// Whether it is a part that is where its parent is.
    pub fn area_is_its_parent_s(&self) -> bool {
        self.area_is_its_parent_s
    }

    /// The labels that the device itself has, without those of its area.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Its config entries; those of its parent for a part.
    pub fn config_entry_ids(&self) -> &[String] {
        &self.config_entry_ids
    }

    /// The device that it is a part of, if it is one.
    pub fn parent_id(&self) -> Option<&str> {
        self.parent_id.as_deref()
    }
}

/// All devices and parts, and what old devices were split into.
#[derive(Debug, Default)]
pub(super) struct Devices {
    all: Vec<Device>,
    positions: HashMap<String, usize>,
    splits: HashMap<String, Vec<Split>>,
}

/// One of the devices that an old device was split into.
#[derive(Debug)]
struct Split {
    position: usize,
    subentry: Option<String>,
}

impl Devices {
    /// Of several records with one id, the last counts. A part whose parent is not there is dropped, and where a part
    /// has the id of a device, the device counts.
    pub(super) fn new(records: Vec<DeviceRecord>, children: Vec<ChildDeviceRecord>) -> Self {
        let mut devices = Self::default();
        for record in records {
            devices.add(record);
        }
        // What stands before this place is a device, and what is added from here on is a part.
        let parents = devices.all.len();
        for child in children {
            devices.add_child(child, parents);
        }
        devices
    }

    pub(super) fn at(&self, position: usize) -> Option<&Device> {
        self.all.get(position)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.all.iter()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Device> {
        self.at(*self.positions.get(id)?)
    }

    /// Where an entity belongs. When its `device_id` names neither a device nor a part, it goes to the device that was
    /// split off the one it names and has its config entry, the one with its subentry if there is one; else it is
    /// detached.
    pub(super) fn resolve(&self, entity: &EntityRecord) -> Option<usize> {
        let device_id = entity.device_id.as_ref()?;
        if let Some(position) = self.positions.get(device_id) {
            return Some(*position);
        }
        let entry = entity.config_entry_id.as_ref()?;
        let has_entry = |split: &&Split| self.at(split.position).is_some_and(|d| d.config_entry_ids.contains(entry));
        let splits = self.splits.get(device_id)?;
        // An old device may have been split into several of one config entry: the one of the same subentry comes first.
        let exact = splits.iter().filter(has_entry).find(|split| split.subentry == entity.config_subentry_id);
        exact.or_else(|| splits.iter().find(has_entry)).map(|split| split.position)
    }

    fn add(&mut self, record: DeviceRecord) {
        let DeviceRecord { id, name, area_id, labels, config_entry_ids, .. } = record;
        let position = self.put(Device {
            id,
            name,
            area_id,
            labels,
            config_entry_ids,
            parent_id: None,
            area_is_its_parent_s: false,
        });
        if let Some(composite) = record.composite_device_id {
            let split = Split { position, subentry: record.config_subentry_id };
            self.splits.entry(composite).or_default().push(split);
        }
    }

    fn add_child(&mut self, record: ChildDeviceRecord, parents: usize) {
        let is_device = |position: &usize| *position < parents;
        if self.positions.get(&record.id).is_some_and(is_device) {
            return;
        }
        let parent = self.positions.get(&record.parent_device_id).copied().filter(is_device);
        let Some(parent) = parent.and_then(|position| self.at(position)) else {
            return;
        };
        let child = Device {
            area_is_its_parent_s: record.area_id.is_none() && parent.area_id.is_some(),
            area_id: record.area_id.or_else(|| parent.area_id.clone()),
            config_entry_ids: parent.config_entry_ids.clone(),
            id: record.id,
            name: record.name,
            labels: record.labels,
            parent_id: Some(record.parent_device_id),
        };
        self.put(child);
    }

    /// Puts a device in its place: that of the record with the same id before it, or a new one.
    fn put(&mut self, device: Device) -> usize {
        let next = self.all.len();
        let position = *self.positions.entry(device.id.clone()).or_insert(next);
        if let Some(place) = self.all.get_mut(position) {
            *place = device;
            self.forget_split(position);
        } else {
            self.all.push(device);
        }
        position
    }

    /// A record that is replaced takes its claim to be part of an old device with it.
    fn forget_split(&mut self, position: usize) {
        for splits in self.splits.values_mut() {
            splits.retain(|split| split.position != position);
        }
    }
}
