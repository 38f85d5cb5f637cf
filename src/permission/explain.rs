//! Where a verdict comes from: what in the registries it went by, for people to read.
//!
//! It asks the same as a check and gives the check's own verdict, with the id that its selector looked up and the
//! entity, device and area behind it. It must never judge for itself: an explanation that could differ from the
//! decision would explain nothing.

use super::compiled::domain_of;
use super::registry::{Device, EntityRecord, Registry};
use super::user::UserPermissions;
use super::verdict::{Denial, FoundBy, Grant, Selector, Verdict};

/// A verdict and what it went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// What [`UserPermissions::check`] answers to the same question.
    pub verdict: Verdict,
    /// What the selector that decided was asked for: an entity, a device, an area or a domain. None when no rule for
    /// one thing decided.
    pub looked_up: Option<&'a str>,
    /// What is registered under this id; none when nothing is.
    pub origin: Option<Origin<'a>>,
}

/// A registered entity, and where its device and area come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The record that the entity's registry has of it.
    pub entity: &'a EntityRecord,
    /// The device that was found for it, which is another than the one it names when that one was split.
    pub device: Option<&'a Device>,
    /// The area that counts.
    pub area: Option<DeviceArea<'a>>,
}

/// The area of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceArea<'a> {
    /// Its id, which is what policies name.
    pub id: &'a str,
    /// Its name; none when no such area is registered.
    pub name: Option<&'a str>,
}

impl UserPermissions {
    /// The answer of [`check`](Self::check) to the same question, and what it went by.
    pub fn explain<'a>(&self, registry: &'a Registry, entity: &'a str, key: &str) -> Explanation<'a> {
        let verdict = self.check(registry, entity, key);
        let origin = Origin::find(registry, entity);
        let looked_up = match decisive(verdict) {
            // As it was asked for: Home Assistant looks for rules under that very text, be it a registry id.
            Decisive::Selector(Selector::EntityIds) => Some(entity),
            Decisive::Selector(Selector::DeviceIds) => origin.and_then(|origin| Some(origin.device?.id())),
            Decisive::Selector(Selector::AreaIds) => origin.and_then(|origin| Some(origin.area?.id)),
            Decisive::Selector(Selector::Domains) => Some(domain_of(entity)),
            Decisive::Selector(Selector::All) | Decisive::Nothing => None,
            Decisive::Found(found_by) => id_of(found_by, entity, origin),
        };
        Explanation { verdict, looked_up, origin }
    }
}

impl<'a> Origin<'a> {
    fn find(registry: &'a Registry, id: &str) -> Option<Self> {
        let entity = registry.entity(id)?;
        let device = registry.device_of(entity);
        let area = device.and_then(Device::area_id);
        let area = area.map(|id| DeviceArea { id, name: registry.area(id).map(|area| area.name.as_str()) });
        Some(Self { entity: entity.record(), device, area })
    }
}

/// What decided for one thing.
enum Decisive {
    /// A selector of Home Assistant's groups.
    Selector(Selector),
    /// What a configured group has a rule for.
    Found(FoundBy),
    /// No rule for one thing.
    Nothing,
}

fn decisive(verdict: Verdict) -> Decisive {
    match verdict {
        Verdict::Permit(Grant::Rule { selector, .. }) | Verdict::Deny(Denial::NotTrue { selector }) => {
            Decisive::Selector(selector)
        }
        Verdict::Permit(Grant::Configured { found_by, .. }) | Verdict::Deny(Denial::TakenBack { found_by, .. }) => {
            Decisive::Found(found_by)
        }
        Verdict::Permit(Grant::Owner | Grant::AllEntities { .. } | Grant::WholeSelector { .. })
        | Verdict::Deny(
            Denial::NoRegistry | Denial::IllegalPolicy | Denial::NoRule | Denial::TakenBackFromSome { .. },
        ) => Decisive::Nothing,
    }
}

/// The id that a rule of a configured group has for this.
fn id_of<'a>(found_by: FoundBy, asked: &'a str, origin: Option<Origin<'a>>) -> Option<&'a str> {
    let entity_id = origin.map_or(asked, |origin| &origin.entity.entity_id);
    match found_by {
        FoundBy::EntityId => Some(entity_id),
        FoundBy::DeviceId => Some(origin?.device?.id()),
        FoundBy::Domain => Some(domain_of(entity_id)),
        FoundBy::OwnArea => origin?.entity.area_id.as_deref(),
        FoundBy::OwnLabel(place) => origin?.entity.labels.get(place).map(String::as_str),
        FoundBy::DeviceArea => origin?.device?.area_id(),
        FoundBy::DeviceLabel(place) => origin?.device?.labels().get(place).map(String::as_str),
        FoundBy::All => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::registry::{AreaRecord, DeviceRecord, RegistryRecords};
    use super::*;

    fn registry() -> Registry {
        let entity = EntityRecord {
            entity_id: "lock.door".into(),
            id: "registered".into(),
            device_id: Some("d1".into()),
            area_id: Some("attic".into()),
            ..EntityRecord::default()
        };
        let device = DeviceRecord { id: "d1".into(), area_id: Some("hall".into()), ..DeviceRecord::default() };
        let area = AreaRecord { id: "hall".into(), name: "The hall".into(), ..AreaRecord::default() };
        Registry::new(RegistryRecords {
            entities: vec![entity],
            devices: vec![device],
            areas: vec![area],
            ..RegistryRecords::default()
        })
    }

    fn looked_up(entities: &Value, entity: &str) -> Option<String> {
        let user = UserPermissions::compile([&json!({"entities": entities})]);
        let registry = registry();
        let explained = user.explain(&registry, entity, "read");
        assert_eq!(explained.verdict, user.check(&registry, entity, "read"));
        explained.looked_up.map(str::to_owned)
    }

    #[test]
    fn the_id_is_that_of_the_selector_that_decided() {
        let cases = [
            (json!({"entity_ids": {"lock.door": true}}), Some("lock.door")),
            (json!({"device_ids": {"d1": true}}), Some("d1")),
            (json!({"area_ids": {"hall": {"read": true}}}), Some("hall")),
            (json!({"domains": {"lock": {"read": {}}}}), Some("lock")),
            (json!({"all": {"read": true}}), None),
            (json!({"area_ids": {"attic": true}}), None),
            (json!({"domains": true}), None),
        ];
        for (entities, expected) in cases {
            assert_eq!(looked_up(&entities, "lock.door").as_deref(), expected, "{entities}");
        }
        assert_eq!(looked_up(&json!({"device_ids": {"d1": true}}), "registered").as_deref(), Some("d1"));
        assert_eq!(looked_up(&json!({"domains": {"": true}}), ".odd").as_deref(), Some(""));
    }

    #[test]
    fn the_area_is_the_device_s_and_an_unregistered_entity_comes_from_nowhere() {
        let (user, registry) = (UserPermissions::owner(), registry());
        let origin = user.explain(&registry, "lock.door", "read").origin.unwrap();
        assert_eq!(origin.area, Some(DeviceArea { id: "hall", name: Some("The hall") }));
        assert_eq!(origin.entity.area_id.as_deref(), Some("attic"));
        assert_eq!(user.explain(&registry, "sun.sun", "read").origin, None);
    }
}
