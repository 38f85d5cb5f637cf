//! The map that a check looks things up in: by id, with a quick hash.
//!
//! Its keys stand in the operator's own files, and nothing that a client sends is ever put in. So nobody can choose
//! keys that collide, which is what the standard library's slower hash is there to prevent.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Values by id.
pub(super) type ById<V> = HashMap<Box<str>, V, RandomState>;

/// An empty one with room for this many.
pub(super) fn with_room<V>(entries: usize) -> ById<V> {
    ById::with_capacity_and_hasher(entries, RandomState::default())
}
