//! The merged policy's `entities` category as look-ups. A check walks the selectors in Home Assistant's order and
//! stops at the first with an opinion: at most five look-ups, whatever the number of rules or entities.

use std::collections::BTreeMap;

use super::keys::{Level, Opinion};
use super::merge::{Merged, Rule};
use super::registry::Registry;
use super::table::ById;
use super::verdict::{Denial, Grant, GroupIndex, Selector, Verdict};

/// What a user's groups say about entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntityPolicy {
    /// `entities` is null or missing.
    Nothing,
    Everything(GroupIndex),
    /// `entities` is an object.
    Selected(Box<Selectors>),
}

impl EntityPolicy {
    /// The look-ups of this policy. Other categories beside `entities` are merged and never enforced.
    pub(super) fn compile(merged: Merged) -> Self {
        match merged.into_category("entities") {
            None | Some(Rule::Null) => Self::Nothing,
            Some(Rule::True(group)) => Self::Everything(group),
            Some(Rule::Object(selectors)) => Self::Selected(Box::new(Selectors::compile(selectors))),
        }
    }

    pub(super) fn check(&self, registry: &Registry, entity: &str, key: &str) -> Verdict {
        match self {
            Self::Nothing => Verdict::Deny(Denial::NoRule),
            Self::Everything(group) => Verdict::Permit(Grant::AllEntities { group: *group }),
            Self::Selected(selectors) => selectors.check(registry, entity, key),
        }
    }

    /// Whether this key is allowed on every entity: by `entities` or by `all`, and by nothing else.
    pub(super) fn access_all(&self, key: &str) -> Verdict {
        match self {
            Self::Nothing => Verdict::Deny(Denial::NoRule),
            Self::Everything(group) => Verdict::Permit(Grant::AllEntities { group: *group }),
            Self::Selected(selectors) => match &selectors.all {
                Some(Level::Whole(group)) => {
                    Verdict::Permit(Grant::WholeSelector { selector: Selector::All, group: *group })
                }
                Some(level) => verdict(level.opinion(key).map(|opinion| (Selector::All, opinion))),
                None => Verdict::Deny(Denial::NoRule),
            },
        }
    }
}

/// The five selectors. Those that Home Assistant does not know are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selectors {
    /// The first selector that is `true` as a whole; any of them allows everything.
    whole: Option<(Selector, GroupIndex)>,
    entity_ids: Rules,
    device_ids: Rules,
    area_ids: Rules,
    domains: Rules,
    all: Option<Level>,
}

impl Selectors {
    fn compile(mut selectors: BTreeMap<String, Rule>) -> Self {
        let whole = Selector::ORDER.into_iter().find_map(|selector| match selectors.get(selector.as_str()) {
            Some(Rule::True(group)) => Some((selector, *group)),
            _ => None,
        });
        let mut take = |selector: Selector| selectors.remove(selector.as_str()).unwrap_or(Rule::Null);
        Self {
            whole,
            entity_ids: Rules::compile(take(Selector::EntityIds)),
            device_ids: Rules::compile(take(Selector::DeviceIds)),
            area_ids: Rules::compile(take(Selector::AreaIds)),
            domains: Rules::compile(take(Selector::Domains)),
            all: Level::compile(take(Selector::All)),
        }
    }

    fn check(&self, registry: &Registry, entity: &str, key: &str) -> Verdict {
        // In Home Assistant a selector that is `true` as a whole ends the look-up for every entity, whatever stands
        // beside it.
        if let Some((selector, group)) = self.whole {
            return Verdict::Permit(Grant::WholeSelector { selector, group });
        }
        let opinion = self
            .by_entity(entity, key)
            .or_else(|| self.by_device(registry, entity, key))
            .or_else(|| self.by_domain(entity, key))
            .or_else(|| Some((Selector::All, self.all.as_ref()?.opinion(key)?)));
        verdict(opinion)
    }

    fn by_entity(&self, entity: &str, key: &str) -> Option<(Selector, Opinion)> {
        Some((Selector::EntityIds, self.entity_ids.opinion(entity, key)?))
    }

    /// The device, then the device's area. An entity that is not in the registry has neither.
    fn by_device(&self, registry: &Registry, entity: &str, key: &str) -> Option<(Selector, Opinion)> {
        // Most policies name neither, and then the registry need not be asked.
        if self.device_ids.is_empty() && self.area_ids.is_empty() {
            return None;
        }
        let device = registry.device_of(registry.entity(entity)?)?;
        if let Some(opinion) = self.device_ids.opinion(device.id(), key) {
            return Some((Selector::DeviceIds, opinion));
        }
        Some((Selector::AreaIds, self.area_ids.opinion(device.area_id()?, key)?))
    }

    fn by_domain(&self, entity: &str, key: &str) -> Option<(Selector, Opinion)> {
        Some((Selector::Domains, self.domains.opinion(domain_of(entity), key)?))
    }
}

/// The rules of one selector, by id. Look-ups are exact: case counts, and there are no patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rules(ById<Level>);

impl Rules {
    fn compile(rule: Rule) -> Self {
        match rule {
            // A selector that is `true` as a whole is answered by `whole`, before any rule of it is asked.
            Rule::Null | Rule::True(_) => Self::default(),
            Rule::Object(rules) => {
                Self(rules.into_iter().filter_map(|(id, rule)| Some((id.into(), Level::compile(rule)?))).collect())
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn opinion(&self, id: &str, key: &str) -> Option<Opinion> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(id)?.opinion(key)
    }
}

/// The text before the first dot, or the whole id when there is none.
pub(super) fn domain_of(entity: &str) -> &str {
    entity.split_once('.').map_or(entity, |(domain, _)| domain)
}

fn verdict(opinion: Option<(Selector, Opinion)>) -> Verdict {
    match opinion {
        Some((selector, Opinion::Yes(group))) => Verdict::Permit(Grant::Rule { selector, group }),
        Some((selector, Opinion::NotTrue)) => Verdict::Deny(Denial::NotTrue { selector }),
        None => Verdict::Deny(Denial::NoRule),
    }
}
