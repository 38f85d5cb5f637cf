//! What a check answers, and why. Small and `Copy`, so that giving the reason costs nothing; an explanation adds the
//! names.

use super::configured::ConfiguredSelector;

/// The answer to "may this user do this to that entity?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, and what said so first.
    Permit(Grant),
    /// Refused, and which rule or lack of one refused it.
    Deny(Denial),
}

impl Verdict {
    /// Whether it is a yes.
    pub fn is_permit(self) -> bool {
        matches!(self, Self::Permit(_))
    }
}

/// The rule that permitted it.
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
    /// A configured group says `true`.
    Configured {
        /// What of the entity the rule is for.
        found_by: FoundBy,
        /// The configured group, the first of them when several say so.
        group: GroupIndex,
    },
}

/// Why a check was answered with no.
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
    /// A configured group says `false`, and none says `true` at the same place.
    TakenBack {
        /// What of the entity the rule is for.
        found_by: FoundBy,
        /// The configured group, the first of them when several say so.
        group: GroupIndex,
    },
    /// Every entity was asked for, and a configured group says `false` for some.
    TakenBackFromSome {
        /// The selector that holds the rule.
        selector: ConfiguredSelector,
        /// The configured group that says `false`.
        group: GroupIndex,
    },
}

/// The position of a group's policy among those of Home Assistant's groups that were merged, or of a configured group
/// among those of the user; counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupIndex(pub(super) usize);

impl GroupIndex {
    /// The position as a number.
    pub fn get(self) -> usize {
        self.0
    }
}

/// What of an entity a rule of a configured group is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FoundBy {
    /// By the entity's own id.
    EntityId,
    /// By the device that the entity belongs to.
    DeviceId,
    /// By the domain, the part of the id before the dot.
    Domain,
    /// By the area that the entity itself is in.
    OwnArea,
    /// The label at this position among its own.
    OwnLabel(usize),
    /// The area of its device.
    DeviceArea,
    /// The label at this position among those of its device.
    DeviceLabel(usize),
    /// That it is an entity.
    All,
}

impl FoundBy {
    /// The selector that has such rules.
    pub const fn selector(self) -> ConfiguredSelector {
        match self {
            Self::EntityId => ConfiguredSelector::EntityIds,
            Self::DeviceId => ConfiguredSelector::DeviceIds,
            Self::Domain => ConfiguredSelector::Domains,
            Self::OwnArea | Self::DeviceArea => ConfiguredSelector::Areas,
            Self::OwnLabel(_) | Self::DeviceLabel(_) => ConfiguredSelector::Labels,
            Self::All => ConfiguredSelector::All,
        }
    }
}

/// By what a rule of Home Assistant chooses entities.
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
    /// Every entity, by no property.
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
