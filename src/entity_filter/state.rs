//! States of entities, in the shapes in which Home Assistant tells them.

use serde_json::{Map, Value};

use super::entity_references::{is_entity_id, names_others, without_others};
use super::{Access, May};
use crate::entity_filter::bounded_json::{Scalar, fields, filter_fields, filter_list, read};

/// The states that may be seen, of a list of them: one after the other, since those of a large home are many. Nothing,
/// when it is no list.
pub(super) fn states(text: &str, may: May<'_>) -> Option<String> {
    filter_list(text, |one| Some(state(read(one.as_bytes()).ok()?, may)?.to_string()))
}

/// A state as `/api/states` has it, if it may be seen.
pub(super) fn state(value: Value, may: May<'_>) -> Option<Value> {
    let Value::Object(mut fields) = value else { return None };
    let entity = fields.get("entity_id")?.as_str()?;
    if !may(entity, Access::Read) {
        return None;
    }
    // Only known fields: a later Home Assistant may add one that names other entities.
    fields.retain(|name, _| STATE.contains(&name.as_str()));
    clean(&mut fields, may);
    Some(Value::Object(fields))
}

/// The histories that may be seen, of a list of them, each a list of one entity's states. Some states leave out whose
/// they are: the one before them has said it.
pub(super) fn histories(text: &str, may: May<'_>) -> Option<String> {
    filter_list(text, |states| {
        let mut is_permitted = false;
        let kept = filter_list(states, |one| {
            let Ok(Value::Object(mut fields)) = read(one.as_bytes()) else { return None };
            if let Some(entity) = fields.get("entity_id") {
                is_permitted = entity.as_str().is_some_and(|id| is_entity_id(id) && may(id, Access::Read));
            }
            if !is_permitted {
                return None;
            }
            fields.retain(|name, _| STATE.contains(&name.as_str()));
            clean(&mut fields, may);
            Some(Value::Object(fields).to_string())
        });
        kept.filter(|kept| kept.len() > EMPTY)
    })
}

/// What a `state_changed` event says, if it may be seen. Before and after are one entity's.
pub(super) fn change(value: Value, may: May<'_>) -> Option<Value> {
    let Value::Object(mut event) = value else { return None };
    if event.get("event_type")?.as_str()? != "state_changed" {
        return None;
    }
    let data = event.get_mut("data")?.as_object_mut()?;
    if !may(data.get("entity_id")?.as_str()?, Access::Read) {
        return None;
    }
    for name in ["old_state", "new_state"] {
        if let Some(known) = data.get_mut(name) {
            *known = state(known.take(), may).unwrap_or(Value::Null);
        }
    }
    // Only known fields, as of a state.
    data.retain(|name, _| matches!(name.as_str(), "entity_id" | "old_state" | "new_state"));
    event.retain(|name, _| matches!(name.as_str(), "event_type" | "data" | "origin" | "time_fired" | "context"));
    clean(&mut event, may);
    Some(Value::Object(event))
}

/// An event of `subscribe_entities`: added (`a`) and changed (`c`) by id, removed (`r`) as a list. Nothing, when
/// nothing in it may be seen.
/// `note` is told of each that was added, and whether it may be seen.
pub(super) fn compressed(text: &str, may: May<'_>, note: &mut dyn FnMut(&str, bool)) -> Option<String> {
    let [added, changed, removed] = fields(text, ["a", "c", "r"])?;
    let added = added.and_then(|part| by_id(part, may, note, |fields| compressed_state(fields, may)));
    let changed = changed.and_then(|part| {
        by_id(part, may, &mut |_, _| {}, |fields| {
            fields.retain(|name, part| matches!(name.as_str(), "+" | "-") && part.is_object());
            for part in fields.values_mut().filter_map(Value::as_object_mut) {
                compressed_state(part, may);
            }
        })
    });
    let removed = removed.and_then(|part| {
        filter_list(part, |id| {
            let Ok(Scalar::Text(id)) = serde_json::from_str(id) else { return None };
            may(&id, Access::Read).then(|| Value::String(id).to_string())
        })
    });
    let parts = [("a", added), ("c", changed), ("r", removed)].into_iter();
    let kept = parts.filter_map(|(name, part)| Some((name, part.filter(|part| part.len() > EMPTY)?)));
    let kept: Vec<_> = kept.map(|(name, part)| format!("\"{name}\":{part}")).collect();
    (!kept.is_empty()).then(|| format!("{{{}}}", kept.join(",")))
}

/// The fields of a service's answer that are entities which may be seen.
pub(super) fn by_entity(response: &str, may: May<'_>) -> Option<String> {
    filter_fields(response, |id, value| {
        if !(is_entity_id(id) && may(id, Access::Read)) {
            return None;
        }
        Some(without_others(read(value.as_bytes()).ok()?, may)?.to_string())
    })
}

