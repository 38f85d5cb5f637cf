//! The snapshot of all users and groups, and the cell that holds the current one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use super::user::{GroupId, User, UserId};

/// All users and groups at one moment. Never changed, only replaced.
#[derive(Debug, Default)]
pub struct Directory {
    users: HashMap<UserId, Arc<User>>,
    groups: BTreeMap<GroupId, String>,
    health: Health,
}

/// Whether a snapshot may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// No file has been read yet, or the last good copy is too old: everybody is refused.
    #[default]
    Absent,
    /// Read fully.
    Good,
}

impl Directory {
    /// A snapshot of these users and groups (id and name).
    pub fn new(users: impl IntoIterator<Item = User>, groups: BTreeMap<GroupId, String>) -> Self {
        let users = users.into_iter().map(|user| (user.id.clone(), Arc::new(user))).collect();
        Self { users, groups, health: Health::Good }
    }

    /// Whether it may be relied on.
    pub fn health(&self) -> Health {
        self.health
    }

    /// The user with this id.
    pub fn user(&self, id: &UserId) -> Option<&Arc<User>> {
        self.users.get(id)
    }

    /// All users, in no order.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// All groups: id and name, in the order of ids.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, &str)> {
        self.groups.iter().map(|(id, name)| (id, name.as_str()))
    }

    /// The user whom an operator names by id or by user name (exactly as in the file).
    pub fn named(&self, name: &str) -> Option<&Arc<User>> {
        let by_id = name.parse().ok().and_then(|id: UserId| self.users.get(&id));
        by_id.or_else(|| self.users.values().find(|user| user.usernames.iter().any(|n| n == name)))
    }
}

/// The current snapshot, and a bell that rings when it is replaced.
#[derive(Debug)]
pub struct DirectoryCell {
    current: ArcSwap<Directory>,
    changed: watch::Sender<u64>,
}

impl Default for DirectoryCell {
    fn default() -> Self {
        Self { current: ArcSwap::default(), changed: watch::Sender::new(0) }
    }
}

impl DirectoryCell {
    /// The current snapshot.
    pub fn load(&self) -> Guard<Arc<Directory>> {
        self.current.load()
    }

    /// Replaces the snapshot and rings the bell.
    pub fn replace(&self, directory: Directory) {
        self.current.store(Arc::new(directory));
        self.changed.send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    /// The bell.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
