//! The events, as JSON: `vestibule_event` with a `type` and what belongs to it.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::config::PresenceEvent;
use crate::session::UserAgent;

/// The user whom an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// The id.
    pub id: &'a str,
    /// The user name.
    pub name: Option<&'a str>,
    /// The name that people see.
    pub display_name: Option<&'a str>,
}

/// What is told of somebody who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn<'a> {
    /// Who.
    pub person: Person<'a>,
    /// The session's id, as `vestibule sessions list` shows it.
    pub session: &'a str,
    /// Where from.
    pub client: IpAddr,
    /// `password` or `home-assistant`.
    pub method: &'a str,
    /// The browser's own words.
    pub user_agent: &'a str,
    /// Whether the user was not seen with this device before.
    pub is_new_device: bool,
    /// The link that ends the session.
    pub not_me_url: Option<&'a str>,
}

/// Somebody has signed in; `which` is [`PresenceEvent::SignIn`] or [`PresenceEvent::NewDevice`].
pub fn sign_in(which: PresenceEvent, told: &SignedIn<'_>, at: Timestamp) -> Value {
    let fields = [
        ("session", json!(told.session)),
        ("client", json!(told.client)),
        ("method", json!(told.method)),
        ("user_agent", json!(told.user_agent)),
        ("new_device", json!(told.is_new_device)),
    ];
    about(which, told.person, at, fields.into_iter().chain(told.not_me_url.map(|url| ("not_me_url", json!(url)))))
}

/// Too many attempts came from an address. Not who was tried: a password may have been typed there.
pub fn throttled(which: PresenceEvent, client: IpAddr, at: Timestamp) -> Value {
    json!({ "type": which.word(), "time": at.to_string(), "client": client })
}

/// What is told of a user who was refused.
#[derive(Debug, Clone)]
pub struct WasRefused<'a> {
    /// Who.
    pub person: Person<'a>,
    /// The slug and the title of the add-on.
    pub addon: Option<(&'a str, &'a str)>,
    /// The id of the request, by which `vestibule why` has the whole reason.
    pub request: &'a str,
    /// The word for the reason, where it is told of the refusal.
    pub reason: Option<&'a str>,
    /// Where from.
    pub client: IpAddr,
}

/// A user was refused, or asks for access; `which` is [`PresenceEvent::Refused`] or [`PresenceEvent::AccessAsked`].
pub fn refused(which: PresenceEvent, told: &WasRefused<'_>, at: Timestamp) -> Value {
    let fields = [
        ("addon", json!(told.addon.map(|(slug, _)| slug))),
        ("addon_title", json!(told.addon.map(|(_, title)| title))),
        ("request", json!(told.request)),
        ("client", json!(told.client)),
    ];
    about(which, told.person, at, fields.into_iter().chain(told.reason.map(|reason| ("reason", json!(reason)))))
}

/// An event about somebody, with these fields besides.
fn about(
    which: PresenceEvent,
    person: Person<'_>,
    at: Timestamp,
    fields: impl Iterator<Item = (&'static str, Value)>,
) -> Value {
    let begin = [
        ("type", json!(which.word())),
        ("time", json!(at.to_string())),
        ("user_id", json!(person.id)),
        ("user_name", json!(person.name.map(plain))),
        ("display_name", json!(person.display_name.map(plain))),
    ];
    Value::Object(begin.into_iter().chain(fields).map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Somebody has ended a session with its link.
pub fn not_me(session: &str, at: Timestamp) -> Value {
    json!({ "type": PresenceEvent::NotMe.word(), "time": at.to_string(), "session": session })
}

/// A certificate ends soon.
pub fn certificate(names: &[String], not_after: Timestamp, at: Timestamp) -> Value {
    json!({
        "type": PresenceEvent::Certificate.word(),
        "time": at.to_string(),
        "names": names.iter().take(16).collect::<Vec<_>>(),
        "not_after": not_after.to_string(),
    })
}

/// A name that people have chosen, made fit to be shown as the browser's own words are.
fn plain(name: &str) -> String {
    UserAgent::from_header(name.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_one_short_line() {
        assert_eq!(plain("a\r\nb\u{202e}c\u{2028}"), "abc");
        assert_eq!(plain(&"x".repeat(1000)).len(), 256);
    }
}
