//! The fuller dialect written down a second time, from the text of the specification (section 6, point 4) and of
//! `docs/configuration.md`, and as plainly as possible: no merging and no indexes, only a list of places to look at.

use serde_json::Value;
use vestibule::permission::{ConfiguredPolicy, EntityRecord, Opinions, RegistryRecords};

use super::reference;

/// Whether a user in these configured groups and in Home Assistant's groups with these policies may.
pub(crate) fn check(
    groups: &[ConfiguredPolicy],
    policies: &[Value],
    records: &RegistryRecords,
    entity: &str,
    key: &str,
) -> bool {
    // An illegal policy of Home Assistant denies everything.
    let Ok(theirs) = reference::check(policies, records, entity, key) else { return false };
    ours(groups, records, entity, key).unwrap_or(theirs)
}

/// Whether they may do it to every entity there is or will be.
pub(crate) fn check_all(groups: &[ConfiguredPolicy], policies: &[Value], key: &str) -> bool {
    let rules = |group: &ConfiguredPolicy| {
        let by_id = [&group.entity_ids, &group.device_ids, &group.domains, &group.areas, &group.labels];
        let by_id = by_id
            .into_iter()
            .enumerate()
            .flat_map(|(selector, rules)| rules.iter().map(move |(id, opinions)| ((selector, id.clone()), *opinions)));
        by_id.chain([((5, String::new()), group.all)]).collect::<Vec<_>>()
    };
    let rules: Vec<_> = groups.iter().flat_map(rules).filter_map(|(at, it)| Some((at, on(it, key)?))).collect();
    // A `false` that no group's `true` at the same selector and id outvotes.
    let yes = |place: &(usize, String)| rules.iter().any(|(at, opinion)| at == place && *opinion);
    if rules.iter().any(|(at, opinion)| !opinion && !yes(at)) {
        return false;
    }
    // With a registry in which there is nothing, an entity without a domain of its own stands for all others.
    let Ok(_) = reference::check(policies, &RegistryRecords::default(), "any", key) else { return false };
    yes(&(5, String::new())) || theirs_for_all(policies, key)
}

fn theirs_for_all(policies: &[Value], key: &str) -> bool {
    policies.iter().any(|policy| {
        let entities = &policy["entities"];
        entities == true || entities["all"] == true || entities["all"][key] == true
    })
}

fn ours(groups: &[ConfiguredPolicy], records: &RegistryRecords, asked: &str, key: &str) -> Option<bool> {
    let registered = by_any_id(records, asked);
    let entity_id = registered.map_or(asked, |record| &record.entity_id);
    let device = reference::device_of(records, asked);
    let device_area = device.as_deref().and_then(|device| reference::area_of(records, device));
    let device_labels = device.as_deref().map(|device| labels_of(records, device)).unwrap_or_default();
    let own_area = registered.and_then(|record| record.area_id.clone());
    let own_labels = registered.map(|record| record.labels.clone()).unwrap_or_default();
    let domain = entity_id.split('.').next().unwrap();

    let mut places: Vec<Vec<(&str, String)>> = vec![vec![("entity_ids", entity_id.to_owned())]];
    places.push(device.into_iter().map(|device| ("device_ids", device)).collect());
    places.push(vec![("domains", domain.to_owned())]);
    for (area, labels) in [(own_area, own_labels), (device_area, device_labels)] {
        let area = area.into_iter().map(|area| ("areas", area));
        places.push(area.chain(labels.into_iter().map(|label| ("labels", label))).collect());
    }
    places.push(vec![("all", String::new())]);

    places.iter().find_map(|rank| {
        let opinions: Vec<bool> = rank.iter().filter_map(|(selector, id)| of_all(groups, selector, id, key)).collect();
        (!opinions.is_empty()).then(|| opinions.iter().all(|opinion| *opinion))
    })
}

/// What the groups say together at one selector and id: any `true` wins.
fn of_all(groups: &[ConfiguredPolicy], selector: &str, id: &str, key: &str) -> Option<bool> {
    let opinions = groups.iter().filter_map(|group| {
        let rules = match selector {
            "entity_ids" => &group.entity_ids,
            "device_ids" => &group.device_ids,
            "domains" => &group.domains,
            "areas" => &group.areas,
            "labels" => &group.labels,
            _ => return on(group.all, key),
        };
        on(*rules.get(id)?, key)
    });
    let opinions: Vec<bool> = opinions.collect();
    (!opinions.is_empty()).then(|| opinions.contains(&true))
}

fn on(opinions: Opinions, key: &str) -> Option<bool> {
    match key {
        "read" => opinions.read,
        "control" => opinions.control,
        "edit" => opinions.edit,
        _ => opinions.others,
    }
}

fn by_any_id<'a>(records: &'a RegistryRecords, id: &str) -> Option<&'a EntityRecord> {
    let by_id = records.entities.iter().find(|record| record.id == id);
    by_id.or_else(|| records.entities.iter().find(|record| record.entity_id == id))
}

/// A part has its own labels, not those of the device that it is a part of.
fn labels_of(records: &RegistryRecords, device: &str) -> Vec<String> {
    let of_device = records.devices.iter().find(|record| record.id == device).map(|record| record.labels.clone());
    let of_part =
        || records.child_devices.iter().find(|record| record.id == device).map(|record| record.labels.clone());
    of_device.or_else(of_part).unwrap_or_default()
}
