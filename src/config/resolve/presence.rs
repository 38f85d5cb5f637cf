//! `[presence]`: what Home Assistant is told. It needs to be said where that is, and with which token.

use std::time::Duration;

use super::addon_api;
use super::context::{Context, flag};
use crate::config::diagnostic::Diagnostic;
use crate::config::home::{HomeAssistant, HomeSource};
use crate::config::part::{days, minutes};
use crate::config::presence::{Presence, PresenceEvent};
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;

/// Resolves the section. `other_token` is the one with which add-ons are served; `has_main_origin` says whether it is
/// known what browsers call us.
pub(super) fn presence(
    key: &Key<raw::Presence>,
    home: &HomeAssistant,
    other_token: Option<&SecretText>,
    has_main_origin: bool,
    cx: &mut Context<'_>,
) -> Presence {
    let Some(section) = key.given() else { return Presence::default() };
    let raw = section.get_ref();
    let words = raw.events.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let events: Vec<_> = words.iter().filter_map(|word| cx.word(word, &PresenceEvent::WORDS)).collect();
    let own_token = addon_api::home_assistant_token(&raw.token, home.api.is_some(), cx);
    let of_home = if let HomeSource::Api(token) = &home.source { Some(token) } else { None };
    let presence = Presence {
        token: own_token.as_ref().or(of_home).or(other_token).cloned(),
        not_me: raw.not_me.given().map(|_| cx.time(&raw.not_me, Duration::from_hours(24), minutes(1)..=days(30))),
        entities: flag(&raw.entities, false),
        certificate_warning: cx.time(&raw.certificate_warning, Duration::from_hours(14 * 24), days(1)..=days(90)),
        events,
    };
    if presence.is_on() && home.api.is_none() && matches!(raw.token, Key::Absent) {
        let nowhere = Diagnostic::mistake(section.span(), "Home Assistant is told, and it is not said where that is");
        let hint = "add url = \"http://127.0.0.1:8123\" under [home_assistant]";
        cx.add(nowhere.label("needs `url` under `[home_assistant]`").hint(hint));
    } else if presence.is_on() && presence.token.is_none() && matches!(raw.token, Key::Absent) {
        let missing = Diagnostic::mistake(section.span(), "Home Assistant is told, and there is no token for that");
        let hint = "add token = { file = \"secrets/home-assistant\" }: a long-lived token of an administrator";
        cx.add(missing.label("needs `token`").hint(hint));
    }
    if let Some(given) = raw.not_me.given() {
        let has_link = [PresenceEvent::SignIn, PresenceEvent::NewDevice].iter().any(|event| presence.tells(*event));
        if !has_link && words.len() == presence.events.len() {
            let idle = Diagnostic::mistake(given.span(), "links for events that are not told");
            let hint = "add \"sign_in\" or \"new_device\" to `events`, or take this key out";
            cx.add(idle.label("needs such an event").hint(hint));
        }
        if !has_main_origin {
            let nowhere = Diagnostic::mistake(given.span(), "links, and it is not said what browsers call vestibule");
            let hint = "name it in `[listen]`, as in public_urls = [\"https://home.example\"]";
            cx.add(nowhere.label("needs `public_urls` under `[listen]`").hint(hint));
        }
    }
    presence
}
