//! Home Assistant's REST API, as far as an add-on that is held to entities has it.

use http::Method;
use serde_json::{Value, json};

use super::browser::{Places, Told, services_of, told};
use super::entity_references::{is_entity_id, speaks_of_others};
use super::service_call::{ServiceCall, ServiceRefusal};
use super::state::{by_entity, histories, state, states};
use super::{Access, May};
use crate::entity_filter::bounded_json::{BadJson, Scalar, fields, filter_list, read};

/// A call that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestCall {
    /// Whether the API runs.
    Status,
    /// The states of all entities (`/api/states`).
    States,
    /// The state of one entity (`/api/states/<entity>`).
    State(String),
    /// A service, by domain and name; with its answer, or without.
    Service {
        /// The service's domain, as in `light`.
        domain: String,
        /// The service's name, as in `turn_on`.
        service: String,
        /// Whether the service's answer is asked for (`?return_response`).
        answers: bool,
    },
    /// The history of these entities, at Home Assistant's front.
    History(Vec<String>),
    /// The logbook of these entities, at the front.
    Logbook(Vec<String>),
    /// Which calendars there are, at the front.
    Calendars,
    /// What is in one calendar, at the front.
    Events(String),
    /// Which services there are, at the front.
    Services,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestRefusal {
    /// Something else than states and services.
    #[error("this call is not for an add-on that is held to entities")]
    NotListed,
    /// An entity that may not be read. There may be one or not.
    #[error("this entity may not be read")]
    NotPermitted,
    /// The body is not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// The body holds more values than any service call needs.
    #[error("the body holds too many values")]
    TooHeavy,
    /// The service call does not say for certain which entities it is about.
    #[error("the service may not be called so")]
    Service(#[source] ServiceRefusal),
}

/// How the answer to a call is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A message for a person.
    Message,
    /// A list of states.
    States,
    /// The state of one entity.
    State,
    /// A list of changed states and what the service answered.
    Changes,
    /// Lists of states, one for each entity.
    Histories,
    /// A list of the logbook's entries.
    Logbook,
    /// A list of objects, each about the entity that it names.
    Listed,
    /// A list of what is in a calendar.
    Events,
    /// A list of domains with their services.
    Services,
}

impl RestCall {
    /// The call to this path below `/api`, in normal form and decoded.
    pub fn of(method: &Method, path: &str, query: Option<&str>) -> Result<Self, RestRefusal> {
        let segments: Vec<_> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
        let query = query.unwrap_or_default();
        // The query is matched as well: a parameter that is not known could change what the answer tells.
        match (method, segments.as_slice(), query) {
            (&Method::GET, [""], "") => Ok(Self::Status),
            (&Method::GET, ["states"], "") => Ok(Self::States),
            (&Method::GET, ["states", entity], "") => Ok(Self::State((*entity).to_owned())),
            (&Method::POST, ["services", domain, service], "" | "return_response" | "return_response=") => {
                Ok(Self::Service {
                    domain: (*domain).to_owned(),
                    service: (*service).to_owned(),
                    answers: !query.is_empty(),
                })
            }
            _ => Err(RestRefusal::NotListed),
        }
    }

    /// The call of a user at Home Assistant's front, which has more of them.
    pub fn of_browser(method: &Method, path: &str, query: Option<&str>) -> Result<Self, RestRefusal> {
        let segments: Vec<_> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
        let asked = Asked::new(query);
        match (method, segments.as_slice()) {
            (&Method::GET, ["history", "period"] | ["history", "period", _]) => {
                asked.entities("filter_entity_id", &HISTORY).map(Self::History)
            }
            (&Method::GET, ["logbook"] | ["logbook", _]) => asked.entities("entity", &LOGBOOK).map(Self::Logbook),
            (&Method::GET, ["calendars"]) if asked.is_of(&[]) => Ok(Self::Calendars),
            (&Method::GET, ["calendars", entity]) if asked.is_of(&["start", "end"]) => {
                Ok(Self::Events((*entity).to_owned()))
            }
            (&Method::GET, ["services"]) if asked.is_of(&[]) => Ok(Self::Services),
            _ => Self::of(method, path, query),
        }
    }

    /// Judges the call with its body; an empty one is none. What passes is passed on as the JSON that was judged.
    pub fn judge(&self, body: &[u8], may: May<'_>) -> Result<Option<Value>, RestRefusal> {
        match self {
            Self::Status | Self::States | Self::Calendars | Self::Services => Ok(None),
            Self::State(entity) | Self::Events(entity) => all_readable(std::slice::from_ref(entity), may),
            Self::History(entities) | Self::Logbook(entities) => all_readable(entities, may),
            Self::Service { domain, service, .. } => {
                // To Home Assistant a call without a body is one without data.
                let body = if body.is_empty() { b"{}" } else { body };
                let data = read(body)?;
                let call = ServiceCall { domain, service, data: Some(&data), target: None };
                call.judge(may).map_err(RestRefusal::Service)?;
                Ok(Some(data))
            }
        }
    }

