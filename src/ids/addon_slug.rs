//! The short name of an add-on.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::findings::Explained;

/// The short name of an add-on: lower-case letters, digits, `_` and `-`, at most 64 of them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddonSlug(Arc<str>);

/// What is wrong with a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to 64 lower-case letters, digits, `_` or `-`")]
pub struct BadSlug;

impl std::str::FromStr for AddonSlug {
    type Err = BadSlug;

    fn from_str(text: &str) -> Result<Self, BadSlug> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let ok = !text.is_empty() && text.len() <= 64 && text.bytes().all(legal);
        if ok { Ok(Self(text.into())) } else { Err(BadSlug) }
    }
}

impl AddonSlug {
    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AddonSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AddonSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Explained for BadSlug {
    fn expected(&self) -> &'static str {
        "expected a short name"
    }

    fn hint(&self) -> String {
        "write it as Home Assistant does, as in \"zigbee2mqtt\"; `title` is what people read".into()
    }
}
