//! The policies of all configured groups of a user as look-ups. A check asks each selector once, whatever the number of
//! rules or entities.

use std::collections::BTreeMap;

use super::policy::{ConfiguredPolicy, ConfiguredSelector, Opinions};
use crate::permission::compiled::domain_of;
use crate::permission::registry::Registry;
use crate::permission::table::ById;
use crate::permission::verdict::{Denial, FoundBy, Grant, GroupIndex, Verdict};

/// What a user's configured groups say together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::permission) struct ConfiguredRules {
    entity_ids: Rules,
    device_ids: Rules,
    domains: Rules,
    areas: Rules,
    labels: Rules,
    all: Votes,
    /// For each access key the first selector that takes it back from something.
    taken_back: PerKey<(ConfiguredSelector, GroupIndex)>,
}

impl ConfiguredRules {
    /// The look-ups of these policies, each a group's.
    pub(in crate::permission) fn compile<'a>(policies: impl IntoIterator<Item = &'a ConfiguredPolicy>) -> Self {
        let mut rules = Self::default();
        for (index, policy) in policies.into_iter().enumerate() {
            let group = GroupIndex(index);
            rules.entity_ids.add(&policy.entity_ids, group);
            rules.device_ids.add(&policy.device_ids, group);
            rules.domains.add(&policy.domains, group);
            rules.areas.add(&policy.areas, group);
            rules.labels.add(&policy.labels, group);
            rules.all.add(policy.all, group);
        }
        rules.taken_back = rules.find_taken_back();
        rules
    }

    /// What they say, or nothing: then others may decide.
    pub(in crate::permission) fn judge(&self, registry: &Registry, entity: &str, key: &str) -> Option<Verdict> {
        // Asked first, so that the registry is not looked into for users without configured groups.
        if self.are_silent() {
            return None;
        }
        let registered = registry.entity(entity);
        let device = registered.and_then(|entity| registry.device_of(entity));
        let record = registered.map(crate::permission::registry::Entity::record);
        // A rule for an entity must not be escaped by asking for its registry id.
        let entity_id = record.map_or(entity, |record| &record.entity_id);
        let by_device = || self.device_ids.voice(device?.id(), key).map(|voice| (FoundBy::DeviceId, voice));
        let by_own_marks = || {
            let marks = Marks { area: FoundBy::OwnArea, label: FoundBy::OwnLabel };
            self.by_marks(record?.area_id.as_deref(), &record?.labels, &marks, key)
        };
        let by_device_marks = || {
            let marks = Marks { area: FoundBy::DeviceArea, label: FoundBy::DeviceLabel };
            self.by_marks(device?.area_id(), device?.labels(), &marks, key)
        };
        let (found_by, voice) = (self.entity_ids.voice(entity_id, key).map(|voice| (FoundBy::EntityId, voice)))
            .or_else(by_device)
            .or_else(|| self.domains.voice(domain_of(entity_id), key).map(|voice| (FoundBy::Domain, voice)))
            .or_else(by_own_marks)
            .or_else(by_device_marks)
            .or_else(|| self.all.on(key).map(|voice| (FoundBy::All, voice)))?;
        Some(if voice.allows {
            Verdict::Permit(Grant::Configured { found_by, group: voice.group })
        } else {
            Verdict::Deny(Denial::TakenBack { found_by, group: voice.group })
        })
    }

    /// What they say about this key on every entity there is or will be. A `false` for anything is one for everything.
    pub(in crate::permission) fn judge_all(&self, key: &str) -> Option<Verdict> {
        if let Some((selector, group)) = self.taken_back.of(key) {
            return Some(Verdict::Deny(Denial::TakenBackFromSome { selector, group }));
        }
        let voice = self.all.on(key)?;
        Some(Verdict::Permit(Grant::Configured { found_by: FoundBy::All, group: voice.group }))
    }

    /// The area and the labels have one rank: the first `false` decides, else the first `true`.
    fn by_marks(&self, area: Option<&str>, labels: &[String], marks: &Marks, key: &str) -> Option<(FoundBy, Vote)> {
        let area = area.and_then(|area| Some((marks.area, self.areas.voice(area, key)?)));
        let place = |(place, label): (usize, &String)| Some(((marks.label)(place), self.labels.voice(label, key)?));
        let mut decisive = area;
        for found in labels.iter().enumerate().filter_map(place) {
            // Only a `false` takes the place of what was found: the first of its kind stays, so that the reason is
            // always the same.
            if decisive.is_none_or(|(_, voice)| voice.allows && !found.1.allows) {
                decisive = Some(found);
            }
        }
        decisive
    }

    fn are_silent(&self) -> bool {
        let by_id = [&self.entity_ids, &self.device_ids, &self.domains, &self.areas, &self.labels];
        self.all == Votes::default() && by_id.iter().all(|rules| rules.0.is_empty())
    }

    fn find_taken_back(&self) -> PerKey<(ConfiguredSelector, GroupIndex)> {
        let mut found = PerKey::default();
        let selectors = [
            (ConfiguredSelector::EntityIds, &self.entity_ids),
            (ConfiguredSelector::DeviceIds, &self.device_ids),
            (ConfiguredSelector::Domains, &self.domains),
            (ConfiguredSelector::Areas, &self.areas),
            (ConfiguredSelector::Labels, &self.labels),
        ];
        let by_id = selectors.iter().flat_map(|(selector, rules)| rules.0.values().map(|voices| (*selector, voices)));
        for (selector, voices) in by_id.chain([(ConfiguredSelector::All, &self.all)]) {
            let note = |found: &mut Option<(ConfiguredSelector, GroupIndex)>, voice: Option<Vote>| {
                let no = voice.filter(|voice| !voice.allows).map(|voice| (selector, voice.group));
                // Maps have no order, and the one that is named must be the same every time.
                *found = found.take().into_iter().chain(no).min();
            };
            note(&mut found.read, voices.read);
            note(&mut found.control, voices.control);
            note(&mut found.edit, voices.edit);
            note(&mut found.others, voices.others);
        }
        found
    }
}