    /// How its answer is read.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Status => Shape::Message,
            // A service that is not asked for its answer tells the states that it changed.
            Self::States | Self::Service { answers: false, .. } => Shape::States,
            Self::State(_) => Shape::State,
            Self::Service { answers: true, .. } => Shape::Changes,
            Self::History(_) => Shape::Histories,
            Self::Logbook(_) => Shape::Logbook,
            Self::Calendars => Shape::Listed,
            Self::Events(_) => Shape::Events,
            Self::Services => Shape::Services,
        }
    }
}

fn all_readable(entities: &[String], may: May<'_>) -> Result<Option<Value>, RestRefusal> {
    let is_readable = |entity: &String| is_entity_id(entity) && may(entity, Access::Read);
    if entities.iter().all(is_readable) { Ok(None) } else { Err(RestRefusal::NotPermitted) }
}

/// The parameters of a query, as Home Assistant reads them.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn new(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Whether there are no others than these, each once: one that is not known could change what the answer tells, and
    /// of two Home Assistant takes one.
    fn is_of(&self, names: &[&str]) -> bool {
        let is_once = |name: &String| self.0.iter().filter(|(other, _)| other == name).count() == 1;
        self.0.iter().all(|(name, _)| names.contains(&name.as_str()) && is_once(name))
    }

    /// The entities that this parameter names, which must be there.
    fn entities(&self, name: &str, others: &[&str]) -> Result<Vec<String>, RestRefusal> {
        let value = self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        let value = value.filter(|_| self.is_of(&[others, &[name]].concat())).ok_or(RestRefusal::NotListed)?;
        Ok(value.split(',').map(str::to_owned).collect())
    }
}

const HISTORY: [&str; 5] =
    ["end_time", "minimal_response", "no_attributes", "significant_changes_only", "skip_initial_state"];

const LOGBOOK: [&str; 2] = ["end_time", "period"];

