//! Home Assistant's REST API, as far as an add-on that is held to entities has it.

use http::Method;
use serde_json::{Value, json};

use super::entity_references::{is_entity_id, speaks_of_others};
use super::service_call::{ServiceCall, ServiceRefusal};
use super::state::{by_entity, state, states};
use super::{Access, May};
use crate::entity_filter::bounded_json::{BadJson, Scalar, fields, read};

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

    /// Judges the call with its body; an empty one is none. What passes is passed on as the JSON that was judged.
    pub fn judge(&self, body: &[u8], may: May<'_>) -> Result<Option<Value>, RestRefusal> {
        match self {
            Self::Status | Self::States => Ok(None),
            Self::State(entity) if is_entity_id(entity) && may(entity, Access::Read) => Ok(None),
            Self::State(_) => Err(RestRefusal::NotPermitted),
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
        }
    }
}

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
