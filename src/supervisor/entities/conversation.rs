//! The WebSocket conversation of an add-on with Home Assistant, message by message, after its authentication.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::asked::{Asked, AskedTable};
use super::mention::{speaks_of_others, without_others};
use super::service_call::ServiceCall;
use super::state::{change, compressed, states};
use super::{Access, May};
use crate::supervisor::messages::{Answers, Held, known};

/// What was asked and is not over, and which answers belong to it.
#[derive(Debug)]
pub struct Conversation {
    asked: AskedTable,
    last: u64,
    /// Types of messages that the operator lets pass as they are.
    unfiltered: BTreeSet<String>,
}

/// What becomes of a message of the add-on.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It is passed on to Home Assistant.
    Forward(Value),
    /// It is answered here, and Home Assistant does not hear of it.
    Answer(Value),
}

impl Conversation {
    /// A conversation in which messages of these types pass unfiltered, because the operator says so.
    pub fn new(unfiltered: BTreeSet<String>) -> Self {
        Self { asked: AskedTable::default(), last: 0, unfiltered }
    }

    /// Judges what the add-on sends: a message, or a list of them.
    pub fn addon_says(&mut self, message: Value, may: May<'_>) -> Vec<Step> {
        match message {
            Value::Array(list) => list.into_iter().map(|one| self.one_of_addon(one, may)).collect(),
            one => vec![self.one_of_addon(one, may)],
        }
    }

    fn one_of_addon(&mut self, message: Value, may: May<'_>) -> Step {
        let Value::Object(fields) = message else {
            return refuse(&Value::Null, "invalid_format", "Message incorrectly formatted.");
        };
        let id = fields.get("id").cloned().unwrap_or(Value::Null);
        let (Some(number), Some(kind)) = (id.as_u64(), fields.get("type").and_then(Value::as_str)) else {
            return refuse(&id, "invalid_format", "Message incorrectly formatted.");
        };
        // Home Assistant's own rule. Here it also keeps an answer from being read as the answer to something else.
        if number <= self.last {
            return refuse(&id, "id_reuse", "Identifier values have to increase.");
        }
        self.last = number;
        match self.asks(kind, &fields, may) {
            Some(asked) if self.asked.asks(number, asked) => Step::Forward(Value::Object(fields)),
            // This one alone: what is open goes on, and there is room again when some of it is over.
            Some(_) => refuse(&id, "not_allowed", "Too many open requests."),
            None => refuse(&id, "unauthorized", "Unauthorized"),
        }
    }

    /// What a message asks for, if it may. A field that is not known could change what the answer is, so that it may not.
    fn asks(&self, kind: &str, fields: &Map<String, Value>, may: May<'_>) -> Option<Asked> {
        if self.unfiltered.contains(kind) {
            return Some(Asked::Unfiltered(known(kind).map_or(Answers::Unknown, |message| message.answers)));
        }
        let only = |names: &[&str]| {
            fields.keys().all(|name| matches!(name.as_str(), "id" | "type") || names.contains(&name.as_str()))
        };
        match known(kind)?.held {
            Held::Ping if only(&[]) => Some(Asked::Nothing),
            Held::Features if only(&["features"]) => Some(Asked::Nothing),
            Held::States if only(&[]) => Some(Asked::States),
            Held::Entities if only(&["entity_ids"]) => {
                let named = match fields.get("entity_ids") {
                    None => true,
                    Some(Value::Array(list)) => {
                        list.iter().all(|id| id.as_str().is_some_and(|id| may(id, Access::Read)))
                    }
                    Some(_) => false,
                };
                named.then_some(Asked::Entities)
            }
            Held::Changes if only(&["event_type"]) => {
                let changes = fields.get("event_type").and_then(Value::as_str) == Some("state_changed");
                changes.then_some(Asked::Changes)
            }
            Held::End if only(&["subscription"]) => Some(Asked::End(fields.get("subscription")?.as_u64()?)),
            Held::Service if only(&["domain", "service", "service_data", "target", "return_response"]) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                let call = ServiceCall {
                    domain: text("domain")?,
                    service: text("service")?,
                    data: fields.get("service_data"),
                    target: fields.get("target"),
                };
                call.judge(may).ok()?;
                Some(Asked::Service)
            }
            _ => None,
        }
    }

    /// What the add-on gets of something that Home Assistant sends: a message, a list of them, or nothing.
    pub fn home_assistant_says(&mut self, message: Value, may: May<'_>) -> Option<Value> {
        let Value::Array(list) = message else { return self.one_of_home_assistant(message, may) };
        let kept: Vec<_> = list.into_iter().filter_map(|one| self.one_of_home_assistant(one, may)).collect();
        (!kept.is_empty()).then_some(Value::Array(kept))
    }

    fn one_of_home_assistant(&mut self, message: Value, may: May<'_>) -> Option<Value> {
        let Value::Object(mut fields) = message else { return None };
        let id = fields.get("id")?.as_u64()?;
        match fields.get("type")?.as_str()? {
            "pong" => {
                self.asked.answered(id, false)?;
                Some(json!({"id": id, "type": "pong"}))
            }
            "event" => {
                let event = fields.get_mut("event")?.take();
                let event = match self.asked.event(id)? {
                    Asked::Changes => change(event, may)?,
                    Asked::Entities => compressed(event, may)?,
                    Asked::Unfiltered(_) => event,
                    Asked::Nothing | Asked::States | Asked::Service | Asked::End(_) => return None,
                };
                Some(json!({"id": id, "type": "event", "event": event}))
            }
            "result" => self.result(id, &mut fields, may),
            _ => None,
        }
    }

    fn result(&mut self, id: u64, fields: &mut Map<String, Value>, may: May<'_>) -> Option<Value> {
        let succeeded = fields.get("success") == Some(&Value::Bool(true));
        let asked = self.asked.answered(id, succeeded)?;
        if !succeeded {
            let told = fields.get("error").and_then(Value::as_object);
            let error = match asked {
                Asked::Unfiltered(_) => told.cloned().map_or(Value::Null, Value::Object),
                _ => error(told, may),
            };
            return Some(json!({"id": id, "type": "result", "success": false, "error": error}));
        }
        let result = fields.get_mut("result").map_or(Value::Null, Value::take);
        let result = match asked {
            Asked::States => states(result, may),
            Asked::Service => service_result(result, may),
            Asked::Unfiltered(_) => result,
            Asked::Nothing | Asked::Changes | Asked::Entities | Asked::End(_) => Value::Null,
        };
        Some(json!({"id": id, "type": "result", "success": true, "result": result}))
    }
}

