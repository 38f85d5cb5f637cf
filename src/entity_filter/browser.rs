//! What a user who is held is told at Home Assistant's front of what is not an entity's state: registries, services,
//! histories, dashboards, and events that say that something has changed.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value, json};

use super::domains::{acts_on_its_entities, has_entities};
use super::entity_references::{all_strings, is_entity_id, names_others, without_others};
use super::state::by_entity;
use super::{Access, May};
use crate::entity_filter::bounded_json::{Scalar, fields, filter_fields, filter_list, read};
use crate::permission::TargetKind;

/// How a message of a browser is judged, and what is answered to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// It does not pass.
    Refused,
    /// It is judged as one of an add-on that is held.
    AsHeld,
    /// It passes as it is, and so does its answer: neither is about entities.
    Passes,
    /// It passes, and its answer is filtered.
    Told(Told),
    /// It names entities in this field, and each must be permitted so.
    Names(&'static str, Access, Told),
    /// It subscribes to events of a type that tells nothing, or to changes of state.
    Events,
    /// It has a condition worked out that is about states of entities that may be read.
    Condition,
    /// It has a text filled in with what it brings itself.
    OwnText,
    /// It is about add-ons in Home Assistant's own pages.
    Ingress,
    /// It is answered here with this, as if there were nothing.
    Here(&'static str),
}

/// As `vestibule front rules` says it.
impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("administrators alone"),
            Self::AsHeld | Self::Told(_) => f.write_str("what may be read or controlled"),
            Self::Passes => f.write_str("passes"),
            Self::Names(field, access, _) => write!(f, "entities in `{field}`: {}", access.key()),
            Self::Events => f.write_str("changes of state, and that something else changed"),
            Self::Condition => f.write_str("about states of entities that may be read"),
            Self::OwnText => f.write_str("with values of its own"),
            Self::Ingress => f.write_str("about add-ons that may be opened"),
            Self::Here(_) => f.write_str("answered as if there were nothing"),
        }
    }
}

/// How an answer is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// What names other entities is taken out.
    Cleaned,
    /// A list of objects, each about the entity in this field.
    Listed(&'static str),
    /// The short form of the entity registry.
    Display,
    /// An object with a field for each entity.
    Keyed,
    /// What services there are.
    Services,
    /// The logbook's entries, in a list or in an event.
    Logbook,
    /// What belongs to an entity: a list of ids for each kind of thing.
    Related,
    /// What the energy page goes by, in lists.
    Energy,
    /// A list of devices, areas, floors or labels, each with its id in this field.
    Places(&'static str, TargetKind),
}

/// What has something in it that the user may read.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Ids of devices.
    pub devices: HashSet<String>,
    /// Ids of areas.
    pub areas: HashSet<String>,
    /// Ids of floors.
    pub floors: HashSet<String>,
    /// Ids of labels.
    pub labels: HashSet<String>,
}

impl Places {
    pub(super) fn has(&self, kind: TargetKind, id: &str) -> bool {
        match kind {
            TargetKind::Device => self.devices.contains(id),
            TargetKind::Area => self.areas.contains(id),
            TargetKind::Floor => self.floors.contains(id),
            TargetKind::Label => self.labels.contains(id),
        }
    }
}

/// Whether a message names entities in this field, each of them permitted, and nothing else that stands for entities.
pub(super) fn names_permitted(message: &Map<String, Value>, field: &str, access: Access, may: May<'_>) -> bool {
    if OTHER_NAMES.iter().any(|name| *name != field && message.contains_key(*name)) {
        return false;
    }
    let is_permitted = |id: &Value| id.as_str().is_some_and(|id| is_entity_id(id) && may(id, access));
    let named = match message.get(field) {
        Some(Value::Array(ids)) => !ids.is_empty() && ids.iter().all(is_permitted),
        Some(id) => is_permitted(id),
        None => false,
    };
    // Whatever else it says must not speak of others either.
    named && speaks_only_of(message, access, may)
}

/// Whether a message speaks of no entity that may not be read.
pub(super) fn speaks_of_permitted(message: &Map<String, Value>, may: May<'_>) -> bool {
    speaks_only_of(message, Access::Read, may)
}

