//! The envelope that all of Home Assistant's storage files share (spec/permissions.md section 2).
//!
//! Opens it and gives its `data`, or refuses the file. The texts in it are wiped when it is dropped, because the files
//! that this module reads are full of secrets. It must never accept a major version that it does not know.

use serde_json::Value;
use zeroize::Zeroize;

/// Why a file is not a storage file that we understand.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Not JSON: half-written, truncated, or something else altogether.
    #[error("it is not complete and valid JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("it is JSON, but not an object")]
    NotAnObject,
    /// `version` is missing or not a number.
    #[error("it has no `version`")]
    NoVersion,
    /// A major version other than the one we read.
    #[error("it has version {found}; this program knows version {known}")]
    UnknownVersion {
        /// What the file says.
        found: u64,
        /// The version that we read.
        known: u64,
    },
    /// There is no `data`.
    #[error("it has no `data`")]
    NoData,
}

/// The `data` of a storage file.
pub(super) struct StorageFile {
    data: Value,
}

impl StorageFile {
    /// Opens the envelope. An empty object is a file without data, as it is to Home Assistant. A larger minor version
    /// is accepted: Home Assistant itself only raises the major one when older readers would misread the file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, StorageError> {
        // The envelope is wiped with everything in it, also when it is refused half-way.
        let mut envelope = Self { data: serde_json::from_slice(bytes).map_err(StorageError::Json)? };
        let fields = envelope.data.as_object_mut().ok_or(StorageError::NotAnObject)?;
        if fields.is_empty() {
            return Ok(Self { data: Value::Null });
        }
        let found = fields.get("version").and_then(Value::as_u64).ok_or(StorageError::NoVersion)?;
        if found != KNOWN_VERSION {
            return Err(StorageError::UnknownVersion { found, known: KNOWN_VERSION });
        }
        let data = fields.get_mut("data").map(Value::take).ok_or(StorageError::NoData)?;
        Ok(Self { data })
    }

    /// What the file is about.
    pub(super) fn data(&self) -> &Value {
        &self.data
    }
}

impl Drop for StorageFile {
    fn drop(&mut self) {
        wipe(&mut self.data);
    }
}

/// Overwrites every text. The depth is bounded by the JSON parser's own limit.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `auth`, `auth_provider.homeassistant` and the two `auth_module.*` files have all been version 1 from the beginning.
const KNOWN_VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let whole = br#"{"version": 1, "minor_version": 1, "key": "auth", "data": {"users": []}}"#;
        assert!(StorageFile::parse(whole).is_ok());
        for end in 0..whole.len() {
            assert!(matches!(StorageFile::parse(&whole[..end]), Err(StorageError::Json(_))), "cut at {end}");
        }
    }

    #[test]
    fn only_the_known_major_version_is_read() {
        for version in ["0", "2", "1.0", "true", "\"1\"", "-1", "null"] {
            let file = format!(r#"{{"version": {version}, "data": {{}}}}"#);
            assert!(StorageFile::parse(file.as_bytes()).is_err(), "version {version}");
        }
        assert!(StorageFile::parse(br#"{"version": 1, "minor_version": 99, "data": {}}"#).is_ok());
    }

    #[test]
    fn what_follows_the_object_is_not_ignored() {
        assert!(StorageFile::parse(br#"{"version": 1, "data": {}} {"version": 1, "data": {}}"#).is_err());
        assert!(StorageFile::parse(b"\xef\xbb\xbf{}").is_err());
        assert!(StorageFile::parse(b"[]").is_err());
    }
}