/// The code says what went wrong; the words may name anything.
fn error(told: Option<&Map<String, Value>>, may: May<'_>) -> Value {
    let text = |name: &str| told.and_then(|fields| fields.get(name)).and_then(Value::as_str).unwrap_or_default();
    let (code, message) = (text("code"), text("message"));
    let message = if speaks_of_others(message, may) { "The call failed." } else { message };
    let code = if speaks_of_others(code, may) { "unknown_error" } else { code };
    json!({"code": code, "message": message})
}

/// What a service answers is by entity; what is not is no answer for an add-on that is held to entities.
fn service_result(result: Value, may: May<'_>) -> Value {
    let Value::Object(mut fields) = result else { return Value::Null };
    let response = match fields.remove("response") {
        Some(response) => by_entity(response, may),
        None => Value::Null,
    };
    let context = fields.remove("context").and_then(|context| without_others(context, may)).unwrap_or(Value::Null);
    json!({"context": context, "response": response})
}

/// The fields of a service's answer that are entities which may be seen.
pub(super) fn by_entity(response: Value, may: May<'_>) -> Value {
    let Value::Object(entities) = response else { return Value::Null };
    let seen = entities.into_iter().filter(|(id, _)| super::mention::is_entity_id(id) && may(id, Access::Read));
    seen.filter_map(|(id, value)| Some((id, without_others(value, may)?))).collect()
}

fn refuse(id: &Value, code: &str, message: &str) -> Step {
    Step::Answer(json!({"id": id, "type": "result", "success": false, "error": {"code": code, "message": message}}))
}

#[cfg(test)]
mod tests {
    use super::super::asked::MOST;
    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    fn conversation() -> Conversation {
        Conversation::new(["get_config".to_owned()].into())
    }

    fn passes(conversation: &mut Conversation, message: Value) -> bool {
        let steps = conversation.addon_says(message, &only_lights);
        assert_eq!(steps.len(), 1);
        matches!(steps.first(), Some(Step::Forward(_)))
    }

