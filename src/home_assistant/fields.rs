//! Looking into the entries of a storage file.
//!
//! Gives the fields of a JSON value in the types that we need. Errors name the field and never its content, which may
//! be a secret.

use serde_json::{Map, Value};

/// What is wrong with an entry of a storage file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It should be an object.
    #[error("it is not an object")]
    NotAnObject,
    /// A field is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field is something else.
    #[error("`{field}` is not {expected}")]
    Wrong {
        /// The field's key.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// The fields of one object.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of this value.
    pub(super) fn of(value: &'a Value) -> Result<Self, FieldError> {
        value.as_object().map(Self).ok_or(FieldError::NotAnObject)
    }

    /// A field that may be absent.
    pub(super) fn optional(self, field: &'static str) -> Option<&'a Value> {
        self.0.get(field)
    }

    /// A field that must be there, whatever it is.
    pub(super) fn any(self, field: &'static str) -> Result<&'a Value, FieldError> {
        self.0.get(field).ok_or(FieldError::Missing(field))
    }

    pub(super) fn text(self, field: &'static str) -> Result<&'a str, FieldError> {
        self.any(field)?.as_str().ok_or(FieldError::Wrong { field, expected: "a text" })
    }

    pub(super) fn text_or_null(self, field: &'static str) -> Result<Option<&'a str>, FieldError> {
        match self.any(field)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(FieldError::Wrong { field, expected: "a text or null" }),
        }
    }

    pub(super) fn list(self, field: &'static str) -> Result<&'a [Value], FieldError> {
        self.any(field)?.as_array().map(Vec::as_slice).ok_or(FieldError::Wrong { field, expected: "a list" })
    }

    /// A list that may be absent. Null is not absent.
    pub(super) fn list_or_absent(self, field: &'static str) -> Result<&'a [Value], FieldError> {
        if self.0.contains_key(field) { self.list(field) } else { Ok(&[]) }
    }

    /// A flag: Home Assistant stores what it finds and later asks Python whether it is true.
    pub(super) fn flag(self, field: &'static str) -> Result<bool, FieldError> {
        self.any(field).map(is_true)
    }
}

/// Python's truth of a value.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_none_or(|n| n != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn truth_is_as_python_sees_it() {
        for truth in [json!(true), json!(1), json!(-1), json!(0.5), json!("false"), json!([0]), json!({"a": null})] {
            assert!(is_true(&truth), "{truth}");
        }
        for lie in [json!(false), json!(null), json!(0), json!(0.0), json!(-0.0), json!(""), json!([]), json!({})] {
            assert!(!is_true(&lie), "{lie}");
        }
    }

    #[test]
    fn null_is_not_absent() {
        let value = json!({"there": null});
        let fields = Fields::of(&value).unwrap();
        assert!(fields.list_or_absent("there").is_err());
        assert_eq!(fields.list_or_absent("elsewhere"), Ok(&[][..]));
        assert_eq!(fields.any("elsewhere"), Err(FieldError::Missing("elsewhere")));
    }
}
