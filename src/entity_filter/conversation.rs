//! The WebSocket conversation of a client with Home Assistant, message by message, after its authentication. The client
//! is an add-on, or a user at Home Assistant's front.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::browser::{Browser, Places, Told, is_quiet_event, names_permitted, quiet, speaks_of_permitted, told};
use super::conditions::{asks_for_plain_condition, fills_in_its_own};
use super::entity_references::is_entity_id;
use super::ingress::{self, IngressNow};
use super::pending_answers::{PendingAnswer, PendingAnswers};
use super::results::{NULL, failed, refusal, succeeded};
use super::service_call::ServiceCall;
use super::shown_entities::{Revision, ShownEntities};
use super::state::{change, compressed};
use super::targets::{TargetsNow, name_entities};
use super::{Access, May};
use crate::entity_filter::bounded_json::{BadJson, Scalar, fields, filter_list, read};
use crate::entity_filter::message_types::{Answers, Held, known};

/// What was asked and is not over, and which answers belong to it.
pub struct Conversation {
    pending_answers: PendingAnswers,
    last: u64,
    /// Types of messages that the operator lets pass as they are.
    unfiltered: BTreeSet<String>,
    /// At Home Assistant's front, what tells what there is in the home.
    home: Option<HomeNow>,
    /// Whether the user's own account is out of reach.
    by_pass: bool,
    shown: ShownEntities,
}

/// What comes of a browser's message.
enum BrowserAsk {
    For(PendingAnswer),
    Refused,
}

/// What there is in the home at this moment.
pub struct HomeNow {
    /// What has something in it that the user may read.
    pub places: Box<dyn Fn() -> Places + Send + Sync>,
    /// What areas and the like stand for when a service is called on them.
    pub targets: TargetsNow,
    /// What is known of add-ons in Home Assistant's own pages.
    pub ingress: IngressNow,
}

/// What becomes of a message of the client.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It is passed on to Home Assistant, as the JSON that was judged.
    Forward(String),
    /// It is answered here, and Home Assistant does not hear of it.
    Answer(String),
    /// A message of this type is refused with this answer.
    Refuse(String, String),
}

/// Messages in one list: Home Assistant's own front end sends a few together.
pub(crate) const MOST_MESSAGES: usize = 100;

impl Conversation {
    /// A conversation in which messages of these types pass unfiltered, because the operator says so.
    pub fn new(unfiltered: BTreeSet<String>) -> Self {
        Self {
            pending_answers: PendingAnswers::default(),
            last: 0,
            unfiltered,
            home: None,
            by_pass: false,
            shown: ShownEntities::default(),
        }
    }

    /// The conversation of a user at Home Assistant's front, in which messages of these types pass unfiltered, because
    /// the operator says so.
    pub fn of_browser(unfiltered: BTreeSet<String>, home: HomeNow) -> Self {
        Self { home: Some(home), ..Self::new(unfiltered) }
    }

    /// The same by a pass: nothing passes unfiltered, nor what is about the account of the user, which is not the
    /// pass's. A token or a signed path of theirs would be worth more than the pass.
    pub fn by_pass(home: HomeNow) -> Self {
        Self { by_pass: true, ..Self::of_browser(BTreeSet::new(), home) }
    }

    /// Judges what the client sends: a message, or a list of them, which is read one at a time. What is not JSON is
    /// nothing to Home Assistant either.
    pub fn client_says(&mut self, text: &str, may: May<'_>) -> Vec<Step> {
        if !text.trim_start().starts_with('[') {
            return self.read_of_client(text, may).into_iter().collect();
        }
        // An answer is many times what asks for it: a list of millions would be that many of them.
        if serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok_and(|list| list.len() > MOST_MESSAGES) {
            return vec![refuse(&Value::Null, "unauthorized", "Too many messages in one list.")];
        }
        let mut steps = Vec::new();
        let read = filter_list(text, |one| {
            steps.extend(self.read_of_client(one, may));
            None
        });
        if read.is_some() { steps } else { Vec::new() }
    }

    fn read_of_client(&mut self, text: &str, may: May<'_>) -> Option<Step> {
        match read(text.as_bytes()) {
            Ok(message) => Some(self.one_of_client(message, may)),
            Err(BadJson::TooHeavy) => Some(refuse(&Value::Null, "unauthorized", "Unauthorized")),
            Err(BadJson::Malformed) => None,
        }
    }

