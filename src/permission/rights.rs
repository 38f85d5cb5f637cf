//! What one user may do at one moment.
//!
//! Verdicts come from their permissions and the registries of the same snapshot. Whoever judges a request asks here,
//! and so cannot forget that there may be no registries. It must never let an empty registry stand in for one that is
//! missing: where rules for a device or an area take back what a wider rule gives, that would permit.

use super::explain::Explanation;
use super::registry::Registry;
use super::user::UserPermissions;
use super::verdict::{Denial, Verdict};

/// A user's permissions and the registries to judge them by. Borrowed from a snapshot: it costs nothing, and cannot mix
/// the users of one moment with the registries of another.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    permissions: &'a UserPermissions,
    /// What they are held to besides, where that is so.
    most: Option<&'a UserPermissions>,
    registry: Option<&'a Registry>,
}

impl<'a> Rights<'a> {
    /// These permissions by these registries; without registries everything is denied, to the owner too.
    pub fn new(permissions: &'a UserPermissions, registry: Option<&'a Registry>) -> Self {
        Self { permissions, most: None, registry }
    }

    /// The same, and nothing that these permissions do not give as well.
    #[must_use]
    pub fn within(self, most: &'a UserPermissions) -> Self {
        Self { most: Some(most), ..self }
    }

    /// Whether the user may use this access key on this entity: [`UserPermissions::check`]. Allocates nothing.
    pub fn check(self, entity: &str, key: &str) -> Verdict {
        match self.registry {
            Some(registry) => self.both(|permissions| permissions.check(registry, entity, key)),
            None => Verdict::Deny(Denial::NoRegistry),
        }
    }

    /// Whether the user may use this access key on every entity there is or will be:
    /// [`UserPermissions::access_all_entities`]. It needs no registries, and is denied without them all the same: who
    /// asks for everything asks for what they would be refused one by one.
    pub fn access_all_entities(self, key: &str) -> Verdict {
        match self.registry {
            Some(_) => self.both(|permissions| permissions.access_all_entities(key)),
            None => Verdict::Deny(Denial::NoRegistry),
        }
    }

    /// The answer of [`check`](Self::check) to the same question, and what it went by.
    pub fn explain(self, entity: &'a str, key: &str) -> Explanation<'a> {
        match self.registry {
            Some(registry) => self.permissions.explain(registry, entity, key),
            None => Explanation { verdict: Verdict::Deny(Denial::NoRegistry), looked_up: None, origin: None },
        }
    }

    fn both(self, ask: impl Fn(&UserPermissions) -> Verdict) -> Verdict {
        let own = ask(self.permissions);
        // What is refused for a reason of their own stays refused for that.
        self.most.filter(|_| own.is_permit()).map_or(own, ask)
    }

    /// The compiled permissions without the registries: enough for what no entity is part of.
    pub fn permissions(self) -> &'a UserPermissions {
        self.permissions
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::verdict::Grant;
    use super::*;

    #[test]
    fn without_registries_everything_is_denied_even_to_the_owner() {
        let everything = json!({"entities": true});
        for user in [UserPermissions::owner(), UserPermissions::compile([&everything])] {
            let denied = Verdict::Deny(Denial::NoRegistry);
            let rights = Rights::new(&user, None);
            assert_eq!(rights.check("light.a", "read"), denied);
            assert_eq!(rights.access_all_entities("read"), denied);
            assert_eq!(rights.explain("light.a", "read").verdict, denied);
            let registry = Registry::default();
            assert!(Rights::new(&user, Some(&registry)).check("light.a", "read").is_permit());
        }
    }

    #[test]
    fn with_registries_the_answer_is_that_of_the_permissions() {
        let (owner, registry) = (UserPermissions::owner(), Registry::default());
        let rights = Rights::new(&owner, Some(&registry));
        assert_eq!(rights.check("light.a", "read"), Verdict::Permit(Grant::Owner));
        assert_eq!(rights.access_all_entities("read"), Verdict::Permit(Grant::Owner));
    }
}
