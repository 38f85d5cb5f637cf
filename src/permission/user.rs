//! One user's permissions: the owner's, an illegal policy's, or what the groups say.

use std::sync::Arc;

use serde_json::Value;

use super::compiled::EntityPolicy;
use super::configured::{ConfiguredPolicy, ConfiguredRules};
use super::illegal::IllegalPolicy;
use super::merge::merge_policies;
use super::registry::Registry;
use super::verdict::{Denial, Grant, Verdict};

/// What one user may do, compiled once and asked often. It holds no registry, so that it stays right when the
/// registries alone are replaced. A clone shares the rules: users in the same groups need compiling only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPermissions(Access);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Access {
    Owner,
    Illegal(IllegalPolicy),
    Groups(Arc<Groups>),
}

/// What the user's groups say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Groups {
    configured: ConfiguredRules,
    home_assistant: EntityPolicy,
}

/// The policies that a user is judged by: those of all their groups that count.
#[derive(Debug, Clone, Default)]
pub struct Policies<'a> {
    /// Of Home Assistant's groups, in the order of the file.
    pub home_assistant: Vec<&'a Value>,
    /// Of the configured groups, in the order of the file.
    pub configured: Vec<&'a ConfiguredPolicy>,
}

impl UserPermissions {
    /// Those of the owner, whom no group restricts.
    pub const fn owner() -> Self {
        Self(Access::Owner)
    }

    /// Compiles the policies of all of Home Assistant's groups that the user is in, in the order of the file; none at
    /// all denies everything. Whether the user is active is not asked here: Home Assistant's engine never looks at it,
    /// and authorization does before (spec/permissions.md sections 1 and 6).
    pub fn compile<'a>(policies: impl IntoIterator<Item = &'a Value>) -> Self {
        Self::of_groups(&Policies { home_assistant: policies.into_iter().collect(), configured: Vec::new() })
    }

    /// The same with configured groups, whose opinion goes first, a yes as a no: so no `false` of theirs is lost, and
    /// where they have none Home Assistant's groups decide. An illegal policy of Home Assistant denies everything, what
    /// configured groups give as well: in Home Assistant every request of that user fails.
    pub fn of_groups(policies: &Policies<'_>) -> Self {
        Self(match merge_policies(policies.home_assistant.iter().copied()) {
            Ok(merged) => Access::Groups(Arc::new(Groups {
                configured: ConfiguredRules::compile(policies.configured.iter().copied()),
                home_assistant: EntityPolicy::compile(merged),
            })),
            // Not ignored and not patched: Home Assistant fails every request of such a user, and we must not grant
            // more.
            Err(illegal) => Access::Illegal(illegal),
        })
    }

    /// Whether the user may use this access key (`read`, `control`, `edit`) on this entity. Both are plain text,
    /// looked up exactly as they are: any string may be asked, and an entity's 32-digit registry id finds its device
    /// and area too. Allocates nothing.
    pub fn check(&self, registry: &Registry, entity: &str, key: &str) -> Verdict {
        match &self.0 {
            Access::Owner => Verdict::Permit(Grant::Owner),
            Access::Illegal(_) => Verdict::Deny(Denial::IllegalPolicy),
            Access::Groups(groups) => (groups.configured.judge(registry, entity, key))
                .unwrap_or_else(|| groups.home_assistant.check(registry, entity, key)),
        }
    }

    /// Whether the user may use this access key on every entity there is or will be.
    pub fn access_all_entities(&self, key: &str) -> Verdict {
        match &self.0 {
            Access::Owner => Verdict::Permit(Grant::Owner),
            Access::Illegal(_) => Verdict::Deny(Denial::IllegalPolicy),
            Access::Groups(groups) => {
                groups.configured.judge_all(key).unwrap_or_else(|| groups.home_assistant.access_all(key))
            }
        }
    }

    /// Whether both were compiled in one go, and not each for itself.
    pub fn shares_rules_with(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Access::Groups(ours), Access::Groups(theirs)) if Arc::ptr_eq(ours, theirs))
    }

    /// The mistake that denies everything to this user, for the operator to be told of.
    pub fn illegal(&self) -> Option<&IllegalPolicy> {
        match &self.0 {
            Access::Illegal(illegal) => Some(illegal),
            Access::Owner | Access::Groups(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::verdict::{GroupIndex, Selector};
    use super::*;

    fn check(policies: &[Value], entity: &str, key: &str) -> Verdict {
        UserPermissions::compile(policies).check(&Registry::default(), entity, key)
    }

    #[test]
    fn a_permit_names_the_first_group_and_the_selector_that_gave_it() {
        let policies = [
            json!({"entities": {"domains": {"light": {"read": true}}}}),
            json!({"entities": {"domains": {"light": {"read": true, "control": true}}}}),
        ];
        let by = |group| Verdict::Permit(Grant::Rule { selector: Selector::Domains, group: GroupIndex(group) });
        assert_eq!(check(&policies, "light.kitchen", "read"), by(0));
        assert_eq!(check(&policies, "light.kitchen", "control"), by(1));
        assert_eq!(check(&policies, "light.kitchen", "edit"), Verdict::Deny(Denial::NoRule));
    }

    #[test]
    fn an_object_in_the_place_of_true_ends_the_search_with_a_no() {
        let policies = [json!({"entities": {"entity_ids": {"light.a": {"read": {}}}, "all": {"read": true}}})];
        let verdict = check(&policies, "light.a", "read");
        assert_eq!(verdict, Verdict::Deny(Denial::NotTrue { selector: Selector::EntityIds }));
        assert!(check(&policies, "light.b", "read").is_permit());
    }

    #[test]
    fn an_illegal_policy_denies_even_what_the_other_groups_give_and_is_reported() {
        let policies = [json!({"entities": {"all": {"read": true}}}), json!({"entities": {"all": {"control": false}}})];
        let user = UserPermissions::compile(&policies);
        let denied = Verdict::Deny(Denial::IllegalPolicy);
        assert_eq!(user.check(&Registry::default(), "light.a", "read"), denied);
        assert_eq!(user.access_all_entities("read"), denied);
        assert_eq!(user.illegal().unwrap().group(), GroupIndex(1));
    }

    #[test]
    fn an_owner_is_restricted_by_nothing_not_even_by_an_illegal_policy() {
        let owner = UserPermissions::owner();
        assert_eq!(owner.check(&Registry::default(), "", "anything"), Verdict::Permit(Grant::Owner));
        assert_eq!(owner.illegal(), None);
    }

    #[test]
    fn a_user_without_groups_may_do_nothing() {
        assert_eq!(check(&[], "light.a", "read"), Verdict::Deny(Denial::NoRule));
    }
}
