//! Entities that are spoken of: whole strings that are an entity id, and ids in the middle of a text.

use serde_json::Value;

use super::{Access, May};

/// Whether a text is the id of an entity, as Home Assistant writes them: lower case, one dot. A domain has no digits, so
/// that a version number is no entity.
pub(super) fn is_entity_id(text: &str) -> bool {
    let legal = |part: &str, legal: fn(u8) -> bool| !part.is_empty() && part.bytes().all(legal);
    text.split_once('.').is_some_and(|(domain, name)| {
        legal(domain, |b| b.is_ascii_lowercase() || b == b'_')
            && legal(name, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// Whether a text speaks of an entity that may not be read.
pub(super) fn speaks_of_others(text: &str, may: May<'_>) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
    words.map(|word| word.trim_matches('.').to_ascii_lowercase()).any(|word| is_hidden(&word, may))
}

/// The value without every text in it that speaks of an entity that may not be read, in lists, as names of fields and as
/// values of fields: a group tells the ids of its members, for one. A word that looks like an id and is none goes with them.
pub(super) fn without_others(value: Value, may: May<'_>) -> Option<Value> {
    match value {
        Value::String(text) if speaks_of_others(&text, may) => None,
        Value::Array(list) => Some(list.into_iter().filter_map(|item| without_others(item, may)).collect()),
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !speaks_of_others(name, may));
            Some(kept.filter_map(|(name, value)| Some((name, without_others(value, may)?))).collect())
        }
        plain => Some(plain),
    }
}

/// Every string in the value, names of fields included, until `holds` says no of one.
pub(super) fn all_strings(value: &Value, holds: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => holds(text),
        Value::Array(list) => list.iter().all(|item| all_strings(item, holds)),
        Value::Object(fields) => fields.iter().all(|(name, value)| holds(name) && all_strings(value, holds)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn is_hidden(text: &str, may: May<'_>) -> bool {
    is_entity_id(text) && !may(text, Access::Read)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    #[test]
    fn an_entity_id_is_lower_case_with_one_dot() {
        for id in ["light.kitchen", "media_player.tv_2", "input_boolean._"] {
            assert!(is_entity_id(id), "{id}");
        }
        for other in
            ["", "light", "light.", ".kitchen", "Light.kitchen", "1.5", "v2.1", "a.b.c", "light.kit chen", "all"]
        {
            assert!(!is_entity_id(other), "{other}");
        }
    }

    #[test]
    fn a_text_gives_away_ids_in_any_case_and_between_any_signs() {
        for text in ["lock.door", "no such entity: lock.door.", "('Lock.Door',)", "light.a,lock.b"] {
            assert!(speaks_of_others(text, &only_lights), "{text}");
        }
        for text in ["", "light.kitchen is off", "took 1.5 s", "no. 7."] {
            assert!(!speaks_of_others(text, &only_lights), "{text}");
        }
    }

    #[test]
    fn what_a_group_tells_of_its_members_is_taken_out() {
        let attributes = json!({"entity_id": ["light.a", "lock.b"], "lock.c": 1, "best": "lock.d", "on": true, "n": {"x": ["lock.e"]}});
        let kept = without_others(attributes, &only_lights).unwrap();
        assert_eq!(kept, json!({"entity_id": ["light.a"], "on": true, "n": {"x": []}}));
    }
}
