//! States of entities, in the shapes in which Home Assistant tells them.

use serde_json::{Map, Value};

use super::mention::{names_others, without_others};
use super::{Access, May};

/// The states that may be seen, of a list of them.
pub(super) fn states(value: Value, may: May<'_>) -> Value {
    match value {
        Value::Array(list) => list.into_iter().filter_map(|one| state(one, may)).collect(),
        _ => Value::Array(Vec::new()),
    }
}

/// A state as `/api/states` has it, if it may be seen.
pub(super) fn state(value: Value, may: May<'_>) -> Option<Value> {
    let Value::Object(mut fields) = value else { return None };
    let entity = fields.get("entity_id")?.as_str()?;
    if !may(entity, Access::Read) {
        return None;
    }
    fields.retain(|name, _| STATE.contains(&name.as_str()));
    clean(&mut fields, may);
    Some(Value::Object(fields))
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
    data.retain(|name, _| matches!(name.as_str(), "entity_id" | "old_state" | "new_state"));
    event.retain(|name, _| matches!(name.as_str(), "event_type" | "data" | "origin" | "time_fired" | "context"));
    clean(&mut event, may);
    Some(Value::Object(event))
}

/// An event of `subscribe_entities`: added (`a`) and changed (`c`) by id, removed (`r`) as a list. Nothing, when nothing
/// in it may be seen.
pub(super) fn compressed(value: Value, may: May<'_>) -> Option<Value> {
    let Value::Object(event) = value else { return None };
    let mut kept = Map::new();
    for (name, part) in event {
        let part = match (name.as_str(), part) {
            ("a", Value::Object(added)) => by_id(added, may, |fields| compressed_state(fields, may)),
            ("c", Value::Object(changed)) => by_id(changed, may, |fields| {
                fields.retain(|name, part| matches!(name.as_str(), "+" | "-") && part.is_object());
                for part in fields.values_mut().filter_map(Value::as_object_mut) {
                    compressed_state(part, may);
                }
            }),
            ("r", Value::Array(removed)) => {
                let seen = |id: &Value| id.as_str().is_some_and(|id| may(id, Access::Read));
                Value::Array(removed.into_iter().filter(seen).collect())
            }
            _ => continue,
        };
        kept.insert(name, part);
    }
    let empty =
        |part: &Value| part.as_object().is_some_and(Map::is_empty) || part.as_array().is_some_and(Vec::is_empty);
    kept.retain(|_, part| !empty(part));
    (!kept.is_empty()).then_some(Value::Object(kept))
}

fn by_id(entities: Map<String, Value>, may: May<'_>, cleanse: impl Fn(&mut Map<String, Value>)) -> Value {
    let seen = entities.into_iter().filter(|(id, _)| may(id, Access::Read));
    seen.filter_map(|(id, value)| {
        let Value::Object(mut fields) = value else { return None };
        cleanse(&mut fields);
        Some((id, Value::Object(fields)))
    })
    .collect()
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
        assert_eq!(states(all, &only_lights), seen);
        assert_eq!(states(json!({"entity_id": "lock.door"}), &only_lights), json!([]));
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
        assert_eq!(compressed(event, &only_lights), Some(seen));
        assert_eq!(compressed(json!({"c": {"lock.b": {"+": {"s": "open"}}}, "r": ["lock.b"]}), &only_lights), None);
    }
}
