//! In which zone hours are meant, where the configuration does not say so: what Home Assistant's `core.config` says.

use std::path::Path;

use super::reader::{FileStamp, STORAGE, read_file};
use super::storage_file::StorageFile;
use crate::ids::TimeZone;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Zone(TimeZone),
    /// There is no such file: a home that was never set up, or not all of its files.
    NoFile,
    /// It cannot be read, or names no zone that there is.
    Unreadable(String),
}

/// What was read, and of which file.
#[derive(Debug, Default)]
pub(super) struct ZoneFile {
    stamp: Option<FileStamp>,
    told: Option<Told>,
}

impl ZoneFile {
    /// Reads the file in a `.storage` folder again, if it is another one; gives what it says if that is news.
    pub(super) fn look(&mut self, folder: &Path) -> Option<&Told> {
        let path = folder.join(NAME);
        let stamp = FileStamp::of(&path);
        if self.told.is_some() && self.stamp == stamp {
            return None;
        }
        self.stamp = stamp;
        let told = read(&path);
        if self.told.as_ref() == Some(&told) {
            return None;
        }
        Some(self.told.insert(told))
    }
}

/// The zone that Home Assistant is in, by its configuration folder: UTC where it says nothing, none where what it says
/// cannot be understood.
pub fn read_time_zone(config_dir: &Path) -> Option<TimeZone> {
    match read(&config_dir.join(STORAGE).join(NAME)) {
        Told::Zone(zone) => Some(zone),
        Told::NoFile => Some(TimeZone::utc()),
        Told::Unreadable(_) => None,
    }
}

/// Whether the folder says in which zone Home Assistant is.
pub fn has_time_zone(config_dir: &Path) -> bool {
    matches!(read(&config_dir.join(STORAGE).join(NAME)), Told::Zone(_))
}

fn read(path: &Path) -> Told {
    let bytes = match read_file(path, LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Told::NoFile,
        Err(fault) => return Told::Unreadable(fault.to_string()),
    };
    match StorageFile::parse(&bytes) {
        Ok(file) => match file.data().get("time_zone").and_then(serde_json::Value::as_str).map(str::parse) {
            Some(Ok(zone)) => Told::Zone(zone),
            Some(Err(error)) => Told::Unreadable(error.to_string()),
            None => Told::Unreadable("it has no `time_zone`".to_owned()),
        },
        Err(error) => Told::Unreadable(error.to_string()),
    }
}

/// The file, in `.storage`.
const NAME: &str = "core.config";

/// It has a dozen short values.
const LIMIT: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_zone_is_what_the_file_says_and_utc_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let storage = folder.path().join(STORAGE);
        fs::create_dir(&storage).unwrap();
        let mut file = ZoneFile::default();
        assert_eq!(file.look(&storage), Some(&Told::NoFile));
        assert_eq!(read_time_zone(folder.path()), Some(TimeZone::utc()));
        let write = |zone: &str| {
            let text = format!(r#"{{"version": 1, "minor_version": 4, "key": "core.config", "data": {{{zone}}}}}"#);
            fs::write(storage.join(NAME), text).unwrap();
        };
        write(r#""time_zone": "Europe/Berlin""#);
        let berlin = || "Europe/Berlin".parse::<TimeZone>().unwrap();
        assert_eq!(file.look(&storage), Some(&Told::Zone(berlin())));
        assert_eq!(file.look(&storage), None, "no news");
        assert_eq!(read_time_zone(folder.path()), Some(berlin()));
        for wrong in [r#""time_zone": "Europe/Berlim""#, r#""time_zone": 1"#, ""] {
            write(wrong);
            assert_eq!(read_time_zone(folder.path()), None, "{wrong}");
            assert!(!has_time_zone(folder.path()));
        }
    }
}
