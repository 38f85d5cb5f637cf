//! Home Assistant's registry files: entities, devices, areas, labels.
//!
//! Reads the four files in `.storage`, as 2024.3 to 2026.11 write them (spec/permissions.md section 2), into a
//! [`Registry`]. A file is read fully or refused: it never yields a part of what it says.

mod raw;

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::permission::{
    AreaRecord, ChildDeviceRecord, DeviceRecord, EntityRecord, LabelRecord, Registry, RegistryRecords,
};
use raw::{Areas, Devices, Entities, Labels};

/// Makes the registries from the bytes of the four files.
///
/// Home Assistant takes a missing file for an empty one, and writes some only when there is something in them (labels):
/// a caller that wants to do the same passes [`RegistryFile::EMPTY`] for it.
pub fn parse(bytes: &RegistryBytes<'_>) -> Result<Registry, RegistryError> {
    records(bytes).map(Registry::new)
}

/// The records alone, with no view made of them yet.
pub fn records(bytes: &RegistryBytes<'_>) -> Result<RegistryRecords, RegistryError> {
    let (devices, child_devices) = devices(bytes.devices)?;
    Ok(RegistryRecords {
        entities: entities(bytes.entities)?,
        devices,
        child_devices,
        areas: areas(bytes.areas)?,
        labels: labels(bytes.labels)?,
    })
}

pub(super) fn entities(bytes: &[u8]) -> Result<Vec<EntityRecord>, RegistryError> {
    let Entities { entities } = read_data(RegistryFile::Entities, bytes)?;
    Ok(entities.into_iter().map(Into::into).collect())
}

/// The devices and their parts.
pub(super) fn devices(bytes: &[u8]) -> Result<(Vec<DeviceRecord>, Vec<ChildDeviceRecord>), RegistryError> {
    let Devices { devices, child_devices } = read_data(RegistryFile::Devices, bytes)?;
    Ok((devices.into_iter().map(Into::into).collect(), child_devices.into_iter().map(Into::into).collect()))
}

pub(super) fn areas(bytes: &[u8]) -> Result<Vec<AreaRecord>, RegistryError> {
    let Areas { areas } = read_data(RegistryFile::Areas, bytes)?;
    Ok(areas.into_iter().map(Into::into).collect())
}

pub(super) fn labels(bytes: &[u8]) -> Result<Vec<LabelRecord>, RegistryError> {
    let Labels { labels } = read_data(RegistryFile::Labels, bytes)?;
    Ok(labels.into_iter().map(Into::into).collect())
}

/// The contents of the four files.
#[derive(Debug, Clone, Copy)]
pub struct RegistryBytes<'a> {
    /// The bytes of `core.entity_registry`.
    pub entities: &'a [u8],
    /// The bytes of `core.device_registry`.
    pub devices: &'a [u8],
    /// The bytes of `core.area_registry`.
    pub areas: &'a [u8],
    /// The bytes of `core.label_registry`.
    pub labels: &'a [u8],
}

/// One of the four files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistryFile {
    /// `core.entity_registry`: entities with their devices, areas and labels.
    Entities,
    /// `core.device_registry`: devices with their areas and labels.
    Devices,
    /// `core.area_registry`: areas and their labels.
    Areas,
    /// `core.label_registry`: the labels themselves.
    Labels,
}

impl RegistryFile {
    /// All four, in the order in which they are read.
    pub const ALL: [Self; 4] = [Self::Entities, Self::Devices, Self::Areas, Self::Labels];

    /// Bytes that every one of them reads as empty, for a file that may be missing.
    pub const EMPTY: &'static [u8] = br#"{"version":1,"data":{"entities":[],"devices":[],"areas":[],"labels":[]}}"#;

    /// Its name in `.storage`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entities => "core.entity_registry",
            Self::Devices => "core.device_registry",
            Self::Areas => "core.area_registry",
            Self::Labels => "core.label_registry",
        }
    }

    /// The newest major version that is understood: 2026.11's.
    const fn known_major(self) -> u32 {
        match self {
            Self::Devices => 3,
            Self::Entities | Self::Areas | Self::Labels => 1,
        }
    }
}

