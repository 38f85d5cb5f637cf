//! Fuzz target: what an add-on that is held to a group's entities says and is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::entity_references::is_entity_id;
use super::{Access, Conversation, RestCall, Shape, Step};

/// The first byte says what the rest is. Whatever Home Assistant answers, what the add-on is told names no entity that
/// is not its own, not even within a text; and no message or call that passes names one as a whole text.
pub(crate) fn messages(bytes: &[u8]) {
    let Some((what, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match what % 4 {
        0 => {
            for step in Conversation::new(BTreeSet::new()).client_says(text, &may) {
                if let Step::Forward(message) = step {
                    judge(&message, names_another);
                }
            }
        }
        1 => {
            if let Some(told) = asked().home_assistant_says(text, &may) {
                judge(&told, speaks_of_another);
            }
        }
        2 => {
            for shape in [Shape::Message, Shape::States, Shape::State, Shape::Changes] {
                if let Some(told) = shape.read(text, &may) {
                    judge(&told, speaks_of_another);
                }
            }
            judge(&Shape::failure(text, &may), speaks_of_another);
        }
        _ => {
            let call = RestCall::Service { domain: "light".to_owned(), service: "turn_on".to_owned(), answers: true };
            if let Ok(Some(told)) = call.judge(text.as_bytes(), &may) {
                judge(&told.to_string(), names_another);
            }
        }
    }
}

/// A conversation in which the add-on has asked for states, for changes, for its entities, and for a service: 1 to 4.
fn asked() -> Conversation {
    let mut conversation = Conversation::new(BTreeSet::new());
    for message in [
        r#"{"id":1,"type":"get_states"}"#,
        r#"{"id":2,"type":"subscribe_events","event_type":"state_changed"}"#,
        r#"{"id":3,"type":"subscribe_entities"}"#,
        r#"{"id":4,"type":"call_service","domain":"light","service":"turn_on","target":{"entity_id":"light.bed"}}"#,
    ] {
        assert!(matches!(conversation.client_says(message, &may).as_slice(), [Step::Forward(_)]), "{message}");
    }
    conversation
}

fn judge(told: &str, is_bad: fn(&str) -> bool) {
    let value: Value = serde_json::from_str(told).expect("what is written here is JSON");
    assert!(!any_text(&value, is_bad), "{told}");
}

fn any_text(value: &Value, is_bad: fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_bad(text),
        Value::Array(list) => list.iter().any(|one| any_text(one, is_bad)),
        Value::Object(fields) => fields.iter().any(|(name, one)| is_bad(name) || any_text(one, is_bad)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn names_another(text: &str) -> bool {
    is_entity_id(text) && !may(text, Access::Control)
}

fn speaks_of_another(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_within_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // `block.front_door` is no `lock.front_door`.
    let stands_alone = |(at, other): (usize, &str)| {
        let (before, rest) = (lower.get(..at).unwrap_or_default(), lower.get(at..).unwrap_or_default());
        let after = rest.strip_prefix(other).unwrap_or_default();
        !before.ends_with(is_within_a_word) && !after.starts_with(is_within_a_word)
    };
    OTHERS.iter().any(|other| lower.match_indices(other).any(stands_alone)) || names_another(text)
}

fn may(entity: &str, _: Access) -> bool {
    OWN.contains(&entity)
}

const OWN: [&str; 2] = ["light.bed", "light.kitchen"];
const OTHERS: [&str; 2] = ["lock.front_door", "light.cellar"];