impl Shape {
    /// What the add-on gets of the answer to a call that went well. Nothing, when it is not of this shape.
    pub fn read(self, answer: &str, may: May<'_>) -> Option<String> {
        match self {
            Self::Message => Some(message(answer, may)),
            Self::States => states(answer, may),
            Self::State => Some(state(read(answer.as_bytes()).ok()?, may)?.to_string()),
            Self::Changes => {
                let [changed, response] = fields(answer, ["changed_states", "service_response"])?;
                let changed = changed.and_then(|one| states(one, may)).unwrap_or_else(|| "[]".to_owned());
                let response = response.and_then(|one| by_entity(one, may)).unwrap_or_else(|| "null".to_owned());
                Some(format!(r#"{{"changed_states":{changed},"service_response":{response}}}"#))
            }
            Self::Histories => histories(answer, may),
            Self::Logbook => told(Told::Logbook, answer, may, Places::default),
            Self::Listed => told(Told::Listed("entity_id"), answer, may, Places::default),
            Self::Events => told(Told::Cleaned, answer, may, Places::default),
            Self::Services => filter_list(answer, |one| {
                let [domain, services] = fields(one, ["domain", "services"])?;
                let name = serde_json::from_str::<Scalar>(domain?).ok()?;
                let services = services_of(name.text()?, services?, may).filter(|services| services != "{}")?;
                Some(format!(r#"{{"domain":{},"services":{services}}}"#, domain?))
            }),
        }
    }

    /// What it gets of the answer to a call that failed.
    pub fn failure(answer: &str, may: May<'_>) -> String {
        message(answer, may)
    }
}

impl From<BadJson> for RestRefusal {
    fn from(why: BadJson) -> Self {
        match why {
            BadJson::Malformed => Self::NotJson,
            BadJson::TooHeavy => Self::TooHeavy,
        }
    }
}

fn message(answer: &str, may: May<'_>) -> String {
    let field = fields(answer, ["message"]).and_then(|[field]| serde_json::from_str::<Scalar>(field?).ok());
    let text = field.as_ref().and_then(Scalar::text).unwrap_or_default();
    json!({"message": if speaks_of_others(text, may) { "The call failed." } else { text }}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.")
    }

    #[test]
    fn states_and_services_are_all_there_is() {
        let of = |method: Method, path, query| RestCall::of(&method, path, query);
        assert_eq!(of(Method::GET, "/", None), Ok(RestCall::Status));
        assert_eq!(of(Method::GET, "", None), Ok(RestCall::Status));
        assert_eq!(of(Method::GET, "/states", None), Ok(RestCall::States));
        for (method, path, query) in [
            (Method::GET, "/states", Some("x")),
            (Method::POST, "/states/light.a", None),
            (Method::DELETE, "/states/light.a", None),
            (Method::GET, "/history/period", None),
            (Method::GET, "/logbook", None),
            (Method::GET, "/stream", None),
            (Method::GET, "/error_log", None),
            (Method::GET, "/camera_proxy/camera.x", None),
            (Method::POST, "/template", None),
            (Method::POST, "/events/x", None),
            (Method::GET, "/services", None),
            (Method::GET, "/services/light/turn_on", None),
            (Method::POST, "/services/light/turn_on", Some("return_response&x=1")),
            (Method::GET, "/config", None),
        ] {
            assert_eq!(of(method.clone(), path, query), Err(RestRefusal::NotListed), "{method} {path}");
        }
    }

    #[test]
    fn browsers_ask_for_what_has_been_of_entities_that_they_name() {
        let of = |path: &str, query: &str| {
            let call = RestCall::of_browser(&Method::GET, path, Some(query).filter(|query| !query.is_empty()));
            call.and_then(|call| call.judge(b"", &only_lights).map(|_| call.shape()))
        };
        for (path, query, shape) in [
            ("/history/period", "filter_entity_id=light.a", Shape::Histories),
            (
                "/history/period/2026-11-30T00:00:00Z",
                "filter_entity_id=light.a,light.b&end_time=x&no_attributes",
                Shape::Histories,
            ),
            ("/logbook", "entity=light.a", Shape::Logbook),
            ("/logbook/2026-11-30", "period=3&entity=light%2Ea", Shape::Logbook),
            ("/calendars", "", Shape::Listed),
            ("/calendars/light.a", "start=1&end=2", Shape::Events),
            ("/services", "", Shape::Services),
            ("/states", "", Shape::States),
        ] {
            assert_eq!(of(path, query), Ok(shape), "{path} {query}");
        }
        for (path, query) in [
            ("/history/period", ""),
            ("/history/period", "filter_entity_id=lock.b"),
            ("/history/period", "filter_entity_id=light.a,lock.b"),
            ("/history/period", "filter_entity_id=light.a,%20lock.b"),
            ("/history/period", "filter_entity_id=light.a,LOCK.B"),
            ("/history/period", "filter_entity_id=light.a&filter_entity_id=lock.b"),
            ("/history/period", "filter_entity_id=light.a&filter%5Fentity_id=lock.b"),
            ("/history/period", "filter_entity_id=light.a&x=1"),
            ("/logbook", ""),
            ("/logbook", "entity=light.a&context_id=x"),
            ("/logbook", "entity="),
            ("/calendars/lock.b", "start=1&end=2"),
            ("/calendars", "x"),
            ("/services", "x"),
            ("/history/period/x/y", "filter_entity_id=light.a"),
        ] {
            assert!(of(path, query).is_err(), "{path} {query}");
        }
        let services = json!([{"domain": "light", "services": {"turn_on": {}}}, {"domain": "shell_command", "services": {"x": {}}}]);
        let told = Shape::Services.read(&services.to_string(), &only_lights).unwrap();
        assert_eq!(told.parse::<Value>().unwrap(), json!([{"domain": "light", "services": {"turn_on": {}}}]));
    }

    #[test]
    fn an_entity_that_is_hidden_is_like_one_that_is_not_there() {
        let judge = |entity: &str| RestCall::State(entity.to_owned()).judge(b"", &only_lights);
        assert_eq!(judge("light.a"), Ok(None));
        for entity in ["lock.door", "lock.nowhere", "LIGHT.A", "light.a.b", ""] {
            assert_eq!(judge(entity), Err(RestRefusal::NotPermitted), "{entity}");
        }
    }

    #[test]
    fn a_service_is_called_with_the_json_that_was_judged() {
        let call = RestCall::of(&Method::POST, "/services/light/turn_on", None).unwrap();
        let body = br#"{"entity_id": "lock.door", "entity_id": "light.a"}"#;
        assert_eq!(call.judge(body, &only_lights), Ok(Some(json!({"entity_id": "light.a"}))));
        assert_eq!(call.judge(b"{", &only_lights), Err(RestRefusal::NotJson));
        assert_eq!(call.judge(b"", &only_lights), Err(RestRefusal::Service(ServiceRefusal::NoEntity)));
    }

    #[test]
    fn answers_hold_permitted_entities_only() {
        let read = |shape: Shape, answer: &Value| {
            shape.read(&answer.to_string(), &only_lights).map(|text| text.parse::<Value>().unwrap())
        };
        let list = json!([{"entity_id": "light.a"}, {"entity_id": "lock.b"}]);
        assert_eq!(read(Shape::States, &list), Some(json!([{"entity_id": "light.a"}])));
        assert_eq!(read(Shape::States, &json!({"x": list})), None);
        let both = json!({"changed_states": list, "service_response": {"light.a": 1, "lock.b": 2}});
        let seen = json!({"changed_states": [{"entity_id": "light.a"}], "service_response": {"light.a": 1}});
        assert_eq!(read(Shape::Changes, &both), Some(seen));
        let failed = json!({"message": "lock.b not found", "trace": "lock.b"});
        assert_eq!(Shape::failure(&failed.to_string(), &only_lights), r#"{"message":"The call failed."}"#);
    }
}
