//! A policy on which Home Assistant's merge fails, and where in it the mistake is.

use std::fmt;

use serde_json::Value;

use super::verdict::GroupIndex;

/// The merge met something other than `true`, an object or null. In Home Assistant every request of the user then
/// fails with HTTP 500 (spec/permissions.md section 1); here it denies everything to the groups' members.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy number {} has {found} at {path:?}, where only true, an object or null may stand", group.0.saturating_add(1))]
pub struct IllegalPolicy {
    group: GroupIndex,
    path: PolicyPath,
    found: Found,
}

impl IllegalPolicy {
    pub(super) fn new(group: GroupIndex, found: &Value) -> Self {
        Self { group, path: PolicyPath::default(), found: Found::of(found) }
    }

    /// Puts the key in front under which the mistake was found, on the way back up from it.
    pub(super) fn below(mut self, key: &str) -> Self {
        self.path.0.insert(0, key.to_owned());
        self
    }

    /// Whose policy it is.
    pub fn group(&self) -> GroupIndex {
        self.group
    }

    /// The keys that lead to the mistake; none when the policy itself is not an object.
    pub fn path(&self) -> &[String] {
        &self.path.0
    }

    /// The kind of value that stands where none or another one may.
    pub fn found(&self) -> Found {
        self.found
    }
}

/// What stands where it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// `null` in the place of a whole policy.
    Null,
    /// `true` in the place of a whole policy.
    True,
    /// The value `false`, which Home Assistant's merge does not take.
    False,
    /// A number where a policy or `true` is expected.
    Number,
    /// A string where a policy or `true` is expected.
    String,
    /// A list where a policy or `true` is expected.
    List,
    /// An object, which is never wrong by itself.
    Object,
}

impl Found {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(true) => Self::True,
            Value::Bool(false) => Self::False,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Object,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::True => "true",
            Self::False => "false",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

/// The way to a value inside a policy. Its `Debug` is for messages: dotted and escaped, because keys are any text.
#[derive(Clone, PartialEq, Eq, Default)]
struct PolicyPath(Vec<String>);

impl fmt::Debug for PolicyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("its top");
        }
        write!(f, "{:?}", self.0.join("."))
    }
}