impl fmt::Display for RegistryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a registry file is refused.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file is cut off, not JSON, or not what Home Assistant writes.
    #[error("{file} is not a registry file of Home Assistant")]
    Malformed {
        /// The file that cannot be read.
        file: RegistryFile,
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// The file is from a Home Assistant that is newer than what is known here.
    #[error("{file} has version {major}.{minor}, the newest that is understood is {}.x", file.known_major())]
    TooNew {
        /// The file that is newer than we know.
        file: RegistryFile,
        /// The major version that the file says.
        major: u32,
        /// The minor version that the file says.
        minor: u32,
    },
}

/// The version comes first, so that a newer file is called newer and not malformed. A larger minor version is accepted:
/// Home Assistant promises that older readers understand it.
fn read_data<T: DeserializeOwned>(file: RegistryFile, bytes: &[u8]) -> Result<T, RegistryError> {
    let malformed = |source| RegistryError::Malformed { file, source };
    let Head { version: major, minor_version: minor } = serde_json::from_slice(bytes).map_err(malformed)?;
    if major > file.known_major() {
        return Err(RegistryError::TooNew { file, major, minor });
    }
    let Body { data } = serde_json::from_slice(bytes).map_err(malformed)?;
    Ok(data)
}

#[derive(Deserialize)]
struct Head {
    version: u32,
    #[serde(default = "first_minor")]
    minor_version: u32,
}

fn first_minor() -> u32 {
    1
}

#[derive(Deserialize)]
struct Body<T> {
    data: T,
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn entities(bytes: &[u8]) -> Result<Registry, RegistryError> {
        let empty = RegistryFile::EMPTY;
        parse(&RegistryBytes { entities: bytes, devices: empty, areas: empty, labels: empty })
    }

    #[test]
    fn a_missing_minor_version_is_one_and_a_larger_one_is_accepted() {
        assert!(entities(br#"{"version": 1, "data": {"entities": []}}"#).is_ok());
        assert!(entities(br#"{"version": 1, "minor_version": 99, "data": {"entities": [], "new": 1}}"#).is_ok());
    }

    #[test]
    fn a_larger_major_version_is_refused_as_newer_even_when_its_shape_is_unknown() {
        let error = entities(br#"{"version": 2, "data": []}"#).unwrap_err();
        assert_eq!(error.to_string(), "core.entity_registry has version 2.1, the newest that is understood is 1.x");
    }

    #[test]
    fn a_file_without_a_version_is_refused() {
        let refused = entities(br#"{"data": {"entities": []}}"#);
        assert!(matches!(refused, Err(RegistryError::Malformed { file: RegistryFile::Entities, .. })));
    }

    #[test]
    fn one_bad_entity_refuses_the_whole_file_and_says_what_is_wrong() {
        let bad = br#"{"version": 1, "data": {"entities": [
            {"entity_id": "light.a", "id": "1"}, {"entity_id": "light.b", "id": "2", "device_id": 3}]}}"#;
        let error = entities(bad).unwrap_err();
        assert!(error.source().unwrap().to_string().contains("expected a string"), "{error:?}");
    }

    #[test]
    fn a_cut_off_file_is_refused_at_every_length() {
        let whole = br#"{"version": 1, "data": {"entities": [{"entity_id": "light.a", "id": "1"}]}}"#;
        assert!(entities(whole).is_ok());
        for length in 0..whole.len() {
            assert!(entities(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_device_of_2024_has_several_config_entries_and_one_of_2026_has_one() {
        let devices = br#"{"version": 1, "minor_version": 5, "data": {"devices": [
            {"id": "old", "config_entries": ["a", "b"]}, {"id": "new", "config_entry_id": "c"}]}}"#;
        let empty = RegistryFile::EMPTY;
        let registry = parse(&RegistryBytes { entities: empty, devices, areas: empty, labels: empty }).unwrap();
        assert_eq!(registry.device("old").unwrap().config_entry_ids(), ["a", "b"]);
        assert_eq!(registry.device("new").unwrap().config_entry_ids(), ["c"]);
    }
}
