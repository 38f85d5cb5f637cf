//! The states of entities that conditions ask for, at one moment, and the cell that holds the current ones.
//!
//! Whoever follows Home Assistant replaces the table whole. While nobody follows it, the table is empty: a state that
//! may have changed since is none.

use std::collections::BTreeMap;

use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;
use tokio::sync::watch;

use crate::ids::EntityId;

/// States by entity. An entity that is not in it has none that is known.
pub type EntityStates = BTreeMap<EntityId, String>;

/// The current table; subscribers are notified when it is replaced.
#[derive(Debug)]
pub struct StateCell {
    current: ArcSwap<EntityStates>,
    changed: watch::Sender<()>,
}

impl Default for StateCell {
    fn default() -> Self {
        Self { current: ArcSwap::default(), changed: watch::Sender::new(()) }
    }
}

impl StateCell {
    /// The current table, for a short look.
    pub fn load(&self) -> Guard<Arc<EntityStates>> {
        self.current.load()
    }

    /// Replaces the table, and notifies subscribers of a change.
    pub fn replace(&self, states: EntityStates) {
        if **self.current.load() == states {
            return;
        }
        self.current.store(Arc::new(states));
        // Behind the store: whoever is woken by it loads the new table.
        self.changed.send_replace(());
    }

    /// Notified when the table is replaced by another one.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
