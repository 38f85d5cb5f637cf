//! Whatever Home Assistant says, and wherever in it an entity is named: what an add-on that is held gets names none but
//! its own. Random trees, made of the words that real messages have and of ids, as values, as names of fields and in
//! texts.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::entity_references::is_entity_id;
use super::{Access, Conversation, RestCall, Shape, Step};

const OWN: [&str; 3] = ["light.bed", "light.ceiling", "light.kitchen"];
const OTHERS: [&str; 4] = ["lock.front_door", "alarm_control_panel.home", "person.una", "light.cellar"];

fn may(entity: &str, _: Access) -> bool {
    OWN.contains(&entity)
}

/// Words that messages are made of.
const WORDS: [&str; 24] = [
    "entity_id",
    "attributes",
    "state",
    "old_state",
    "new_state",
    "data",
    "event_type",
    "event",
    "context",
    "a",
    "c",
    "r",
    "+",
    "-",
    "s",
    "response",
    "service_response",
    "changed_states",
    "friends",
    "last_changed",
    "message",
    "code",
    "id",
    "type",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&OWN[..]).prop_map(str::to_owned),
        proptest::sample::select(&OTHERS[..]).prop_map(str::to_owned),
        proptest::sample::select(&OTHERS[..]).prop_map(|id| format!("it is {id}, is it")),
        proptest::sample::select(&OTHERS[..]).prop_map(str::to_uppercase),
        proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        Just("state_changed".to_owned()),
        Just("on".to_owned()),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (0..9_u64).prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The add-on's own more often than not, so that something passes at all.
fn whose() -> impl Strategy<Value = String> {
    prop_oneof![3 => proptest::sample::select(&OWN[..]).prop_map(str::to_owned), 1 => text()]
}

/// A tree in the shape of a state.
fn state() -> impl Strategy<Value = Value> {
    (whose(), tree(), tree(), tree()).prop_map(|(id, state, attributes, more)| {
        json!({ "entity_id": id, "state": state, "attributes": attributes, "context": more })
    })
}

fn event() -> impl Strategy<Value = Value> {
    let change = (whose(), state(), state(), tree()).prop_map(|(id, before, after, more)| {
        json!({ "event_type": "state_changed", "context": more,
            "data": { "entity_id": id, "old_state": before, "new_state": after } })
    });
    let compressed = (whose(), tree(), whose(), tree(), proptest::collection::vec(text(), 0..4)).prop_map(
        |(added, one, changed, other, removed)| {
            json!({ "a": { added: { "s": one, "a": other } }, "c": { changed: { "+": { "s": other, "a": one, "c": one } } },
                "r": removed })
        },
    );
    prop_oneof![change, compressed, tree()]
}

/// Every text in it, names of fields included.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, one)| {
            found.push(name.clone());
            texts(one, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Fails when it names somebody else.
fn assert_clean(value: &Value) {
    let mut found = Vec::new();
    texts(value, &mut found);
    for text in found {
        let lower = text.to_ascii_lowercase();
        assert!(!OTHERS.iter().any(|id| lower.contains(id)), "{text:?} in {value}");
        assert!(!is_entity_id(&text) || may(&text, Access::Read), "{text:?} in {value}");
    }
}

/// A conversation in which everything that can be asked has been asked: ids 1 to 6.
fn asked() -> Conversation {
    let mut talk = Conversation::new(std::collections::BTreeSet::new());
    let target = json!({ "entity_id": OWN[0] });
    let call = json!({ "type": "call_service", "domain": "light", "service": "turn_on", "target": target });
    for (id, mut message) in (1_u64..).zip([
        json!({ "type": "get_states" }),
        json!({ "type": "subscribe_events", "event_type": "state_changed" }),
        json!({ "type": "subscribe_entities" }),
        call,
        json!({ "type": "ping" }),
        json!({ "type": "unsubscribe_events", "subscription": 2 }),
    ]) {
        message["id"] = id.into();
        assert!(matches!(talk.client_says(&message.to_string(), &may).as_slice(), [Step::Forward(_)]));
    }
    talk
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_answer_on_the_websocket_names_another_entity(
        body in prop_oneof![tree(), event(), proptest::collection::vec(state(), 0..4).prop_map(Value::from)],
        more in tree(),
    ) {
        for id in 1..=7_u64 { for message in [
            json!({ "id": id, "type": "result", "success": true, "result": body.clone(), "more": more.clone() }),
            json!({ "id": id, "type": "result", "success": true, "result": { "response": body.clone(), "context": more.clone() } }),
            json!({ "id": id, "type": "result", "success": false, "error": body.clone() }),
            json!({ "id": id, "type": "result", "success": false, "error": { "code": more.clone(), "message": body.clone() } }),
            json!({ "id": id, "type": "event", "event": body.clone(), "more": more.clone() }),
            json!([{ "id": id, "type": "event", "event": body.clone() }, body.clone()]),
            json!({ "id": id, "type": "pong", "more": more.clone() }),
            body.clone(),
        ] {
            if let Some(told) = asked().home_assistant_says(&message.to_string(), &may) {
                assert_clean(&told.parse().unwrap());
            }
        } }
    }

    #[test]
    fn no_answer_of_rest_names_another_entity(
        body in prop_oneof![tree(), state(), proptest::collection::vec(state(), 0..4).prop_map(Value::from)],
        more in tree(),
    ) {
        let both = json!({ "changed_states": body.clone(), "service_response": more });
        for answer in [body, both] {
            for shape in [Shape::Message, Shape::States, Shape::State, Shape::Changes] {
                if let Some(told) = shape.read(&answer.to_string(), &may) {
                    assert_clean(&told.parse().unwrap());
                }
            }
            assert_clean(&Shape::failure(&answer.to_string(), &may).parse().unwrap());
        }
    }

    #[test]
    fn no_call_that_passes_names_another_entity(data in tree(), target in tree(), domain in text(), service in text()) {
        let message = json!({ "id": 1, "type": "call_service", "domain": "light", "service": "turn_on",
            "service_data": data.clone(), "target": target });
        let mut talk = Conversation::new(std::collections::BTreeSet::new());
        for step in talk.client_says(&message.to_string(), &may) {
            if let Step::Forward(told) = step {
                assert_named(&told.parse().unwrap());
            }
        }
        for (domain, service) in [("light", "turn_on"), (domain.as_str(), service.as_str())] {
            let call = RestCall::Service { domain: domain.to_owned(), service: service.to_owned(), answers: true };
            if let Ok(Some(told)) = call.judge(data.to_string().as_bytes(), &may) {
                assert_named(&told);
            }
        }
    }
}

/// What goes to Home Assistant: no whole text of it is another entity's id. Words of people may say anything.
fn assert_named(value: &Value) {
    let mut found = Vec::new();
    texts(value, &mut found);
    for text in found {
        assert!(!is_entity_id(&text) || may(&text, Access::Control), "{text:?} in {value}");
    }
}
