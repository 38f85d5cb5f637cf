//! The records of Home Assistant's registry files, as far as they matter here or to the rules of our own groups.
//! To permissions, disabled and hidden entities are like all others; deleted ones are not records.

/// All records of the four files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryRecords {
    /// The entities of `core.entity_registry`.
    pub entities: Vec<EntityRecord>,
    /// The devices: the list `devices` of `core.device_registry`.
    pub devices: Vec<DeviceRecord>,
    /// `core.device_registry`, `child_devices`: parts of a device, since 2026.9.
    pub child_devices: Vec<ChildDeviceRecord>,
    /// The areas of `core.area_registry`.
    pub areas: Vec<AreaRecord>,
    /// The labels of `core.label_registry`.
    pub labels: Vec<LabelRecord>,
}

/// An entity as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntityRecord {
    /// `light.kitchen`: the id that people use and may change.
    pub entity_id: String,
    /// The registry id, 32 hexadecimal digits, which never changes.
    pub id: String,
    /// The name that the user gave it, else the one that its integration gave it.
    pub name: Option<String>,
    /// The device it belongs to, which may have gone or been split since.
    pub device_id: Option<String>,
    /// Its own area, which Home Assistant's permissions ignore.
    pub area_id: Option<String>,
    /// The ids of the labels that the entity itself has.
    pub labels: Vec<String>,
    /// The config entry that made it.
    pub config_entry_id: Option<String>,
    /// The part of that config entry that made it.
    pub config_subentry_id: Option<String>,
    /// Whether somebody or its integration hides it.
    pub is_hidden: bool,
    /// Whether it configures or diagnoses its device.
    pub is_secondary: bool,
}

/// A device as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceRecord {
    /// The device's id in the registry.
    pub id: String,
    /// The name that the user gave it, else the one that its integration gave it.
    pub name: Option<String>,
    /// The id of the area that it is in, if it is in one.
    pub area_id: Option<String>,
    /// The ids of its labels.
    pub labels: Vec<String>,
    /// Its config entries: several before 2026.8, then exactly one.
    pub config_entry_ids: Vec<String>,
    /// The part of its config entry that made it.
    pub config_subentry_id: Option<String>,
    /// The id of the device that this one was split from.
    pub composite_device_id: Option<String>,
}

/// A part of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChildDeviceRecord {
    /// The device's id in the registry.
    pub id: String,
    /// The device that it is a part of.
    pub parent_device_id: String,
    /// The name that the user gave it, else the one that its integration gave it.
    pub name: Option<String>,
    /// Its own area; without one it is where its parent is.
    pub area_id: Option<String>,
    /// The ids of its labels.
    pub labels: Vec<String>,
}

/// An area as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AreaRecord {
    /// The area's id, which rules name.
    pub id: String,
    /// The area's name, as people read it.
    pub name: String,
    /// The floor that it is on.
    pub floor_id: Option<String>,
    /// The ids of its labels.
    pub labels: Vec<String>,
}

/// A label as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelRecord {
    /// The label's id, which rules name.
    pub label_id: String,
    /// The label's name, as people read it.
    pub name: String,
}