    #[test]
    fn what_is_not_listed_is_refused() {
        let mut talk = conversation();
        let messages = [
            json!({"type": "config/entity_registry/list"}),
            json!({"type": "render_template", "template": "{{ 1 }}"}),
            json!({"type": "subscribe_trigger", "trigger": {}}),
            json!({"type": "subscribe_events"}),
            json!({"type": "subscribe_events", "event_type": "call_service"}),
            json!({"type": "subscribe_entities", "entity_ids": ["lock.door"]}),
            json!({"type": "subscribe_entities", "entity_ids": "light.a"}),
            json!({"type": "subscribe_entities", "include": {}}),
            json!({"type": "get_states", "more": 1}),
            json!({"type": "get_services"}),
            json!({"type": "call_service", "domain": "lock", "service": "unlock", "target": {"entity_id": "lock.door"}}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on"}),
            json!({"type": "supervisor/api", "endpoint": "/info"}),
            json!({"type": "auth", "access_token": "x"}),
            json!({"type": "history/history_during_period"}),
        ];
        for (id, mut message) in (1_u64..).zip(messages) {
            message["id"] = json!(id);
            let refusal = json!({"id": id, "type": "result", "success": false,
                "error": {"code": "unauthorized", "message": "Unauthorized"}});
            assert_eq!(talk.addon_says(message.clone(), &only_lights), [Step::Answer(refusal)], "{message}");
        }
    }

    #[test]
    fn what_is_listed_passes_as_it_is() {
        let mut talk = conversation();
        let messages = [
            json!({"type": "ping"}),
            json!({"type": "supported_features", "features": {"coalesce_messages": 1}}),
            json!({"type": "get_states"}),
            json!({"type": "subscribe_entities"}),
            json!({"type": "subscribe_entities", "entity_ids": ["light.a"]}),
            json!({"type": "subscribe_events", "event_type": "state_changed"}),
            json!({"type": "unsubscribe_events", "subscription": 5}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on", "target": {"entity_id": "light.a"}}),
            json!({"type": "get_config"}),
        ];
        for (id, mut message) in (1_u64..).zip(messages) {
            message["id"] = json!(id);
            assert_eq!(talk.addon_says(message.clone(), &only_lights), [Step::Forward(message)]);
        }
    }

    #[test]
    fn an_answer_is_read_as_what_was_asked_whatever_the_addon_says_of_it_later() {
        let mut talk = conversation();
        assert!(passes(&mut talk, json!({"id": 1, "type": "get_states"})));
        assert!(!passes(&mut talk, json!({"id": 1, "type": "get_config"})), "ids have to increase");
        let all = json!([{"entity_id": "light.a", "state": "on"}, {"entity_id": "lock.b", "state": "locked"}]);
        let answer = json!({"id": 1, "type": "result", "success": true, "result": all});
        let seen = talk.home_assistant_says(answer.clone(), &only_lights).unwrap();
        assert_eq!(seen["result"], json!([{"entity_id": "light.a", "state": "on"}]));
        assert_eq!(talk.home_assistant_says(answer, &only_lights), None, "answered once");
        assert_eq!(talk.home_assistant_says(json!({"id": 9, "type": "event", "event": {}}), &only_lights), None);
        assert_eq!(talk.home_assistant_says(json!({"type": "event", "event": {}}), &only_lights), None);
    }

    #[test]
    fn events_tell_of_permitted_entities_only_until_the_subscription_ends() {
        let mut talk = conversation();
        assert!(passes(&mut talk, json!({"id": 1, "type": "subscribe_entities"})));
        assert!(passes(&mut talk, json!({"id": 2, "type": "subscribe_events", "event_type": "state_changed"})));
        for id in [1, 2] {
            let done = json!({"id": id, "type": "result", "success": true, "result": null});
            assert_eq!(talk.home_assistant_says(done.clone(), &only_lights), Some(done));
        }
        let entities = |id: &str| json!({"id": 1, "type": "event", "event": {"a": {id: {"s": "on"}}}});
        let changes = |id: &str| {
            json!({"id": 2, "type": "event", "event": {"event_type": "state_changed",
            "data": {"entity_id": id, "new_state": null, "old_state": null}}})
        };
        assert_eq!(talk.home_assistant_says(entities("light.a"), &only_lights), Some(entities("light.a")));
        assert_eq!(talk.home_assistant_says(changes("light.a"), &only_lights), Some(changes("light.a")));
        assert_eq!(talk.home_assistant_says(entities("lock.b"), &only_lights), None);
        assert_eq!(talk.home_assistant_says(changes("lock.b"), &only_lights), None);
        let both = json!([entities("lock.b"), changes("light.a")]);
        assert_eq!(talk.home_assistant_says(both, &only_lights), Some(json!([changes("light.a")])));
        assert!(passes(&mut talk, json!({"id": 3, "type": "unsubscribe_events", "subscription": 1})));
        talk.home_assistant_says(json!({"id": 3, "type": "result", "success": true, "result": null}), &only_lights);
        assert_eq!(talk.home_assistant_says(entities("light.a"), &only_lights), None);
    }

    #[test]
    fn errors_and_service_answers_name_no_other_entity() {
        let mut talk = conversation();
        let call = |id: u64| {
            json!({"id": id, "type": "call_service", "domain": "light", "service": "turn_on",
            "target": {"entity_id": "light.a"}, "return_response": true})
        };
        assert!(passes(&mut talk, call(1)));
        let failed = json!({"id": 1, "type": "result", "success": false, "error": {"code": "home_assistant_error",
            "message": "Lock.door is jammed", "translation_placeholders": {"entity": "lock.door"}}});
        let seen = talk.home_assistant_says(failed, &only_lights).unwrap();
        assert_eq!(seen["error"], json!({"code": "home_assistant_error", "message": "The call failed."}));
        assert!(passes(&mut talk, call(2)));
        let done = json!({"id": 2, "type": "result", "success": true, "result": {"context": {"id": "c"},
            "response": {"light.a": {"of": ["lock.b"]}, "lock.b": {}, "all": 1}, "more": "lock.b"}});
        let seen = talk.home_assistant_says(done, &only_lights).unwrap();
        assert_eq!(seen["result"], json!({"context": {"id": "c"}, "response": {"light.a": {"of": []}}}));
    }

    #[test]
    fn a_list_of_messages_is_judged_one_by_one() {
        let mut talk = conversation();
        let steps =
            talk.addon_says(json!([{"id": 1, "type": "ping"}, {"id": 2, "type": "get_panels"}, 3]), &only_lights);
        assert!(matches!(steps.as_slice(), [Step::Forward(_), Step::Answer(_), Step::Answer(_)]));
    }

    #[test]
    fn what_is_answered_makes_room_and_what_is_open_stays() {
        let mut talk = Conversation::new(["get_config", "frigate/x", "mqtt/subscribe"].map(str::to_owned).into());
        let mut id = 0;
        let mut say = |talk: &mut Conversation, kind: &str| {
            id += 1;
            (id, passes(talk, json!({"id": id, "type": kind})))
        };
        let answer = |talk: &mut Conversation, id: u64| {
            talk.home_assistant_says(json!({"id": id, "type": "result", "success": true, "result": 1}), &only_lights)
        };
        let event = |talk: &mut Conversation, id: u64| {
            talk.home_assistant_says(json!({"id": id, "type": "event", "event": {}}), &only_lights)
        };
        let (heard, _) = say(&mut talk, "mqtt/subscribe");
        answer(&mut talk, heard).unwrap();
        event(&mut talk, heard).unwrap();
        // Three times what is open at most, of types of which nobody here knows whether they are subscriptions.
        for _ in 0..3 * MOST {
            for kind in ["get_config", "frigate/x"] {
                let (id, passed) = say(&mut talk, kind);
                assert!(passed, "{kind} {id}");
                answer(&mut talk, id).unwrap();
            }
        }
        assert!(event(&mut talk, heard).is_some(), "what is known to be a subscription is not forgotten");
    }

    #[test]
    fn too_many_subscriptions_are_refused_one_by_one_and_end_nothing() {
        let mut talk = conversation();
        for id in 1..=MOST as u64 {
            assert!(passes(&mut talk, json!({"id": id, "type": "subscribe_entities"})));
            talk.home_assistant_says(
                json!({"id": id, "type": "result", "success": true, "result": null}),
                &only_lights,
            );
        }
        let next = MOST as u64 + 1;
        let refused = talk.addon_says(json!({"id": next, "type": "subscribe_entities"}), &only_lights);
        let [Step::Answer(refusal)] = refused.as_slice() else { panic!("{refused:?}") };
        assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(next), &json!("not_allowed")));
        // Questions that are answered at once, and the way to make room, are open.
        assert!(passes(&mut talk, json!({"id": next + 1, "type": "ping"})));
        assert!(passes(&mut talk, json!({"id": next + 2, "type": "get_states"})));
        assert!(passes(&mut talk, json!({"id": next + 3, "type": "unsubscribe_events", "subscription": 7})));
        let done = json!({"id": next + 3, "type": "result", "success": true, "result": null});
        assert!(talk.home_assistant_says(done, &only_lights).is_some());
        assert!(passes(&mut talk, json!({"id": next + 4, "type": "subscribe_entities"})));
    }

    #[test]
    fn what_home_assistant_does_not_answer_is_bounded_too() {
        let mut talk = conversation();
        for id in 1..=MOST as u64 {
            assert!(passes(&mut talk, json!({"id": id, "type": "get_states"})));
        }
        let next = MOST as u64 + 1;
        assert!(!passes(&mut talk, json!({"id": next, "type": "get_states"})));
        assert!(passes(&mut talk, json!({"id": next + 1, "type": "ping"})), "whether it is there at all");
        talk.home_assistant_says(json!({"id": 1, "type": "result", "success": true, "result": []}), &only_lights)
            .unwrap();
        assert!(!passes(&mut talk, json!({"id": next + 2, "type": "get_states"})), "the ping took the place");
    }
}