/// How what was found by an area or a label is called: of the entity itself or of its device.
struct Marks {
    area: FoundBy,
    label: fn(usize) -> FoundBy,
}

/// The rules of one selector, by id. Look-ups are exact: case counts, and there are no patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rules(ById<Votes>);

impl Rules {
    fn add(&mut self, rules: &BTreeMap<String, Opinions>, group: GroupIndex) {
        for (id, opinions) in rules {
            self.0.entry(id.as_str().into()).or_default().add(*opinions, group);
        }
    }

    fn voice(&self, id: &str, key: &str) -> Option<Vote> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(id)?.on(key)
    }
}

/// An opinion, and whose it is: the first group's that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Vote {
    allows: bool,
    group: GroupIndex,
}

/// The opinion of all groups together for one id, by access key.
type Votes = PerKey<Vote>;

impl Votes {
    /// Across groups a `true` wins.
    fn add(&mut self, opinions: Opinions, group: GroupIndex) {
        let add = |voice: &mut Option<Vote>, opinion: Option<bool>| match (opinion, &voice) {
            (Some(allows), None) | (Some(allows @ true), Some(Vote { allows: false, .. })) => {
                *voice = Some(Vote { allows, group });
            }
            (None, _) | (Some(_), Some(_)) => {}
        };
        add(&mut self.read, opinions.read);
        add(&mut self.control, opinions.control);
        add(&mut self.edit, opinions.edit);
        add(&mut self.others, opinions.others);
    }

    fn on(&self, key: &str) -> Option<Vote> {
        self.of(key)
    }
}

/// Something for each access key. The three that Home Assistant uses have their own place, so that asking for them is a
/// comparison of text and no search.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PerKey<T> {
    read: Option<T>,
    control: Option<T>,
    edit: Option<T>,
    others: Option<T>,
}

impl<T> Default for PerKey<T> {
    fn default() -> Self {
        Self { read: None, control: None, edit: None, others: None }
    }
}

impl<T: Copy> PerKey<T> {
    fn of(&self, key: &str) -> Option<T> {
        match key {
            "read" => self.read,
            "control" => self.control,
            "edit" => self.edit,
            _ => self.others,
        }
    }
}
