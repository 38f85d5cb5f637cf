//! The files that say which device and area an entity belongs to.
//!
//! The four registry files make one [`Registry`]. Home Assistant writes the registry of areas or of labels only when
//! there is something in it, so these two may be missing; without entities or devices there is no registry. It must
//! never be taken for an empty one: a rule that a device or area takes back would then permit.

use std::path::Path;

use super::file_fault::{Fault, FileBytes, FileProblem};
use super::file_set::{Faults, FileSet, Words};
use super::reader::{Contents, STORAGE, required};
use super::registries::{self, RegistryFile};
use crate::permission::{Registry, RegistryRecords};

/// Reads the registries of a configuration folder once. All that is wrong is returned, not the first.
pub fn read_registries(config_dir: &Path) -> Result<Registry, Vec<FileProblem>> {
    Contents::<RegistryFiles>::read(&config_dir.join(STORAGE)).parse()
}

/// Entities, devices, areas, labels.
pub(super) enum RegistryFiles {}

impl FileSet for RegistryFiles {
    type Copy = Registry;
    type Memory = ();

    const NAMES: [&'static str; 4] = [
        RegistryFile::Entities.name(),
        RegistryFile::Devices.name(),
        RegistryFile::Areas.name(),
        RegistryFile::Labels.name(),
    ];

    /// A home with 10,000 entities has about 15 MB of them.
    const LIMIT: u64 = 256 << 20;

    const WORDS: Words =
        Words { content: "Home Assistant's registries", without: "what depends on an entity is refused" };

    fn parse([entities, devices, areas, labels]: [FileBytes; 4]) -> Result<Registry, Faults> {
        let entities = required(entities).and_then(|bytes| Ok(registries::entities(&bytes)?));
        let devices = required(devices).and_then(|bytes| Ok(registries::devices(&bytes)?));
        let areas = or_empty(areas, registries::areas);
        let labels = or_empty(labels, registries::labels);
        match (entities, devices, areas, labels) {
            (Ok(entities), Ok((devices, child_devices)), Ok(areas), Ok(labels)) => {
                Ok(Registry::new(RegistryRecords { entities, devices, child_devices, areas, labels }))
            }
            (entities, devices, areas, labels) => {
                Err(Box::new([entities.err(), devices.err(), areas.err(), labels.err()]))
            }
        }
    }

    fn size(copy: &Registry) -> String {
        let (entities, areas, labels) = (copy.entities().count(), copy.areas().count(), copy.labels().count());
        format!("{entities} entities, {areas} areas, {labels} labels")
    }

    fn remember(_: &Registry) {}

    /// Entities come and go, all of them with an integration. What they may be used for, the users' files say.
    fn alarm((): &(), _: &Registry) -> Option<Fault> {
        None
    }
}

/// The records of a file that may be missing.
fn or_empty<T>(file: FileBytes, read: fn(&[u8]) -> Result<T, registries::RegistryError>) -> Result<T, Fault> {
    let bytes = file?;
    Ok(read(bytes.as_ref().map_or(RegistryFile::EMPTY, |bytes| bytes))?)
}
