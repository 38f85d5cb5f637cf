//! Add-ons in Home Assistant's own pages: what a page asks before it shows one (`supervisor/ingress/...`; before 2026
//! `supervisor/api`), and what it is told. Of the Supervisor's API nothing else passes for a user who is held.

use std::fmt;

use serde_json::{Map, Value};

use crate::entity_filter::bounded_json::{filter_fields, read};

/// Says yes or no of a text.
pub type Tells = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Says yes or no of two texts.
pub type TellsOfBoth = Box<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// What is known of add-ons and ingress sessions at this moment, for the user of a conversation; and what is learned.
pub struct IngressNow {
    /// Whether the user may open the add-on that the Supervisor calls so.
    pub opens: Tells,
    /// Whether an ingress session was made for this user.
    pub is_theirs: Tells,
    /// Takes note of a session that was made for this user.
    pub made: Box<dyn Fn(&str) + Send + Sync>,
    /// Takes note that an add-on is at this address in Home Assistant's pages, if it is one.
    pub is_at: TellsOfBoth,
}

impl fmt::Debug for IngressNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngressNow").finish_non_exhaustive()
    }
}

/// What such a message asked for, which says how its answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IngressAsk {
    /// What there is to know of an add-on.
    Info,
    /// A new session.
    Session,
    /// Whether a session still counts.
    Validation,
    /// What stands in the sidebar.
    Panels,
}