    fn one_of_client(&mut self, message: Value, may: May<'_>) -> Step {
        let Value::Object(mut fields) = message else {
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
        // The id of a refused message is used up as well: an answer has gone out under it.
        self.last = number;
        let kind = kind.to_owned();
        if let Some(Browser::Here(result)) = self.browser_rule(&kind) {
            return Step::Answer(format!(r#"{{"id":{number},"type":"result","success":true,"result":{result}}}"#));
        }
        if let Some(home) = self.home.as_ref().filter(|_| kind == "call_service") {
            name_entities(&mut fields, &home.targets, may);
        }
        match self.asks(&kind, &fields, may) {
            Some(pending_answers) if self.pending_answers.asks(number, pending_answers) => {
                // Written anew from what was judged: a key that stood twice goes on once, in the meaning that we read.
                Step::Forward(Value::Object(fields).to_string())
            }
            // This one alone: what is open goes on, and there is room again when some of it is over.
            Some(_) => refuse(&id, "not_allowed", "Too many open requests."),
            None => Step::Refuse(kind, refusal(&id, "unauthorized", "Unauthorized")),
        }
    }

    /// How a browser's message of this type is judged, where it is one.
    fn browser_rule(&self, kind: &str) -> Option<Browser> {
        self.home.as_ref()?;
        let message = known(kind).filter(|message| !(self.by_pass && message.is_of_account()));
        Some(message.map_or(Browser::Refused, |message| message.browser))
    }

    /// What a browser's message asks for; nothing where the conversation is an add-on's, or it is judged as one.
    fn browser_asks(&self, kind: &str, fields: &Map<String, Value>, may: May<'_>) -> Option<BrowserAsk> {
        let answers = known(kind).map_or(Answers::Unknown, |message| message.answers);
        let is_quiet = || fields.get("event_type").and_then(Value::as_str).is_some_and(is_quiet_event);
        let (is_permitted, asked) = match self.browser_rule(kind)? {
            Browser::Passes => (speaks_of_permitted(fields, may), PendingAnswer::Unfiltered(answers)),
            Browser::Told(told) => (speaks_of_permitted(fields, may), PendingAnswer::Told(told, answers)),
            Browser::Names(field, access, told) => {
                (names_permitted(fields, field, access, may), PendingAnswer::Told(told, answers))
            }
            Browser::Condition => (
                asks_for_plain_condition(fields, may) && speaks_of_permitted(fields, may),
                PendingAnswer::Told(Told::Cleaned, answers),
            ),
            Browser::OwnText => (fills_in_its_own(fields), PendingAnswer::Told(Told::Cleaned, answers)),
            Browser::Ingress => {
                let asked = ingress::asked(kind, fields, &self.home.as_ref()?.ingress);
                return Some(asked.map_or(BrowserAsk::Refused, |asked| BrowserAsk::For(PendingAnswer::Ingress(asked))));
            }
            Browser::Events if is_quiet() => (true, PendingAnswer::Quiet),
            Browser::AsHeld | Browser::Events => return None,
            Browser::Refused | Browser::Here(_) => return Some(BrowserAsk::Refused),
        };
        Some(if is_permitted { BrowserAsk::For(asked) } else { BrowserAsk::Refused })
    }

    /// What a message asks for, if it may. A field that is not known could change what the answer is, so that it may
    /// not.
    fn asks(&self, kind: &str, fields: &Map<String, Value>, may: May<'_>) -> Option<PendingAnswer> {
        if self.unfiltered.contains(kind) {
            return Some(PendingAnswer::Unfiltered(known(kind).map_or(Answers::Unknown, |message| message.answers)));
        }
        match self.browser_asks(kind, fields, may) {
            Some(BrowserAsk::For(asked)) => return Some(asked),
            Some(BrowserAsk::Refused) => return None,
            None => {}
        }
        let only = |names: &[&str]| {
            fields.keys().all(|name| matches!(name.as_str(), "id" | "type") || names.contains(&name.as_str()))
        };
        match known(kind)?.held {
            Held::Ping if only(&[]) => Some(PendingAnswer::Nothing),
            Held::Features if only(&["features"]) => Some(PendingAnswer::Nothing),
            Held::States if only(&[]) => Some(PendingAnswer::States),
            Held::Entities if only(&["entity_ids"]) => {
                let named = match fields.get("entity_ids") {
                    // Without a list it is about all entities, and each of them is judged when it comes back.
                    None => true,
                    Some(Value::Array(list)) => {
                        list.iter().all(|id| id.as_str().is_some_and(|id| is_entity_id(id) && may(id, Access::Read)))
                    }
                    Some(_) => false,
                };
                named.then_some(PendingAnswer::Entities)
            }
            Held::Changes if only(&["event_type"]) => {
                let changes = fields.get("event_type").and_then(Value::as_str) == Some("state_changed");
                changes.then_some(PendingAnswer::Changes)
            }
            Held::End if only(&["subscription"]) => Some(PendingAnswer::End(fields.get("subscription")?.as_u64()?)),
            Held::Service if only(&["domain", "service", "service_data", "target", "return_response"]) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                let call = ServiceCall {
                    domain: text("domain")?,
                    service: text("service")?,
                    data: fields.get("service_data"),
                    target: fields.get("target"),
                };
                let judged = if self.home.is_some() { call.judge_of_browser(may) } else { call.judge(may) };
                judged.ok()?;
                Some(PendingAnswer::Service)
            }
            _ => None,
        }
    }

    /// What the client gets of something that Home Assistant sends: a message, a list of them, or nothing. No more of
    /// it is read at a time than one state.
    pub fn home_assistant_says(&mut self, text: &str, may: May<'_>) -> Option<String> {
        if !text.trim_start().starts_with('[') {
            return self.one_of_home_assistant(text, may);
        }
        let kept = filter_list(text, |one| self.one_of_home_assistant(one, may))?;
        (kept != "[]").then_some(kept)
    }

    fn one_of_home_assistant(&mut self, text: &str, may: May<'_>) -> Option<String> {
        let [id, kind, event, success, result, error] =
            fields(text, ["id", "type", "event", "success", "result", "error"])?;
        // A message without an id is an answer to nothing that was asked.
        let id = id?.parse().ok()?;
        match serde_json::from_str::<Scalar>(kind?).ok()?.text()? {
            "pong" => {
                self.pending_answers.ended(id)?;
                // Written anew, so that nothing else that a later version puts there passes.
                Some(format!(r#"{{"id":{id},"type":"pong"}}"#))
            }
            "event" => {
                let event = match self.pending_answers.event(id)? {
                    PendingAnswer::Changes => change(read(event?.as_bytes()).ok()?, may)?.to_string(),
                    PendingAnswer::Entities => {
                        // Nobody takes entities out of an add-on's list: what it knows, it knows.
                        let is_browsers = self.home.is_some();
                        let mut note = |entity: &str, is_told| {
                            if is_browsers {
                                self.shown.note(id, entity, is_told);
                            }
                        };
                        compressed(event?, may, &mut note)?
                    }
                    PendingAnswer::Unfiltered(_) => event?.to_owned(),
                    PendingAnswer::Quiet => quiet(event?)?,
                    PendingAnswer::Told(how, _) => self.told(how, event?, may)?,
                    PendingAnswer::Nothing
                    | PendingAnswer::States
                    | PendingAnswer::Service
                    | PendingAnswer::Ingress(_)
                    | PendingAnswer::End(_) => return None,
                };
                Some(format!(r#"{{"id":{id},"type":"event","event":{event}}}"#))
            }
            "result" if success == Some("true") => {
                let answered = self.pending_answers.succeeded(id)?;
                if let PendingAnswer::End(other) = answered {
                    self.shown.forget(other);
                }
                let told = match answered {
                    PendingAnswer::Told(how, _) => Some(result.and_then(|result| self.told(how, result, may))),
                    PendingAnswer::Ingress(asked) => Some(
                        result
                            .zip(self.home.as_ref())
                            .and_then(|(result, home)| ingress::told(asked, result, &home.ingress)),
                    ),
                    _ => None,
                };
                if let Some(result) = told {
                    let result = result.unwrap_or_else(|| NULL.to_owned());
                    return Some(format!(r#"{{"id":{id},"type":"result","success":true,"result":{result}}}"#));
                }
                Some(succeeded(id, answered, result.unwrap_or(NULL), may))
            }
            "result" => {
                let answered = self.pending_answers.ended(id)?;
                Some(failed(id, answered, error.unwrap_or(NULL), may))
            }
            _ => None,
        }
    }
}

impl Conversation {
    /// What a browser must be told when the policies or the registries have changed.
    pub fn revise(&mut self, may: May<'_>) -> Revision {
        self.shown.revise(may)
    }

    fn told(&self, how: Told, text: &str, may: May<'_>) -> Option<String> {
        told(how, text, may, || self.home.as_ref().map(|home| (home.places)()).unwrap_or_default())
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("last", &self.last).finish_non_exhaustive()
    }
}

fn refuse(id: &Value, code: &str, message: &str) -> Step {
    Step::Answer(refusal(id, code, message))
}

#[cfg(test)]
mod tests {
    use std::borrow::Borrow;

    use super::super::pending_answers::MOST;
    use serde_json::json;

    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    fn conversation() -> Conversation {
        Conversation::new(["get_config".to_owned()].into())
    }

    fn passes(conversation: &mut Conversation, message: impl Borrow<Value>) -> bool {
        let steps = conversation.client_says(&message.borrow().to_string(), &only_lights);
        assert_eq!(steps.len(), 1);
        matches!(steps.first(), Some(Step::Forward(_)))
    }

    fn heard(conversation: &mut Conversation, message: impl Borrow<Value>) -> Option<Value> {
        let told = conversation.home_assistant_says(&message.borrow().to_string(), &only_lights)?;
        Some(told.parse().unwrap())
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
            let kind = message["type"].as_str().unwrap().to_owned();
            let refusal = json!({"id": id, "type": "result", "success": false,
                "error": {"code": "unauthorized", "message": "Unauthorized"}});
            let text = message.to_string();
            assert_eq!(talk.client_says(&text, &only_lights), [Step::Refuse(kind, refusal.to_string())], "{message}");
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
            let text = message.to_string();
            assert_eq!(talk.client_says(&text, &only_lights), [Step::Forward(text)]);
        }
    }

    #[test]
    fn an_answer_is_read_as_what_was_asked_whatever_the_client_says_of_it_later() {
        let mut talk = conversation();
        assert!(passes(&mut talk, json!({"id": 1, "type": "get_states"})));
        assert!(!passes(&mut talk, json!({"id": 1, "type": "get_config"})), "ids have to increase");
        let all = json!([{"entity_id": "light.a", "state": "on"}, {"entity_id": "lock.b", "state": "locked"}]);
        let answer = json!({"id": 1, "type": "result", "success": true, "result": all});
        let seen = heard(&mut talk, answer.clone()).unwrap();
        assert_eq!(seen["result"], json!([{"entity_id": "light.a", "state": "on"}]));
        assert_eq!(heard(&mut talk, answer), None, "answered once");
        assert_eq!(heard(&mut talk, json!({"id": 9, "type": "event", "event": {}})), None);
        assert_eq!(heard(&mut talk, json!({"type": "event", "event": {}})), None);
    }

    #[test]
    fn events_tell_of_permitted_entities_only_until_the_subscription_ends() {
        let mut talk = conversation();
        assert!(passes(&mut talk, json!({"id": 1, "type": "subscribe_entities"})));
        assert!(passes(&mut talk, json!({"id": 2, "type": "subscribe_events", "event_type": "state_changed"})));
        for id in [1, 2] {
            let done = json!({"id": id, "type": "result", "success": true, "result": null});
            assert_eq!(heard(&mut talk, done.clone()), Some(done));
        }
        let entities = |id: &str| json!({"id": 1, "type": "event", "event": {"a": {id: {"s": "on"}}}});
        let changes = |id: &str| {
            json!({"id": 2, "type": "event", "event": {"event_type": "state_changed",
            "data": {"entity_id": id, "new_state": null, "old_state": null}}})
        };
        assert_eq!(heard(&mut talk, entities("light.a")), Some(entities("light.a")));
        assert_eq!(heard(&mut talk, changes("light.a")), Some(changes("light.a")));
        assert_eq!(heard(&mut talk, entities("lock.b")), None);
        assert_eq!(heard(&mut talk, changes("lock.b")), None);
        let both = json!([entities("lock.b"), changes("light.a")]);
        assert_eq!(heard(&mut talk, both), Some(json!([changes("light.a")])));
        assert!(passes(&mut talk, json!({"id": 3, "type": "unsubscribe_events", "subscription": 1})));
        heard(&mut talk, json!({"id": 3, "type": "result", "success": true, "result": null}));
        assert_eq!(heard(&mut talk, entities("light.a")), None);
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
        let seen = heard(&mut talk, failed).unwrap();
        assert_eq!(seen["error"], json!({"code": "home_assistant_error", "message": "The call failed."}));
        assert!(passes(&mut talk, call(2)));
        let done = json!({"id": 2, "type": "result", "success": true, "result": {"context": {"id": "c"},
            "response": {"light.a": {"of": ["lock.b"]}, "lock.b": {}, "all": 1}, "more": "lock.b"}});
        let seen = heard(&mut talk, done).unwrap();
        assert_eq!(seen["result"], json!({"context": {"id": "c"}, "response": {"light.a": {"of": []}}}));
    }

    #[test]
    fn a_list_of_messages_is_judged_one_by_one() {
        let mut talk = conversation();
        let steps =
            talk.client_says(r#"[{"id": 1, "type": "ping"}, {"id": 2, "type": "get_panels"}, 3]"#, &only_lights);
        assert!(matches!(steps.as_slice(), [Step::Forward(_), Step::Refuse(..), Step::Answer(_)]));
    }

    #[test]
    fn what_would_take_many_times_its_length_is_refused_unread() {
        let mut talk = conversation();
        let heavy = format!("[{}]", vec!["{}"; 100_000].join(","));
        let call = format!(r#"{{"id": 1, "type": "call_service", "service_data": {heavy}}}"#);
        let steps = talk.client_says(&call, &only_lights);
        let Some(Step::Answer(answer)) = steps.first() else { panic!("it passes") };
        assert_eq!(answer.parse::<Value>().unwrap()["error"]["code"], "unauthorized");
        assert_eq!(talk.client_says("[{\"id\": 1, \"type\": \"ping\"}, x", &only_lights), []);
    }

    #[test]
    fn a_state_that_would_take_many_times_its_length_is_left_out() {
        let mut talk = conversation();
        assert!(passes(&mut talk, json!({"id": 1, "type": "get_states"})));
        let heavy = format!("[{}]", vec!["{}"; 100_000].join(","));
        let text = format!(
            r#"{{"id": 1, "type": "result", "success": true, "result": [{{"entity_id": "light.a", "attributes": {heavy}}}, {{"entity_id": "light.b"}}]}}"#
        );
        let told = talk.home_assistant_says(&text, &only_lights).unwrap();
        assert_eq!(told.parse::<Value>().unwrap()["result"], json!([{"entity_id": "light.b"}]));
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
            heard(talk, json!({"id": id, "type": "result", "success": true, "result": 1}))
        };
        let event = |talk: &mut Conversation, id: u64| heard(talk, json!({"id": id, "type": "event", "event": {}}));
        let (sub, _) = say(&mut talk, "mqtt/subscribe");
        answer(&mut talk, sub).unwrap();
        event(&mut talk, sub).unwrap();
        // Three times what is open at most, of types that may or may not be subscriptions.
        for _ in 0..3 * MOST {
            for kind in ["get_config", "frigate/x"] {
                let (id, passed) = say(&mut talk, kind);
                assert!(passed, "{kind} {id}");
                answer(&mut talk, id).unwrap();
            }
        }
        assert!(event(&mut talk, sub).is_some(), "what is known to be a subscription is not forgotten");
    }

    #[test]
    fn too_many_subscriptions_are_refused_one_by_one_and_end_nothing() {
        let mut talk = conversation();
        for id in 1..=MOST as u64 {
            assert!(passes(&mut talk, json!({"id": id, "type": "subscribe_entities"})));
            heard(&mut talk, json!({"id": id, "type": "result", "success": true, "result": null}));
        }
        let next = MOST as u64 + 1;
        let refused = talk.client_says(&json!({"id": next, "type": "subscribe_entities"}).to_string(), &only_lights);
        let [Step::Answer(refusal)] = refused.as_slice() else { panic!("{refused:?}") };
        let refusal: Value = refusal.parse().unwrap();
        assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(next), &json!("not_allowed")));
        // Questions that are answered at once, and the way to make room, are open.
        assert!(passes(&mut talk, json!({"id": next + 1, "type": "ping"})));
        assert!(passes(&mut talk, json!({"id": next + 2, "type": "get_states"})));
        assert!(passes(&mut talk, json!({"id": next + 3, "type": "unsubscribe_events", "subscription": 7})));
        let done = json!({"id": next + 3, "type": "result", "success": true, "result": null});
        assert!(heard(&mut talk, done).is_some());
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
        heard(&mut talk, json!({"id": 1, "type": "result", "success": true, "result": []})).unwrap();
        assert!(!passes(&mut talk, json!({"id": next + 2, "type": "get_states"})), "the ping took the place");
    }
}