fn speaks_only_of(message: &Map<String, Value>, access: Access, may: May<'_>) -> bool {
    message.values().all(|value| all_strings(value, &|text| !names_others(text, access, may)))
}

/// What a message may stand for entities by, besides the field that its row names.
const OTHER_NAMES: [&str; 11] = [
    "entity_id",
    "entity_ids",
    "statistic_id",
    "statistic_ids",
    "device_id",
    "device_ids",
    "area_id",
    "floor_id",
    "label_id",
    "target",
    "context_id",
];

/// What the user gets of an answer. Nothing, when it is not of the shape that is known.
pub(super) fn told(told: Told, text: &str, may: May<'_>, places: impl FnOnce() -> Places) -> Option<String> {
    match told {
        Told::Cleaned => Some(cleaned(text, may)?.to_string()),
        Told::Listed(field) => filter_list(text, |one| {
            let entry = read(one.as_bytes()).ok()?;
            may(entry.get(field)?.as_str()?, Access::Read)
                .then(|| without_others(entry, may))?
                .map(|one| one.to_string())
        }),
        Told::Display => {
            let [entities, categories] = fields(text, ["entities", "entity_categories"])?;
            let entities = told_list(entities?, may)?;
            Some(format!(r#"{{"entity_categories":{},"entities":{entities}}}"#, categories.unwrap_or("{}")))
        }
        Told::Keyed => by_entity(text, may),
        Told::Services => filter_fields(text, |domain, services| services_of(domain, services, may)),
        Told::Logbook => Some(logbook(text, may)?.to_string()),
        Told::Related => {
            let places = places();
            filter_fields(text, |kind, ids| related(kind, ids, may, &places))
        }
        Told::Energy => Some(energy(cleaned(text, may)?).to_string()),
        Told::Places(field, kind) => {
            let places = places();
            filter_list(text, |one| {
                let place = read(one.as_bytes()).ok()?;
                let is_seen = places.has(kind, place.get(field)?.as_str()?);
                is_seen.then(|| without_others(place, may))?.map(|one| one.to_string())
            })
        }
    }
}

/// What belongs to an entity, of one kind. Integrations and the like are not for who is held.
fn related(kind: &str, ids: &str, may: May<'_>, places: &Places) -> Option<String> {
    let is_seen: &dyn Fn(&str) -> bool = match kind {
        "entity" | "automation" | "scene" | "script" | "group" | "person" => {
            &|id| is_entity_id(id) && may(id, Access::Read)
        }
        "device" => &|id| places.has(TargetKind::Device, id),
        "area" => &|id| places.has(TargetKind::Area, id),
        "floor" => &|id| places.has(TargetKind::Floor, id),
        "label" => &|id| places.has(TargetKind::Label, id),
        _ => return None,
    };
    filter_list(ids, |id| {
        let Ok(Scalar::Text(text)) = serde_json::from_str(id) else { return None };
        is_seen(&text).then(|| id.to_owned())
    })
}

/// Without statistics that are no entity's: an integration has imported them, and whose they are is not known.
fn energy(value: Value) -> Value {
    let is_imported = |(name, value): (&String, &Value)| {
        name.starts_with("stat") && value.as_str().is_some_and(|text| text.contains(':'))
    };
    match value {
        Value::Array(list) => {
            let kept =
                list.into_iter().filter(|item| !item.as_object().is_some_and(|item| item.iter().any(is_imported)));
            kept.map(energy).collect()
        }
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, value)| !is_imported((name, value)));
            kept.map(|(name, value)| (name, energy(value))).collect()
        }
        plain => plain,
    }
}

fn told_list(entities: &str, may: May<'_>) -> Option<String> {
    told(Told::Listed("ei"), entities, may, Places::default)
}

fn cleaned(text: &str, may: May<'_>) -> Option<Value> {
    without_others(read(text.as_bytes()).ok()?, may)
}

/// The services that a user who is held could call. What other domains have, and what scripts are called, says what
/// there is in the house.
pub(super) fn services_of(domain: &str, services: &str, may: May<'_>) -> Option<String> {
    let keep: &dyn Fn(&str) -> bool = match domain {
        "homeassistant" => &|name| matches!(name, "turn_on" | "turn_off" | "toggle"),
        "script" => &|name| acts_on_its_entities("script", name) || may(&format!("script.{name}"), Access::Control),
        "notify" => &|name| name == "send_message",
        other if has_entities(other) => &|name| acts_on_its_entities(domain, name),
        _ => return None,
    };
    filter_fields(services, |name, service| keep(name).then(|| service.to_owned()))
}

