//! A home as its files are now: who is in it, and what each of them may do.
//!
//! In comes the configuration folder, out come answers. Each distinct list of groups is compiled once, for all users who
//! have it, and nothing is compiled per question.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::answer::{Answer, Because, Entry, Group};
use super::question::Question;
use crate::home_assistant::{FileProblem, Snapshot, read_folder, read_registries};
use crate::identity::{GroupId, User};
use crate::permission::{Denial, Explanation, Grant, GroupIndex, Registry, UserPermissions, Verdict};

/// A home at one moment.
pub(super) struct Home {
    snapshot: Snapshot,
    /// What is wrong with the registries, when they cannot be used.
    registry: Result<Registry, String>,
    /// Of each user, in the order of the file.
    permissions: Vec<UserPermissions>,
    /// Where each user is, by id and by user name.
    positions: HashMap<String, usize>,
}

impl Home {
    /// Reads the files. Without the users there is nothing to explain; without the registries everything is denied.
    pub(super) fn read(config_dir: &Path) -> Result<Self, Vec<FileProblem>> {
        let snapshot = read_folder(config_dir)?;
        let registry = read_registries(config_dir).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(|problem| format!("{problem}: {}", problem.reason())).collect();
            lines.join("; ")
        });
        Ok(Self { permissions: compile(&snapshot), positions: positions(snapshot.auth().users()), registry, snapshot })
    }

    /// Whether there is a user with this name or id.
    pub(super) fn knows(&self, user: &str) -> bool {
        self.user(user).is_some()
    }

    /// Decides, and says why.
    pub(super) fn answer<'a>(&'a self, question: &'a Question) -> Answer<'a> {
        let Some((user, permissions)) = self.user(&question.user) else {
            return Answer::about_nobody(question);
        };
        let (because, origin) = match &self.registry {
            Err(problem) => (Because::NoRegistry { problem }, None),
            Ok(registry) => {
                let explained = permissions.explain(registry, &question.entity, &question.access);
                (self.because(user, permissions, &explained), explained.origin)
            }
        };
        let groups = user.groups.iter().map(|id| self.group(id)).collect();
        Answer::new(question, user, groups, Entry::of(user), because, origin)
    }

    fn user(&self, name: &str) -> Option<(&User, &UserPermissions)> {
        let position = *self.positions.get(name)?;
        Some((self.snapshot.auth().users().get(position)?, self.permissions.get(position)?))
    }

    fn because<'a>(
        &'a self,
        user: &'a User,
        permissions: &'a UserPermissions,
        explained: &Explanation<'a>,
    ) -> Because<'a> {
        let group = |index: GroupIndex| {
            self.group(user.groups.get(index.get()).expect("each group of the user gave one policy, in this order"))
        };
        let id = explained.looked_up;
        match explained.verdict {
            Verdict::Permit(Grant::Owner) => Because::Owner,
            Verdict::Permit(Grant::AllEntities { group: g }) => Because::AllEntities { group: group(g) },
            Verdict::Permit(Grant::WholeSelector { selector, group: g }) => {
                Because::WholeSelector { selector: selector.as_str(), group: group(g) }
            }
            Verdict::Permit(Grant::Rule { selector, group: g }) => {
                Because::Rule { selector: selector.as_str(), id, group: group(g) }
            }
            Verdict::Deny(Denial::NotTrue { selector }) => Because::NotTrue { selector: selector.as_str(), id },
            Verdict::Deny(Denial::NoRule) => Because::NoRule,
            Verdict::Deny(Denial::IllegalPolicy) => {
                let illegal = permissions.illegal().expect("an illegal policy is what this denial is for");
                let (path, found) = (illegal.path(), illegal.found().to_string());
                Because::IllegalPolicy { group: group(illegal.group()), path, found }
            }
        }
    }

    fn group<'a>(&'a self, id: &'a GroupId) -> Group<'a> {
        Group { id, name: self.snapshot.auth().groups().get(id).and_then(|group| group.name.as_deref()) }
    }
}

/// What each user may do, in the order of the file.
fn compile(snapshot: &Snapshot) -> Vec<UserPermissions> {
    let mut compiled: HashMap<&[GroupId], UserPermissions> = HashMap::new();
    let groups = snapshot.auth().groups();
    // Every group has a policy; one that had none would be illegal, and deny.
    let policy = |id: &GroupId| groups.get(id).map_or(&Value::Null, |group| &group.policy);
    let of_groups = |user: &User| UserPermissions::compile(false, user.groups.iter().map(policy));
    let users = snapshot.auth().users().iter();
    users
        .map(|user| {
            if user.is_owner {
                return UserPermissions::compile(true, []);
            }
            compiled.entry(&user.groups).or_insert_with(|| of_groups(user)).clone()
        })
        .collect()
}

/// Ids count before user names, and of two users with one user name the first, as in Home Assistant.
fn positions(users: &[User]) -> HashMap<String, usize> {
    let mut positions = HashMap::new();
    for (position, user) in users.iter().enumerate() {
        for name in &user.usernames {
            positions.entry(name.clone()).or_insert(position);
        }
    }
    positions.extend(users.iter().enumerate().map(|(position, user)| (user.id.to_string(), position)));
    positions
}
