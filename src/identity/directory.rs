//! The snapshot of all users, groups, permissions and registries, and the cell that holds the current one.
//!
//! What every request asks is answered by one load of a pointer and one look-up: no lock, no allocation, nothing
//! compiled. Users and registries are replaced each in its own time, but always as a new snapshot of both.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use super::people::{GroupRecord, IllegalGroup, People};
use super::user::User;
use crate::conditions::Circumstances;
use crate::config::{self, Conditions};
use crate::ids::{GroupId, UserId};
use crate::permission::{Registry, Rights};
use crate::refusal::Reason;

/// All users, what each of them may do, and the registries, at one moment. Never changed, only replaced. A clone shares
/// everything.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    people: Arc<People>,
    registry: Option<Arc<Registry>>,
    health: Health,
}

/// Whether the users of a snapshot may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// No file has been read yet, or the last good copy is too old: everybody is refused.
    #[default]
    Absent,
    /// Read fully.
    Good,
}

impl Directory {
    /// A snapshot of these users and Home Assistant's groups, with the configured groups, each user's permissions
    /// compiled, and no registries yet.
    pub fn new(
        users: impl IntoIterator<Item = User>,
        groups: &BTreeMap<GroupId, GroupRecord<'_>>,
        configured: &config::Permissions,
    ) -> Self {
        Self { people: Arc::new(People::new(users, groups, configured)), registry: None, health: Health::Good }
    }

    /// The same users with these registries, or with none when they cannot be relied on.
    #[must_use]
    pub fn with_registry(self, registry: Option<Arc<Registry>>) -> Self {
        Self { registry, ..self }
    }

    /// The same registries without any user: nobody can be relied on.
    #[must_use]
    pub fn without_people(&self) -> Self {
        Self { registry: self.registry.clone(), ..Self::default() }
    }

    /// Whether its users may be relied on.
    pub fn health(&self) -> Health {
        self.health
    }

    /// The user with this id, without the groups that count at times only.
    pub fn user(&self, id: &UserId) -> Option<&Arc<User>> {
        self.people.entry(id).map(|entry| &entry.user)
    }

    /// The user with those of their groups that count in these circumstances: a user of this snapshot, in whatever
    /// groups. Most users are in no group that counts at times only, and stay as they are.
    pub fn in_circumstances(&self, user: Arc<User>, circumstances: &Circumstances<'_>) -> Result<Arc<User>, Reason> {
        if user.conditional_groups.is_empty() {
            return Ok(user);
        }
        let entry = self.people.entry(&user.id).ok_or(Reason::UnknownUser)?;
        let counts = |conditions: &Conditions| circumstances.meet(conditions).is_ok();
        entry.with(counts).cloned().ok_or(Reason::UnknownUser)
    }

    /// The same of a user whom an operator names.
    pub fn named_in(&self, name: &str, circumstances: &Circumstances<'_>) -> Option<&Arc<User>> {
        let user = self.named(name)?;
        let counts = |conditions: &Conditions| circumstances.meet(conditions).is_ok();
        self.people.entry(&user.id)?.with(counts)
    }

    /// What a user of this snapshot may do at this moment, by the groups that count for them; nothing when there is no
    /// such user. One look-up: neither locks nor allocates, and nor do the checks of what it returns.
    pub fn rights(&self, user: &User) -> Option<Rights<'_>> {
        Some(Rights::new(self.people.entry(&user.id)?.permissions_of(user)?, self.registry.as_deref()))
    }

    /// The same, and no more of it than this group gives, where one is named: one that is not there gives nothing.
    pub fn rights_within(&self, user: &User, group: Option<&GroupId>) -> Option<Rights<'_>> {
        let rights = self.rights(user)?;
        match group {
            None => Some(rights),
            Some(group) => Some(rights.within(self.people.of_group(group)?)),
        }
    }

    /// What a group gives by itself, of Home Assistant or configured, as far as its policy counts; nothing when there
    /// is no such group. Compiled with the snapshot, as everybody's rights are.
    pub fn group_rights(&self, group: &str) -> Option<Rights<'_>> {
        Some(Rights::new(self.people.of_group(group)?, self.registry.as_deref()))
    }

    /// The registries; none when they have never been read, or the last good copy is too old. Whoever needs them and
    /// finds none must refuse: an empty [`Registry`] in their place could permit.
    pub fn registry(&self) -> Option<&Arc<Registry>> {
        self.registry.as_ref()
    }

    /// All users, in no order.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.people.entries().map(|entry| &entry.user)
    }

    /// All of Home Assistant's groups: id and name, in the order of ids.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, &str)> {
        self.people.groups()
    }

    /// The name of a group of Home Assistant.
    pub fn group_name(&self, id: &str) -> Option<&str> {
        self.people.group_name(id)
    }

    /// The policies that deny everything to their groups' members because Home Assistant's merge fails on them.
    pub fn illegal(&self) -> &[IllegalGroup] {
        self.people.illegal()
    }

    /// The user whom an operator names by id or by user name (exactly as in the file). Ids count before user names, and
    /// of two users with one user name the first, as in Home Assistant.
    pub fn named(&self, name: &str) -> Option<&Arc<User>> {
        let by_id = name.parse().ok().and_then(|id: UserId| self.user(&id));
        by_id.or_else(|| self.people.with_username(name))
    }
}

/// The current snapshot; subscribers are notified when it is replaced.
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
    /// The current snapshot, for a short look: whoever keeps it longer takes it out of its guard.
    pub fn load(&self) -> Guard<Arc<Directory>> {
        self.current.load()
    }

    /// Replaces the snapshot and notifies subscribers.
    pub fn replace(&self, directory: Directory) {
        self.current.store(Arc::new(directory));
        // Behind the store: whoever is woken by it loads the new snapshot.
        self.changed.send_modify(|generation| *generation = generation.wrapping_add(1));
    }

    /// Notified when the snapshot is replaced.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
