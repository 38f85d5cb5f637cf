//! Entities that are spoken of: whole strings that are an entity id, and ids in the middle of a text.

use serde_json::Value;

use super::domains::has_entities;
use super::{Access, May};

/// Whether a text is the id of an entity, as Home Assistant writes them: lower case, one dot. A domain has no digits,
/// so that a version number is no entity.
pub(super) fn is_entity_id(text: &str) -> bool {
    let legal = |part: &str, legal: fn(u8) -> bool| !part.is_empty() && part.bytes().all(legal);
    text.split_once('.').is_some_and(|(domain, name)| {
        legal(domain, |b| b.is_ascii_lowercase() || b == b'_')
            && legal(name, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// Whether words of an error speak of an entity that may not be read. What looks like an id is taken for one.
pub(super) fn speaks_of_others(text: &str, may: May<'_>) -> bool {
    let text = text.to_lowercase();
    let mut spoken = words(&text).filter(|word| is_entity_id(word)).chain(ids_of_entities(&text));
    spoken.any(|id| !may(id, Access::Read))
}

/// Whether a text names an entity to which there is no such access: it is an id, or a list of them, as Home Assistant
/// reads them from a text (any case, commas between them), or has one of a domain of entities somewhere in it, as
/// addresses do.
pub(super) fn names_others(text: &str, access: Access, may: May<'_>) -> bool {
    // Most texts have no dot, and so no id.
    if !text.contains('.') {
        return false;
    }
    // Home Assistant's own lower case: the Kelvin sign is a `k` in it.
    let text = text.to_lowercase();
    let is_around = |c: char| c.is_whitespace() || c.is_control();
    let mut listed = text.split(',').map(|one| one.trim_matches(is_around)).filter(|one| is_entity_id(one));
    listed.any(|id| !may(id, access)) || ids_of_entities(&text).any(|id| !may(id, access))
}

/// Whether a text is an address in Home Assistant's API, as its parser reads addresses. What a player is to play from
/// there Home Assistant signs for it in the name of its own caller, and a listener may then read anything.
pub(super) fn leads_to_the_api(text: &str) -> bool {
    if !text.contains('/') && !text.contains('%') {
        return false;
    }
    // Parsers of addresses leave these out wherever they stand (WHATWG URL, basic URL parser).
    let text = text.replace(['\t', '\r', '\n'], "");
    // For its percent-decoding. It also cuts at `&` and `=`, so both halves of each pair are looked at.
    form_urlencoded::parse(text.as_bytes()).any(|(name, value)| name.contains("/api/") || value.contains("/api/"))
}

/// What stands between signs that are in no id.
fn words(lower: &str) -> impl Iterator<Item = &str> {
    let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
    words.map(|word| word.trim_matches('.'))
}

/// Every id of a domain of entities in a text: the two parts around each dot. Between other dots, too: a template
/// speaks of `lock.door` as `states.lock.door.state`.
fn ids_of_entities(lower: &str) -> impl Iterator<Item = &str> {
    let around = |word: &'_ str, dot: usize| {
        let (before, after) = (word.get(..dot)?, word.get(dot.saturating_add(1)..)?);
        let domain = before.rsplit('.').next().filter(|domain| has_entities(domain))?;
        let name = after.split('.').next()?;
        let start = dot.saturating_sub(domain.len());
        Some((start, dot.saturating_add(1).saturating_add(name.len())))
    };
    words(lower)
        .flat_map(move |word| {
            let dots = word.match_indices('.').map(|(dot, _)| dot);
            dots.filter_map(move |dot| around(word, dot).and_then(|(start, end)| word.get(start..end)))
        })
        .filter(|id| is_entity_id(id))
}

/// The value without everything in it that names an entity that may not be read, in lists, as names of fields and as
/// values of fields: a group tells the ids of its members, for one. What stands beside such an id in one object of a
/// list, or of a dashboard, goes with it: the name that somebody gave the entity there says as much.
pub(super) fn without_others(value: Value, may: May<'_>) -> Option<Value> {
    let hidden = |text: &str| names_others(text, Access::Read, may);
    let is_of_others =
        |value: &Value| value.as_object().is_some_and(|fields| fields.values().filter_map(Value::as_str).any(hidden));
    match value {
        Value::String(text) if hidden(&text) => None,
        Value::Array(list) => {
            let kept = list.into_iter().filter(|item| !is_of_others(item));
            Some(kept.filter_map(|item| without_others(item, may)).collect())
        }
        Value::Object(fields) => {
            // Of cards, rows and badges each has a type, and some have another one in a field.
            let is_card = |value: &Value| value.get("type").is_some();
            let kept = fields.into_iter().filter(|(name, _)| !hidden(name));
            let kept = kept.filter(|(_, value)| !(is_card(value) && is_of_others(value)));
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
        for text in
            ["lock.door", "no such entity: lock.door.", "('Lock.Door',)", "light.a,lock.b", "of states.lock.door.state"]
        {
            assert!(speaks_of_others(text, &only_lights), "{text}");
        }
        for text in ["", "light.kitchen is off", "took 1.5 s", "no. 7.", "homeassistant.core.x", "states.light.a.state"]
        {
            assert!(!speaks_of_others(text, &only_lights), "{text}");
        }
    }

    #[test]
    fn an_id_is_found_in_every_spelling_that_home_assistant_reads() {
        for text in [
            "lock.door",
            "LOCK.Door",
            "loc\u{212a}.door",
            " lock.door\u{1f}",
            "light.a, lock.door",
            "light.a,x.y",
            "media-source://camera/camera.door",
            "/api/camera_proxy/camera.door?token=1",
            "{{ states.lock.door.state }}",
            "{{ states.light.a.state ~ states.lock.door.last_changed }}",
            "light.a.lock.door",
        ] {
            assert!(names_others(text, Access::Control, &only_lights), "{text}");
        }
        for text in ["", "light.a", "LIGHT.A, light.b", "http://radio.example/song.mp3", "took 1.5 s", "Data by Met.no"]
        {
            assert!(!names_others(text, Access::Control, &only_lights), "{text}");
        }
    }

    #[test]
    fn what_a_group_tells_of_its_members_is_taken_out() {
        let attributes = json!({"entity_id": ["light.a", "lock.b"], "lock.c": 1, "best": "lock.d", "at": "/x/lock.f?y", "on": true, "n": {"x": ["lock.e"]}});
        let kept = without_others(attributes, &only_lights).unwrap();
        assert_eq!(kept, json!({"entity_id": ["light.a"], "on": true, "n": {"x": []}}));
    }

    #[test]
    fn what_somebody_calls_another_goes_with_its_id() {
        let view = json!({"title": "Doors", "cards": [
            {"type": "tile", "entity": "lock.b", "name": "Safe"},
            {"type": "entities", "entities": ["lock.b", {"entity": "lock.b", "name": "Safe"}, {"entity": "light.a", "name": "Bed"}]},
            {"type": "conditional", "card": {"type": "tile", "entity": "lock.b", "name": "Safe"}},
        ]});
        let kept = without_others(view, &only_lights).unwrap();
        let seen = json!({"title": "Doors", "cards": [
            {"type": "entities", "entities": [{"entity": "light.a", "name": "Bed"}]}, {"type": "conditional"}]});
        assert_eq!(kept, seen);
        let history = json!([{"s": "home", "a": {"source": "lock.b", "x": 1}}]);
        assert_eq!(without_others(history, &only_lights), Some(json!([{"s": "home", "a": {"x": 1}}])));
    }
}