/// What a message of this type asks for, if its user may ask it.
pub(super) fn asked(kind: &str, fields: &Map<String, Value>, now: &IngressNow) -> Option<IngressAsk> {
    // A field that is not known could change what is asked.
    let only = |names: &[&str]| {
        fields.keys().all(|name| matches!(name.as_str(), "id" | "type") || names.contains(&name.as_str()))
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    match kind {
        "get_panels" if only(&[]) => Some(IngressAsk::Panels),
        "supervisor/ingress/info" if only(&["slug"]) => (now.opens)(text("slug")?).then_some(IngressAsk::Info),
        "supervisor/ingress/session" if only(&["slug"]) => (now.opens)(text("slug")?).then_some(IngressAsk::Session),
        "supervisor/ingress/validate_session" if only(&["session"]) => {
            (now.is_theirs)(text("session")?).then_some(IngressAsk::Validation)
        }
        "supervisor/api" if only(&["endpoint", "method", "data", "timeout"]) => {
            let method = text("method")?;
            let data = match fields.get("data") {
                None => None,
                Some(data) => Some(data.as_object()?),
            };
            let is_empty = data.is_none_or(Map::is_empty);
            match text("endpoint")? {
                // The session opens what its user may open, whatever it was made for.
                "/ingress/session" if method == "post" && is_empty => Some(IngressAsk::Session),
                "/ingress/validate_session" if method == "post" => {
                    let session = data.filter(|data| data.len() == 1)?.get("session")?.as_str()?;
                    (now.is_theirs)(session).then_some(IngressAsk::Validation)
                }
                endpoint if method == "get" && is_empty => {
                    let slug = endpoint.strip_prefix("/addons/")?.strip_suffix("/info")?;
                    (now.opens)(slug).then_some(IngressAsk::Info)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What the user is told of the answer. What was learned from it is noted before they can make use of it.
pub(super) fn told(asked: IngressAsk, text: &str, now: &IngressNow) -> Option<String> {
    if asked == IngressAsk::Panels {
        return filter_fields(text, |_, panel| is_shown(panel, now).then(|| panel.to_owned()));
    }
    let Value::Object(mut answer) = read(text.as_bytes()).ok()? else { return None };
    Some(match asked {
        IngressAsk::Info => {
            let (slug, url) = (answer.get("slug")?.as_str()?, answer.get("ingress_url")?.as_str()?);
            // The one that it is about must be one that may be asked for.
            if !(now.opens)(slug) || !(now.is_at)(url, slug) {
                return None;
            }
            answer.retain(|name, _| INFO.contains(&name.as_str()));
            Value::Object(answer).to_string()
        }
        IngressAsk::Session => {
            let session = answer.get("session")?.as_str()?;
            // As the Supervisor makes them (docs/design/supervisor.md section 1.4).
            let legal = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            if !(32..=256).contains(&session.len()) || !session.bytes().all(legal) {
                return None;
            }
            (now.made)(session);
            answer.retain(|name, _| name == "session");
            Value::Object(answer).to_string()
        }
        IngressAsk::Validation | IngressAsk::Panels => Value::Null.to_string(),
    })
}

/// Whether a panel of the sidebar is no add-on's, or that of one that the user may open. Before 2026 its slug was
/// called
/// `ingress`.
fn is_shown(panel: &str, now: &IngressNow) -> bool {
    let Ok(panel) = read(panel.as_bytes()) else { return false };
    let slug = ["addon", "ingress"].into_iter().find_map(|name| panel.get("config")?.get(name));
    slug.is_none_or(|slug| slug.as_str().is_some_and(&now.opens))
}

/// What a page goes by when it shows an add-on.
const INFO: [&str; 9] =
    ["name", "slug", "version", "state", "ingress", "ingress_url", "ingress_entry", "ingress_panel", "icon"];

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;

    type Notes = Arc<Mutex<Vec<String>>>;

    /// One who may open `a0d7b954_nodered` and has the session of thirty-two `a`.
    fn now() -> (IngressNow, Notes) {
        let notes = Notes::default();
        let (made, behind) = (Arc::clone(&notes), Arc::clone(&notes));
        let now = IngressNow {
            opens: Box::new(|slug| slug == "a0d7b954_nodered"),
            is_theirs: Box::new(|session| session == "a".repeat(32)),
            made: Box::new(move |session| made.lock().unwrap().push(session.to_owned())),
            is_at: Box::new(move |url, slug| {
                behind.lock().unwrap().push(format!("{url} {slug}"));
                url.starts_with("/api/")
            }),
        };
        (now, notes)
    }

    fn asks(message: &Value) -> Option<IngressAsk> {
        asked(message["type"].as_str().unwrap(), message.as_object().unwrap(), &now().0)
    }

    #[test]
    fn what_a_page_asks_of_an_add_on_that_its_user_may_open_passes_in_both_forms() {
        let api = |endpoint: &str, method: &str| json!({"id": 1, "type": "supervisor/api", "endpoint": endpoint, "method": method});
        let mine = "a".repeat(32);
        let with = |mut message: Value, data: Value| {
            message["data"] = data;
            message
        };
        for (message, asked) in [
            (json!({"id": 1, "type": "supervisor/ingress/info", "slug": "a0d7b954_nodered"}), IngressAsk::Info),
            (json!({"id": 1, "type": "supervisor/ingress/session", "slug": "a0d7b954_nodered"}), IngressAsk::Session),
            (json!({"id": 1, "type": "supervisor/ingress/validate_session", "session": mine}), IngressAsk::Validation),
            (api("/addons/a0d7b954_nodered/info", "get"), IngressAsk::Info),
            (api("/ingress/session", "post"), IngressAsk::Session),
            (with(api("/ingress/validate_session", "post"), json!({"session": mine})), IngressAsk::Validation),
        ] {
            assert_eq!(asks(&message), Some(asked), "{message}");
        }
    }

    #[test]
    fn nothing_else_of_the_supervisors_api_passes() {
        let api = |endpoint: &str, method: &str, data: Value| json!({"id": 1, "type": "supervisor/api", "endpoint": endpoint, "method": method, "data": data});
        for message in [
            json!({"id": 1, "type": "supervisor/ingress/info", "slug": "core_ssh"}),
            json!({"id": 1, "type": "supervisor/ingress/info", "slug": "a0d7b954_nodered", "more": 1}),
            json!({"id": 1, "type": "supervisor/ingress/session"}),
            json!({"id": 1, "type": "supervisor/ingress/validate_session", "session": "b".repeat(32)}),
            json!({"id": 1, "type": "supervisor/subscribe"}),
            api("/addons/core_ssh/info", "get", json!({})),
            api("/addons/a0d7b954_nodered/info", "post", json!({})),
            api("/addons/a0d7b954_nodered/info", "get", json!({"x": 1})),
            api("/addons/a0d7b954_nodered/logs", "get", json!({})),
            api("/addons/../addons/a0d7b954_nodered/info", "get", json!({})),
            api("/addons/a0d7b954_nodered/info?x", "get", json!({})),
            api("/addons/a0d7b954_nodered/restart", "post", json!({})),
            api("/ingress/panels", "get", json!({})),
            api("/ingress/session", "post", json!({"user_id": "somebody"})),
            api("/ingress/session", "get", json!({})),
            api("/ingress/validate_session", "post", json!({"session": "b".repeat(32)})),
            api("/ingress/validate_session", "post", json!({"session": "a".repeat(32), "more": 1})),
            api("/supervisor/info", "get", json!({})),
            json!({"id": 1, "type": "supervisor/api", "endpoint": "/ingress/session", "method": "post", "data": []}),
            json!({"id": 1, "type": "supervisor/api", "endpoint": "/ingress/session", "method": "post", "params": {}}),
        ] {
            assert_eq!(asks(&message), None, "{message}");
        }
    }

    #[test]
    fn of_an_answer_a_page_gets_what_it_needs_and_what_is_in_it_is_learned() {
        let (now, notes) = now();
        let heard =
            |asked, answer: Value| told(asked, &answer.to_string(), &now).map(|told| told.parse::<Value>().unwrap());
        let info = json!({"slug": "a0d7b954_nodered", "name": "Node-RED", "ingress_url": "/api/hassio_ingress/aB-_9/x",
            "ip_address": "172.30.33.4", "network": {"80/tcp": 1}, "state": "started"});
        let seen = json!({"slug": "a0d7b954_nodered", "name": "Node-RED", "ingress_url": "/api/hassio_ingress/aB-_9/x",
            "state": "started"});
        assert_eq!(heard(IngressAsk::Info, info.clone()), Some(seen));
        let made = "0".repeat(128);
        assert_eq!(heard(IngressAsk::Session, json!({"session": made, "x": 1})), Some(json!({"session": made})));
        assert_eq!(heard(IngressAsk::Validation, json!({"x": 1})), Some(Value::Null));
        assert_eq!(*notes.lock().unwrap(), ["/api/hassio_ingress/aB-_9/x a0d7b954_nodered".to_owned(), made.clone()]);

        let panels = json!({"lovelace": {"config": null}, "energy": {"config": {"mode": "x"}},
            "nodered": {"config": {"addon": "a0d7b954_nodered"}}, "ssh": {"config": {"addon": "core_ssh"}},
            "old": {"config": {"ingress": "core_ssh"}}, "odd": {"config": {"addon": 7}}});
        let seen = heard(IngressAsk::Panels, panels).unwrap();
        assert_eq!(seen.as_object().unwrap().keys().collect::<Vec<_>>(), ["energy", "lovelace", "nodered"]);

        let with = |name: &str, value: &str| {
            let mut other = info.clone();
            other[name] = json!(value);
            other
        };
        assert_eq!(heard(IngressAsk::Info, with("slug", "core_ssh")), None, "another one than was asked for");
        assert_eq!(heard(IngressAsk::Info, with("ingress_url", "/elsewhere/aB/")), None);
        assert_eq!(heard(IngressAsk::Session, json!({"session": "short"})), None);
        let sessions = notes.lock().unwrap().iter().filter(|note| !note.contains(' ')).count();
        assert_eq!(sessions, 1, "nothing is learned from what is not understood");
    }
}