/// Entries about entities that may be read, with what is known of them: who or what else was there is in other fields.
fn logbook(text: &str, may: May<'_>) -> Option<Value> {
    let entry = |value: Value| {
        let Value::Object(mut fields) = value else { return None };
        if !may(fields.get("entity_id")?.as_str()?, Access::Read) {
            return None;
        }
        fields.retain(|name, _| LOGBOOK.contains(&name.as_str()));
        without_others(Value::Object(fields), may)
    };
    match read(text.as_bytes()).ok()? {
        Value::Array(entries) => Some(entries.into_iter().filter_map(entry).collect()),
        Value::Object(mut event) => {
            event.retain(|name, _| matches!(name.as_str(), "events" | "start_time" | "end_time" | "partial"));
            if let Some(Value::Array(entries)) = event.get_mut("events").map(Value::take) {
                event.insert("events".to_owned(), entries.into_iter().filter_map(entry).collect());
            }
            Some(Value::Object(event))
        }
        _ => None,
    }
}

const LOGBOOK: [&str; 7] = ["when", "state", "entity_id", "name", "message", "domain", "icon"];

/// Whether a user who is held may subscribe to events of this type.
pub(super) fn is_quiet_event(kind: &str) -> bool {
    QUIET.contains(&kind)
}

/// What is left of such an event: that it came, and the few fields that the front end goes by.
pub(super) fn quiet(text: &str) -> Option<String> {
    let [kind, data, fired] = fields(text, ["event_type", "data", "time_fired"])?;
    let word = |field: Option<&str>| Some(serde_json::from_str::<Scalar>(field?).ok()?.text()?.to_owned());
    let kind = word(kind).filter(|kind| is_quiet_event(kind))?;
    // They say which services there are, and an empty one would be taken for a service without a name.
    if kind.starts_with("service_") {
        return None;
    }
    let [path, mode, component] = fields(data.unwrap_or("{}"), ["url_path", "mode", "component"])?;
    let mut kept = Map::new();
    for (name, field) in [("url_path", path), ("mode", mode), ("component", component)] {
        if let Some(text) = word(field) {
            kept.insert(name.to_owned(), Value::String(text));
        } else if field == Some("null") {
            kept.insert(name.to_owned(), Value::Null);
        }
    }
    let context = json!({"id": "", "parent_id": null, "user_id": null});
    Some(
        json!({"event_type": kind, "data": kept, "origin": "LOCAL", "time_fired": word(fired), "context": context})
            .to_string(),
    )
}

