//! The registry files as they are written, field by field.
//!
//! Turns JSON into the records of `permission`. A field that only newer or older files have is optional; what is not
//! used is not even looked at.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::permission::{AreaRecord, ChildDeviceRecord, DeviceRecord, EntityRecord, LabelRecord};

#[derive(Deserialize)]
pub(super) struct Entities {
    pub(super) entities: Vec<RawEntity>,
}

#[derive(Deserialize)]
pub(super) struct Devices {
    pub(super) devices: Vec<RawDevice>,
    #[serde(default)]
    pub(super) child_devices: Vec<RawChildDevice>,
}

#[derive(Deserialize)]
pub(super) struct Areas {
    pub(super) areas: Vec<RawArea>,
}

#[derive(Deserialize)]
pub(super) struct Labels {
    pub(super) labels: Vec<RawLabel>,
}

#[derive(Deserialize)]
pub(super) struct RawEntity {
    entity_id: String,
    id: String,
    name: Option<String>,
    original_name: Option<String>,
    device_id: Option<String>,
    area_id: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    config_entry_id: Option<String>,
    config_subentry_id: Option<String>,
    hidden_by: Option<IgnoredAny>,
    entity_category: Option<IgnoredAny>,
}

impl From<RawEntity> for EntityRecord {
    fn from(raw: RawEntity) -> Self {
        Self {
            entity_id: raw.entity_id,
            id: raw.id,
            name: raw.name.or(raw.original_name),
            device_id: raw.device_id,
            area_id: raw.area_id,
            labels: raw.labels,
            config_entry_id: raw.config_entry_id,
            config_subentry_id: raw.config_subentry_id,
            is_hidden: raw.hidden_by.is_some(),
            is_secondary: raw.entity_category.is_some(),
        }
    }
}

/// `config_entries` is 2024.3's list, `config_entry_id` 2026.11's only one.
#[derive(Deserialize)]
pub(super) struct RawDevice {
    id: String,
    name: Option<String>,
    name_by_user: Option<String>,
    area_id: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    config_entry_id: Option<String>,
    #[serde(default)]
    config_entries: Vec<String>,
    config_subentry_id: Option<String>,
    composite_device_id: Option<String>,
}

impl From<RawDevice> for DeviceRecord {
    fn from(raw: RawDevice) -> Self {
        Self {
            id: raw.id,
            name: raw.name_by_user.or(raw.name),
            area_id: raw.area_id,
            labels: raw.labels,
            config_entry_ids: raw.config_entry_id.map_or(raw.config_entries, |only| vec![only]),
            config_subentry_id: raw.config_subentry_id,
            composite_device_id: raw.composite_device_id,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RawChildDevice {
    id: String,
    parent_device_id: String,
    name: Option<String>,
    name_by_user: Option<String>,
    area_id: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
}

impl From<RawChildDevice> for ChildDeviceRecord {
    fn from(raw: RawChildDevice) -> Self {
        Self {
            id: raw.id,
            parent_device_id: raw.parent_device_id,
            name: raw.name_by_user.or(raw.name),
            area_id: raw.area_id,
            labels: raw.labels,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RawArea {
    id: String,
    name: String,
    floor_id: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
}

impl From<RawArea> for AreaRecord {
    fn from(raw: RawArea) -> Self {
        Self { id: raw.id, name: raw.name, floor_id: raw.floor_id, labels: raw.labels }
    }
}

#[derive(Deserialize)]
pub(super) struct RawLabel {
    label_id: String,
    name: String,
}

impl From<RawLabel> for LabelRecord {
    fn from(raw: RawLabel) -> Self {
        Self { label_id: raw.label_id, name: raw.name }
    }
}
