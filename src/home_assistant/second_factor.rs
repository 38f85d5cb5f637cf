//! `.storage/auth_module.totp` and `.storage/auth_module.notify`: who has a second factor.
//!
//! Reads the ids of the users who have set one up, and the secrets of those who have an app for it. What a notification
//! would bring can be asked for by Home Assistant alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{FieldError, Fields};
use super::storage_file::{StorageError, StorageFile};
use super::totp::TotpSecret;

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

/// The ids of the users with this second factor, and its secret where there is one that makes codes.
pub(super) fn parse(bytes: &[u8]) -> Result<SecondFactors, SecondFactorError> {
    let file = StorageFile::parse(bytes)?;
    let Value::Object(_) = file.data() else {
        return match file.data() {
            Value::Null => Ok(SecondFactors::new()),
            _ => Err(SecondFactorError::Data(FieldError::NotAnObject)),
        };
    };
    let data = Fields::of(file.data()).map_err(SecondFactorError::Data)?;
    match data.optional("users") {
        None => Ok(SecondFactors::new()),
        Some(Value::Object(users)) => {
            let secret = |value: &Value| value.as_str().and_then(TotpSecret::parse);
            Ok(users.iter().map(|(id, value)| (id.clone(), secret(value))).collect())
        }
        Some(_) => Err(SecondFactorError::Data(FieldError::Wrong { field: "users", expected: "an object" })),
    }
}

/// Who has one, by user id.
pub(super) type SecondFactors = BTreeMap<String, Option<TotpSecret>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_id_is_a_key_has_a_second_factor() {
        let file =
            br#"{"version": 1, "data": {"users": {"u1": {"notify": "x"}, "u2": null, "u3": "JBSWY3DP", "u4": "1"}}}"#;
        let found: Vec<_> = parse(file).unwrap().into_iter().map(|(id, secret)| (id, secret.is_some())).collect();
        let expected = [("u1", false), ("u2", false), ("u3", true), ("u4", false)];
        assert_eq!(found, expected.map(|(id, has)| (id.to_owned(), has)));
        assert!(parse(b"{}").unwrap().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_not_an_empty_one() {
        for file in [r#"{"version": 1, "data": {"users": ["u1"]}}"#, r#"{"version": 1, "data": []}"#, ""] {
            assert!(parse(file.as_bytes()).is_err(), "{file}");
        }
    }
}