const QUIET: [&str; 14] = [
    "area_registry_updated",
    "category_registry_updated",
    "component_loaded",
    "core_config_updated",
    "device_registry_updated",
    "entity_registry_updated",
    "floor_registry_updated",
    "label_registry_updated",
    "lovelace_updated",
    "panels_updated",
    "repairs_issue_registry_updated",
    "service_registered",
    "service_removed",
    "themes_updated",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    fn heard(how: Told, answer: &Value) -> Option<Value> {
        let places = || Places { areas: ["bedroom".to_owned()].into(), ..Places::default() };
        Some(told(how, &answer.to_string(), &only_lights, places)?.parse().unwrap())
    }

    #[test]
    fn lists_hold_what_may_be_read() {
        let list = json!([{"entity_id": "light.a", "by": "lock.b"}, {"entity_id": "lock.b"}, {"id": 1}, 7]);
        assert_eq!(heard(Told::Listed("entity_id"), &list), Some(json!([{"entity_id": "light.a"}])));
        let display =
            json!({"entity_categories": {"0": "config"}, "entities": [{"ei": "light.a"}, {"ei": "lock.b"}], "x": 1});
        let seen = json!({"entity_categories": {"0": "config"}, "entities": [{"ei": "light.a"}]});
        assert_eq!(heard(Told::Display, &display), Some(seen));
        let areas = json!([{"area_id": "bedroom", "temperature_entity_id": "sensor.x"}, {"area_id": "vault"}]);
        let seen = json!([{"area_id": "bedroom"}]);
        assert_eq!(heard(Told::Places("area_id", TargetKind::Area), &areas), Some(seen));
        assert_eq!(heard(Told::Places("id", TargetKind::Device), &json!([{"id": "d1"}])), Some(json!([])));
    }

    #[test]
    fn what_belongs_to_an_entity_is_what_may_be_read_and_where_that_is() {
        let all = json!({"entity": ["light.a", "lock.b"], "automation": ["automation.x"], "area": ["bedroom", "vault"],
            "config_entry": ["e"], "integration": ["i"]});
        assert_eq!(
            heard(Told::Related, &all),
            Some(json!({"entity": ["light.a"], "automation": [], "area": ["bedroom"]}))
        );
        let prefs = json!({"energy_sources": [
            {"type": "solar", "stat_energy_from": "light.a"}, {"type": "grid", "stat_energy_from": "lock.b", "name": "Safe"},
            {"type": "gas", "stat_energy_from": "tibber:gas", "name": "Gas"}]});
        let seen = json!({"energy_sources": [{"type": "solar", "stat_energy_from": "light.a"}]});
        assert_eq!(heard(Told::Energy, &prefs), Some(seen));
    }

    #[test]
    fn services_are_those_that_could_be_called() {
        let services = json!({
            "light": {"turn_on": {}}, "script": {"turn_on": {}, "open_safe": {}}, "notify": {"mobile_app_x": {}, "send_message": {}},
            "shell_command": {"x": {}}, "homeassistant": {"restart": {}, "toggle": {}}, "mqtt": {"publish": {}}
        });
        let seen = json!({"light": {"turn_on": {}}, "script": {"turn_on": {}}, "notify": {"send_message": {}}, "homeassistant": {"toggle": {}}});
        assert_eq!(heard(Told::Services, &services), Some(seen));
    }

    #[test]
    fn the_logbook_tells_of_permitted_entities_and_of_nobody_else_who_was_there() {
        let entries = json!([
            {"entity_id": "light.a", "state": "on", "context_name": "Front door", "context_entity_id": "lock.b", "when": 1},
            {"entity_id": "lock.b", "state": "open"}, {"name": "Somebody", "message": "did something"}
        ]);
        let seen = json!([{"entity_id": "light.a", "state": "on", "when": 1}]);
        assert_eq!(heard(Told::Logbook, &entries), Some(seen.clone()));
        let event = json!({"events": entries, "start_time": 1, "more": "lock.b"});
        assert_eq!(heard(Told::Logbook, &event), Some(json!({"events": seen, "start_time": 1})));
    }

    #[test]
    fn an_event_says_that_something_changed_and_not_what() {
        let event = json!({"event_type": "entity_registry_updated", "data": {"action": "create", "entity_id": "lock.b"}, "time_fired": "t"});
        let seen: Value = quiet(&event.to_string()).unwrap().parse().unwrap();
        assert_eq!(seen["data"], json!({}));
        assert_eq!(
            quiet(r#"{"event_type": "service_registered", "data": {"domain": "script", "service": "x"}}"#),
            None
        );
        assert_eq!(quiet(r#"{"event_type": "call_service", "data": {}}"#), None);
    }

    #[test]
    fn a_message_that_names_one_forbidden_entity_is_none() {
        let names =
            |message: Value| names_permitted(message.as_object().unwrap(), "entity_ids", Access::Read, &only_lights);
        assert!(names(json!({"entity_ids": ["light.a"], "start_time": "2026-11-30T00:00:00.000Z"})));
        for message in [
            json!({}),
            json!({"entity_ids": []}),
            json!({"entity_ids": ["light.a", "lock.b"]}),
            json!({"entity_ids": ["light.a", 7]}),
            json!({"entity_ids": {"light.a": 1}}),
            json!({"entity_ids": ["light.a"], "device_ids": ["d"]}),
            json!({"entity_ids": ["light.a"], "context_id": "c"}),
            json!({"entity_ids": ["light.a"], "entity_id": "light.a"}),
            json!({"entity_ids": ["light.a"], "more": {"x": ["LOCK.b"]}}),
        ] {
            assert!(!names(message.clone()), "{message}");
        }
    }
}