fn by_id(
    text: &str,
    may: May<'_>,
    note: &mut dyn FnMut(&str, bool),
    cleanse: impl Fn(&mut Map<String, Value>),
) -> Option<String> {
    filter_fields(text, |id, value| {
        let is_seen = may(id, Access::Read);
        note(id, is_seen);
        if !is_seen {
            return None;
        }
        let Ok(Value::Object(mut fields)) = read(value.as_bytes()) else { return None };
        cleanse(&mut fields);
        Some(Value::Object(fields).to_string())
    })
}

fn compressed_state(fields: &mut Map<String, Value>, may: May<'_>) {
    fields.retain(|name, _| matches!(name.as_str(), "s" | "a" | "c" | "lc" | "lu"));
    clean(fields, may);
}

/// Without what names others, in every field: a state and a context may name one as well. A state that does is unknown.
fn clean(fields: &mut Map<String, Value>, may: May<'_>) {
    for name in ["state", "s"] {
        if let Some(Value::String(text)) = fields.get_mut(name)
            && names_others(text, Access::Read, may)
        {
            "unknown".clone_into(text);
        }
    }
    let known = std::mem::take(fields).into_iter();
    *fields = known.filter_map(|(name, value)| Some((name, without_others(value, may)?))).collect();
}

/// The length of a list or an object without anything in it.
const EMPTY: usize = "[]".len();

/// The fields of a state that are known.
const STATE: [&str; 7] =
    ["entity_id", "state", "attributes", "last_changed", "last_reported", "last_updated", "context"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    #[test]
    fn states_of_others_and_their_mention_in_attributes_are_taken_out() {
        let all = json!([
            {"entity_id": "light.all", "state": "on", "attributes": {"entity_id": ["light.a", "switch.b"]}, "new": "switch.b"},
            {"entity_id": "lock.door", "state": "locked", "attributes": {}},
            {"state": "nobody's"},
            7
        ]);
        let seen = json!([{"entity_id": "light.all", "state": "on", "attributes": {"entity_id": ["light.a"]}}]);
        let told = states(&all.to_string(), &only_lights).unwrap();
        assert_eq!(told.parse::<Value>().unwrap(), seen);
        assert_eq!(states(r#"{"entity_id": "lock.door"}"#, &only_lights), None);
    }

    #[test]
    fn a_history_is_that_of_one_entity_also_where_its_states_do_not_say_so() {
        let all = json!([
            [{"entity_id": "light.a", "state": "on", "new": 1}, {"state": "off", "last_changed": "t"}],
            [{"entity_id": "lock.b", "state": "open"}, {"state": "locked"}],
            [{"state": "open"}],
            [{"entity_id": "light.a", "state": "on"}, {"entity_id": "lock.b", "state": "open"}, {"state": "locked"}],
            []
        ]);
        let seen = json!([
            [{"entity_id": "light.a", "state": "on"}, {"state": "off", "last_changed": "t"}],
            [{"entity_id": "light.a", "state": "on"}]
        ]);
        assert_eq!(histories(&all.to_string(), &only_lights).unwrap().parse::<Value>().unwrap(), seen);
    }

    #[test]
    fn a_change_of_another_is_none() {
        let event = |id: &str| {
            json!({"event_type": "state_changed", "data": {"entity_id": id, "old_state": null,
                "new_state": {"entity_id": id, "state": "on", "attributes": {"by": "lock.door"}}}})
        };
        assert_eq!(change(event("lock.door"), &only_lights), None);
        let seen = change(event("light.a"), &only_lights).unwrap();
        assert_eq!(seen["data"]["new_state"], json!({"entity_id": "light.a", "state": "on", "attributes": {}}));
        let disguised = json!({"event_type": "state_changed", "data": {"entity_id": "light.a",
            "new_state": {"entity_id": "lock.door", "state": "open", "attributes": {}}, "more": "lock.door"}});
        let seen = change(disguised, &only_lights).unwrap();
        assert_eq!(seen["data"], json!({"entity_id": "light.a", "new_state": null}));
        assert_eq!(change(json!({"event_type": "call_service", "data": {"entity_id": "light.a"}}), &only_lights), None);
    }

    #[test]
    fn a_compressed_event_keeps_what_may_be_seen_and_is_none_without_it() {
        let event = json!({
            "a": {"light.a": {"s": "on", "new": "lock.b", "a": {"of": ["lock.b"]}}, "lock.b": {"s": "locked"}},
            "c": {"light.c": {"+": {"s": "off", "a": {"x": "lock.b"}, "new": "lock.b"}, "~": "lock.b"}, "lock.b": {"+": {"s": "open"}}},
            "r": ["light.d", "lock.e"],
            "new": {"lock.b": 1}
        });
        let seen = json!({
            "a": {"light.a": {"s": "on", "a": {"of": []}}},
            "c": {"light.c": {"+": {"s": "off", "a": {}}}},
            "r": ["light.d"]
        });
        let told = compressed(&event.to_string(), &only_lights, &mut |_, _| {}).unwrap();
        assert_eq!(told.parse::<Value>().unwrap(), seen);
        assert_eq!(
            compressed(r#"{"c": {"lock.b": {"+": {"s": "open"}}}, "r": ["lock.b"]}"#, &only_lights, &mut |_, _| {}),
            None
        );
    }
}
