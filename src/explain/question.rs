//! What is asked: whether a user may use an access key on an entity, or send a request. All of it is plain text, taken
//! as it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::supposing::Supposing;

/// A question about an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// A user name or a user id.
    pub(crate) user: String,
    /// An entity's id, or any text.
    pub(crate) entity: String,
    /// `read`, `control`, `edit`, or any text.
    pub(crate) access: String,
    /// In which circumstances.
    pub(crate) supposing: Supposing,
}

/// A question about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestQuestion {
    /// A user name or a user id.
    pub(crate) user: String,
    pub(crate) method: String,
    /// A path, or an https URL when the host matters.
    pub(crate) url: String,
    /// Whether it asks for a WebSocket.
    pub(crate) websocket: bool,
    /// Its JSON body, where one is given.
    pub(crate) body: Option<String>,
    /// How it is sent.
    pub(crate) sent: Sent,
    /// In which circumstances.
    pub(crate) supposing: Supposing,
}

/// How a request is sent: as a rule by a page of the add-on, on the local network, with a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sent {
    /// The `Origin` that it names; `none` when it names none. Where nothing is said, the add-on's own.
    pub(crate) origin: Option<String>,
    /// With an access token instead of a session.
    pub(crate) token: bool,
    /// After a sign-in of a moment ago.
    pub(crate) fresh: bool,
    /// With a second factor shown.
    pub(crate) second_factor: bool,
    /// Its `Depth`.
    pub(crate) depth: Option<String>,
    /// Its `Destination`, for MOVE and COPY.
    pub(crate) destination: Option<String>,
}

/// A question about an entity or about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Case {
    /// May the user use an entity?
    Entity(Question),
    /// May the user send a request?
    Request(RequestQuestion),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum BadQuestion {
    /// Something else than an object.
    #[error("this is not a JSON object with `user`, `entity` and `access`, or with `user`, `method` and `url`")]
    NotAnObject,
    /// Neither the one nor the other, or both.
    #[error(
        "a question has `entity` and `access`, or `method` and `url` (and `websocket`, `body`, `origin`, `token`, `fresh`, `second_factor`, `depth` and `destination`); either may have `from`, `at` and `state`"
    )]
    Mixed,
    /// An object with other keys, or no JSON at all.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// All keys of either question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseLocation {
    user: String,
    entity: Option<String>,
    access: Option<String>,
    method: Option<String>,
    url: Option<String>,
    websocket: Option<bool>,
    body: Option<String>,
    origin: Option<String>,
    from: Option<IpAddr>,
    at: Option<String>,
    state: Option<BTreeMap<String, String>>,
    token: Option<bool>,
    fresh: Option<bool>,
    second_factor: Option<bool>,
    depth: Option<String>,
    destination: Option<String>,
}

impl Case {
    /// Reads one line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, BadQuestion> {
        // A list of texts would do for serde.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(BadQuestion::NotAnObject);
        }
        match serde_json::from_slice(line)? {
            CaseLocation {
                user,
                entity: Some(entity),
                access: Some(access),
                method: None,
                url: None,
                websocket: None,
                body: None,
                origin: None,
                from,
                at,
                state,
                token: None,
                fresh: None,
                second_factor: None,
                depth: None,
                destination: None,
            } => {
                let supposing = Supposing { from, at, states: state.unwrap_or_default() };
                Ok(Self::Entity(Question { user, entity, access, supposing }))
            }
            CaseLocation {
                user,
                entity: None,
                access: None,
                method: Some(method),
                url: Some(url),
                websocket,
                body,
                origin,
                from,
                at,
                state,
                token,
                fresh,
                second_factor,
                depth,
                destination,
            } => {
                let websocket = websocket.unwrap_or(false);
                let yes = |flag: Option<bool>| flag.unwrap_or(false);
                let (token, fresh, second_factor) = (yes(token), yes(fresh), yes(second_factor));
                let sent = Sent { origin, token, fresh, second_factor, depth, destination };
                let supposing = Supposing { from, at, states: state.unwrap_or_default() };
                Ok(Self::Request(RequestQuestion { user, method, url, websocket, body, sent, supposing }))
            }
            _ => Err(BadQuestion::Mixed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_exactly_the_keys_of_one_kind() {
        for line in [
            r#"{"user": "", "entity": "a b", "access": "\n"}"#,
            r#"{"user": "frank", "method": "GET", "url": "/"}"#,
            r#"{"user": "frank", "method": "GET", "url": "/", "websocket": true, "body": "{}"}"#,
            r#"{"user": "frank", "method": "GET", "url": "/", "origin": "none", "from": "::1", "token": true}"#,
            r#"{"user": "frank", "method": "GET", "url": "/", "at": "2026-12-24 20:00", "state": {"sun.sun": "x"}}"#,
            r#"{"user": "frank", "entity": "light.a", "access": "read", "from": "::1", "at": "", "state": {}}"#,
            r#"{"user": "frank", "method": "MOVE", "url": "/", "depth": "infinity", "destination": "/x"}"#,
        ] {
            assert!(Case::parse(line.as_bytes()).is_ok(), "{line}");
        }
        let wrong: [&[u8]; 14] = [
            b"",
            b"[\"frank\", \"light.a\", \"read\"]",
            br#"{"user": "frank", "entity": "light.a"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read", "url": "/"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read", "body": "{}"}"#,
            br#"{"user": "frank", "url": "/"}"#,
            br#"{"user": "frank", "method": "GET", "url": "/", "from": "home"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read", "origin": "none"}"#,
            br#"{"user": "frank", "method": "GET", "url": "/", "access": "read"}"#,
            br#"{"user": "frank", "method": "GET", "url": "/", "body": {}}"#,
            br#"{"user": "frank", "user": "owner", "entity": "light.a", "access": "read"}"#,
            br#"{"user": "frank", "entity": 1, "access": "read"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read"} x"#,
            b"{\"user\": \"\xff\", \"entity\": \"light.a\", \"access\": \"read\"}",
        ];
        for line in wrong {
            assert!(Case::parse(line).is_err(), "{}", String::from_utf8_lossy(line));
        }
    }
}
