//! `.storage/auth_module.totp` and `.storage/auth_module.notify`: who has a second factor.
//!
//! Reads the ids of the users who have set one up. The secrets in the files are not kept.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{FieldError, Fields};
use super::storage_file::{StorageError, StorageFile};

/// Why such a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The file is no storage file that we understand.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// `data` is not an object of users.
    #[error("its `data` is not as Home Assistant writes it")]
    Data(#[source] FieldError),
}

/// The ids of the users with this second factor.
pub(super) fn parse(bytes: &[u8]) -> Result<BTreeSet<String>, SecondFactorError> {
    let file = StorageFile::parse(bytes)?;
    let Value::Object(_) = file.data() else {
        return match file.data() {
            Value::Null => Ok(BTreeSet::new()),
            _ => Err(SecondFactorError::Data(FieldError::NotAnObject)),
        };
    };
    let data = Fields::of(file.data()).map_err(SecondFactorError::Data)?;
    match data.optional("users") {
        None => Ok(BTreeSet::new()),
        Some(Value::Object(users)) => Ok(users.keys().cloned().collect()),
        Some(_) => Err(SecondFactorError::Data(FieldError::Wrong { field: "users", expected: "an object" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_id_is_a_key_has_a_second_factor() {
        let file = br#"{"version": 1, "data": {"users": {"u1": {"ota_secret": "x"}, "u2": null}}}"#;
        assert_eq!(parse(file).unwrap(), BTreeSet::from(["u1".to_owned(), "u2".to_owned()]));
        assert!(parse(b"{}").unwrap().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_not_an_empty_one() {
        for file in [r#"{"version": 1, "data": {"users": ["u1"]}}"#, r#"{"version": 1, "data": []}"#, ""] {
            assert!(parse(file.as_bytes()).is_err(), "{file}");
        }
    }
}
