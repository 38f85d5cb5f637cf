//! The id of an entity of Home Assistant, as its `valid_entity_id` lets it pass.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::findings::Explained;

/// The id of an entity: a domain, a dot and a name, each of `a-z`, `0-9` and `_`, at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(String);

/// Not an entity id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entity id")]
pub struct BadEntityId;

impl FromStr for EntityId {
    type Err = BadEntityId;

    /// Upper-case letters are refused although Home Assistant's services would lower them: what is judged must be what
    /// the add-on reads.
    fn from_str(text: &str) -> Result<Self, BadEntityId> {
        let slug = |part: &str| {
            let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            !part.is_empty() && part.bytes().all(legal) && !part.starts_with('_') && !part.ends_with('_')
        };
        let (domain, name) = text.split_once('.').ok_or(BadEntityId)?;
        let legal = text.len() <= LONGEST && !text.contains("__") && slug(domain) && slug(name);
        if legal { Ok(Self(text.to_owned())) } else { Err(BadEntityId) }
    }
}

impl EntityId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Home Assistant stores at most.
const LONGEST: usize = 255;

impl Explained for BadEntityId {
    fn expected(&self) -> &'static str {
        "expected an entity id as in \"light.kitchen\""
    }

    fn hint(&self) -> String {
        "write it as Home Assistant does: lower-case letters, digits and `_`, with one dot".into()
    }
}
