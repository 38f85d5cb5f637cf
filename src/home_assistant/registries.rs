//! Home Assistant's registry files: entities, devices, areas, labels.
//!
//! In come the bytes of the four files in `.storage`, as 2024.3 to 2026.11 write them (spec/permissions.md section 2),
//! out comes a [`Registry`]. A file is read fully or refused: it never yields a part of what it says.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::permission::{
    AreaRecord, ChildDeviceRecord, DeviceRecord, EntityRecord, LabelRecord, Registry, RegistryRecords,
};

/// Reads the registries from a `.storage` folder. Blocks on the disk.
///
/// Each file that is missing is an error, [`RegistryError::Missing`]. Home Assistant itself takes a missing one for an
/// empty one, and writes some only when there is something in them (labels): a caller that wants to do the same passes
/// [`RegistryFile::EMPTY`] for it to [`parse`].
pub fn read_folder(storage: &Path) -> Result<Registry, RegistryError> {
    let entities = read_file(storage, RegistryFile::Entities)?;
    let devices = read_file(storage, RegistryFile::Devices)?;
    let areas = read_file(storage, RegistryFile::Areas)?;
    let labels = read_file(storage, RegistryFile::Labels)?;
    parse(&RegistryBytes { entities: &entities, devices: &devices, areas: &areas, labels: &labels })
}

/// Reads one of the files from a `.storage` folder, not looking into it. Blocks on the disk.
pub fn read_file(storage: &Path, file: RegistryFile) -> Result<Vec<u8>, RegistryError> {
    let opened = File::open(storage.join(file.name())).map_err(|source| match source.kind() {
        ErrorKind::NotFound => RegistryError::Missing { file },
        _ => RegistryError::Unreadable { file, source },
    })?;
    match read_at_most(opened, MAX_BYTES) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(RegistryError::TooLarge { file }),
        Err(source) => Err(RegistryError::Unreadable { file, source }),
    }
}

/// Makes the registries from the bytes of the four files.
pub fn parse(bytes: &RegistryBytes<'_>) -> Result<Registry, RegistryError> {
    let entities: Entities = read_data(RegistryFile::Entities, bytes.entities)?;
    let devices: Devices = read_data(RegistryFile::Devices, bytes.devices)?;
    let areas: Areas = read_data(RegistryFile::Areas, bytes.areas)?;
    let labels: Labels = read_data(RegistryFile::Labels, bytes.labels)?;
    Ok(Registry::new(RegistryRecords {
        entities: entities.entities.into_iter().map(Into::into).collect(),
        devices: devices.devices.into_iter().map(Into::into).collect(),
        child_devices: devices.child_devices.into_iter().map(Into::into).collect(),
        areas: areas.areas.into_iter().map(Into::into).collect(),
        labels: labels.labels.into_iter().map(Into::into).collect(),
    }))
}

/// The contents of the four files.
#[derive(Debug, Clone, Copy)]
pub struct RegistryBytes<'a> {
    /// `core.entity_registry`.
    pub entities: &'a [u8],
    /// `core.device_registry`.
    pub devices: &'a [u8],
    /// `core.area_registry`.
    pub areas: &'a [u8],
    /// `core.label_registry`.
    pub labels: &'a [u8],
}

/// One of the four files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegistryFile {
    /// `core.entity_registry`.
    Entities,
    /// `core.device_registry`.
    Devices,
    /// `core.area_registry`.
    Areas,
    /// `core.label_registry`.
    Labels,
}

impl RegistryFile {
    /// All four.
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

/// Why the registries could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is no such file.
    #[error("{file} is missing")]
    Missing {
        /// Which.
        file: RegistryFile,
    },
    /// The file is there and cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which.
        file: RegistryFile,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any that Home Assistant writes.
    #[error("{file} is larger than {MAX_BYTES} bytes")]
    TooLarge {
        /// Which.
        file: RegistryFile,
    },
    /// The file is cut off, not JSON, or not what Home Assistant writes.
    #[error("{file} is not a registry file of Home Assistant")]
    Malformed {
        /// Which.
        file: RegistryFile,
        /// What is wrong and where.
        source: serde_json::Error,
    },
    /// The file is from a Home Assistant that is newer than what is known here.
    #[error("{file} has version {major}.{minor}, the newest that is understood is {}.x", file.known_major())]
    TooNew {
        /// Which.
        file: RegistryFile,
        /// Its major version.
        major: u32,
        /// Its minor version.
        minor: u32,
    },
}

/// All of it, or none when it is longer than the limit.
fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(limit.saturating_add(1));
    limited.read_to_end(&mut bytes)?;
    Ok((limited.limit() > 0).then_some(bytes))
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

#[derive(Deserialize)]
struct Entities {
    entities: Vec<RawEntity>,
}

#[derive(Deserialize)]
struct Devices {
    devices: Vec<RawDevice>,
    #[serde(default)]
    child_devices: Vec<RawChildDevice>,
}

#[derive(Deserialize)]
struct Areas {
    areas: Vec<RawArea>,
}

#[derive(Deserialize)]
struct Labels {
    labels: Vec<RawLabel>,
}

#[derive(Deserialize)]
struct RawEntity {
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
        }
    }
}

/// `config_entries` is 2024.3's list, `config_entry_id` 2026.11's only one.
#[derive(Deserialize)]
struct RawDevice {
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
struct RawChildDevice {
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
struct RawArea {
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
struct RawLabel {
    label_id: String,
    name: String,
}

impl From<RawLabel> for LabelRecord {
    fn from(raw: RawLabel) -> Self {
        Self { label_id: raw.label_id, name: raw.name }
    }
}

/// A home with 10,000 entities has about 15 MB of them.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

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

    #[test]
    fn a_file_may_be_as_long_as_the_limit_and_no_longer() {
        assert_eq!(read_at_most(&b"12345"[..], 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(read_at_most(&b"123456"[..], 5).unwrap(), None);
    }

    #[test]
    fn each_missing_file_is_named() {
        for missing in RegistryFile::ALL {
            let storage = tempfile::tempdir().unwrap();
            for file in RegistryFile::ALL.into_iter().filter(|file| *file != missing) {
                std::fs::write(storage.path().join(file.name()), RegistryFile::EMPTY).unwrap();
            }
            let error = read_folder(storage.path()).unwrap_err();
            assert!(matches!(error, RegistryError::Missing { file } if file == missing), "{error:?}");
        }
    }
}
