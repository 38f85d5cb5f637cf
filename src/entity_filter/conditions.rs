//! What dashboards have Home Assistant work out for them: conditions that cards are shown by, and greetings. Both can
//! read any state of the home, so that only the plainest pass.

use serde_json::{Map, Value};

use super::entity_references::is_entity_id;
use super::{Access, May};

/// Whether a message asks about nothing but the states of entities that may be read: `state` and `numeric_state`, and
/// what joins them. An attribute may name other entities, and what is compared with it would find out which.
pub(super) fn asks_for_plain_condition(message: &Map<String, Value>, may: May<'_>) -> bool {
    message.get("condition").is_some_and(|condition| is_plain(condition, may))
}

fn is_plain(condition: &Value, may: May<'_>) -> bool {
    let Some(fields) = condition.as_object() else { return false };
    let has_only = |names: &[&str]| fields.keys().all(|name| name == "condition" || names.contains(&name.as_str()));
    let of_entities = || match fields.get("entity_id") {
        Some(Value::Array(ids)) => !ids.is_empty() && ids.iter().all(|id| is_readable(id, may)),
        Some(id) => is_readable(id, may),
        None => false,
    };
    match fields.get("condition").and_then(Value::as_str) {
        Some("and" | "or" | "not") => {
            let joined = fields.get("conditions").and_then(Value::as_array);
            has_only(&["conditions"]) && joined.is_some_and(|all| all.iter().all(|one| is_plain(one, may)))
        }
        Some("state") => {
            let is_state = |value: &Value| match value {
                Value::Array(list) => list.iter().all(Value::is_string),
                other => other.is_string(),
            };
            has_only(&["entity_id", "state"]) && of_entities() && fields.get("state").is_some_and(is_state)
        }
        Some("numeric_state") => {
            let is_number = |name: &str| fields.get(name).is_none_or(Value::is_number);
            has_only(&["entity_id", "above", "below"]) && of_entities() && is_number("above") && is_number("below")
        }
        _ => false,
    }
}

fn is_readable(id: &Value, may: May<'_>) -> bool {
    id.as_str().is_some_and(|id| is_entity_id(id) && may(id, Access::Read))
}

/// Whether a message has a text filled in with values that it brings itself, and with nothing else.
pub(super) fn fills_in_its_own(message: &Map<String, Value>) -> bool {
    let known = ["id", "type", "template", "variables", "strict", "report_errors"];
    let variables = message.get("variables").and_then(Value::as_object);
    let is_own = |name: &str| {
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name && variables.and_then(|variables| variables.get(name)).is_some_and(Value::is_string)
    };
    let Some(template) = message.get("template").and_then(Value::as_str) else { return false };
    let mut pieces = template.split("{{");
    // Jinja's other brackets, also where they begin in what stands before a pair of these.
    let is_text =
        |text: &str| !["{%", "{#", "{{", "}}"].iter().any(|bracket| text.contains(bracket)) && !text.ends_with('{');
    message.keys().all(|name| known.contains(&name.as_str()))
        && pieces.next().is_some_and(is_text)
        && pieces.all(|piece| piece.split_once("}}").is_some_and(|(name, rest)| is_own(name.trim()) && is_text(rest)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else { panic!("{value}") };
        fields
    }

    #[test]
    fn conditions_are_about_states_of_entities_that_may_be_read() {
        let passes =
            |condition: Value| asks_for_plain_condition(&object(json!({"condition": condition})), &only_lights);
        let state = json!({"condition": "state", "entity_id": "light.a", "state": "on"});
        assert!(passes(state.clone()));
        assert!(passes(json!({"condition": "not", "conditions": [{"condition": "or", "conditions": [state]}]})));
        assert!(passes(json!({"condition": "numeric_state", "entity_id": ["light.a"], "above": 3})));
        for condition in [
            json!("{{ is_state('lock.b', 'open') }}"),
            json!({"condition": "template", "value_template": "{{ 1 }}"}),
            json!({"condition": "state", "entity_id": "lock.b", "state": "on"}),
            json!({"condition": "state", "entity_id": ["light.a", "lock.b"], "state": "on"}),
            json!({"condition": "state", "entity_id": [], "state": "on"}),
            json!({"condition": "state", "entity_id": "light.a", "attribute": "entity_id", "state": "x"}),
            json!({"condition": "state", "entity_id": "light.a", "state": {"x": 1}}),
            json!({"condition": "state", "entity_id": "light.a"}),
            json!({"condition": "numeric_state", "entity_id": "light.a", "value_template": "{{ 1 }}"}),
            json!({"condition": "numeric_state", "entity_id": "light.a", "above": "sensor.x"}),
            json!({"condition": "and", "conditions": [{"condition": "sun", "after": "sunset"}]}),
            json!({"condition": "and", "conditions": "x"}),
            json!({"condition": "zone", "entity_id": "light.a", "zone": "zone.home"}),
            json!({"or": [{"condition": "state", "entity_id": "light.a", "state": "on"}]}),
            json!({}),
            json!(null),
        ] {
            assert!(!passes(condition.clone()), "{condition}");
        }
    }

    #[test]
    fn a_text_is_filled_in_with_what_the_message_brings() {
        let passes = |template: &str| {
            fills_in_its_own(&object(json!({"id": 1, "type": "render_template", "template": template, "strict": true,
                "variables": {"user": "Grace", "config": {"x": 1}}})))
        };
        for template in ["", "Hello", "## Welcome {{ user }}", "{{user}}{{ user }}!", "100 {x} %"] {
            assert!(passes(template), "{template}");
        }
        for template in [
            "{{ states('lock.b') }}",
            "{{ states }}",
            "{{ user.x }}",
            "{{ user }",
            "{{ user }} }}",
            "{{ config }}",
            "{{ user | upper }}",
            "{% if true %}",
            "{# x #}",
            "{{{ user }}",
            "{{ user }}{%x",
            "{{ '{{' }}",
            "{{}}",
        ] {
            assert!(!passes(template), "{template}");
        }
        assert!(!fills_in_its_own(&object(json!({"template": "{{ user }}"}))));
        assert!(!fills_in_its_own(&object(json!({"type": "render_template"}))));
        assert!(!fills_in_its_own(&object(json!({"template": "x", "entity_ids": "lock.b"}))));
    }
}
