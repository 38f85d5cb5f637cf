//! What a check answers, and why. Small and `Copy`, so that giving the reason costs nothing; whoever explains it to a
//! person puts the names to it.

/// The answer to "may this user do this to that entity?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, and what said so first.
    Permit(Grant),
    /// No, and why.
    Deny(Denial),
}

impl Verdict {
    /// Whether it is a yes.
    pub fn is_permit(self) -> bool {
        matches!(self, Self::Permit(_))
    }
}

/// What said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// The user is the owner, whom no policy restricts.
    Owner,
    /// The policy's `entities` is `true`: everything is allowed, whether it exists or not.
    AllEntities {
        /// The group that says so.
        group: GroupIndex,
    },
    /// A whole selector is `true`, which in Home Assistant allows everything, whatever the selector.
    WholeSelector {
        /// The selector that is `true`.
        selector: Selector,
        /// The group that says so.
        group: GroupIndex,
    },
    /// A selector has a rule for this entity.
    Rule {
        /// The selector that holds the rule.
        selector: Selector,
        /// The group whose policy gave it, the first of them when several did.
        group: GroupIndex,
    },
}

/// Why it is a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// There are no registries to go by: nothing is allowed until there are.
    NoRegistry,
    /// A policy of the user's groups is illegal: nothing is allowed until it is mended.
    IllegalPolicy,
    /// No policy says anything about it.
    NoRule,
    /// The first selector with an opinion holds something other than `true` for this access key.
    NotTrue {
        /// The selector that decided.
        selector: Selector,
    },
}

/// The position of a group's policy among those that were merged, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupIndex(pub(super) usize);

impl GroupIndex {
    /// The position as a number.
    pub fn get(self) -> usize {
        self.0
    }
}

/// By what a rule chooses entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// The id that was asked for, exactly.
    EntityIds,
    /// The device that the entity belongs to.
    DeviceIds,
    /// The area of that device. The entity's own area is not looked at.
    AreaIds,
    /// The text before the first dot.
    Domains,
    /// Every entity.
    All,
}

impl Selector {
    /// All of them, in the order in which Home Assistant asks them.
    pub const ORDER: [Self; 5] = [Self::EntityIds, Self::DeviceIds, Self::AreaIds, Self::Domains, Self::All];

    /// Its name in a policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EntityIds => "entity_ids",
            Self::DeviceIds => "device_ids",
            Self::AreaIds => "area_ids",
            Self::Domains => "domains",
            Self::All => "all",
        }
    }
}
