//! The options of an add-on, passwords of people and brokers among them.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

/// Options as the add-on gets them: a JSON object. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Options(Arc<Json>);

impl Options {
    /// These.
    pub(super) fn new(options: Json) -> Self {
        Self(Arc::new(options))
    }

    /// All of them, secrets included.
    pub fn reveal(&self) -> &Json {
        &self.0
    }
}

/// None.
impl Default for Options {
    fn default() -> Self {
        Self::new(serde_json::json!({}))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options(..)")
    }
}
