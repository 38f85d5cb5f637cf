//! `[session]` and `[sign_in]`: in come raw values, out come real ones with their defaults. The bounds keep out what
//! is absurd; the defaults are the ones that `config.toml` documents.

use std::time::Duration;

use toml::Spanned;

use super::context::{Context, flag};
use super::store;
use crate::config::diagnostic::Diagnostic;
use crate::config::home::HomeAssistant;
use crate::config::part::{days, seconds};
use crate::config::raw::{self, AgeMap, Key};
use crate::config::settings::{RememberedLimits, Session, SignIn, SignInMethod};

/// Resolves `[session]`.
pub(super) fn session(raw: &raw::Session, home: &HomeAssistant, cx: &mut Context<'_>) -> Session {
    let password_timeout = cx.time(&raw.password_timeout, PASSWORD_TIMEOUT, seconds(1)..=days(365));
    let mut session = Session {
        store: store::store(&raw.store, cx),
        idle_timeout: cx.time(&raw.idle_timeout, Duration::from_mins(30), seconds(1)..=days(365)),
        absolute_timeout: cx.time(&raw.absolute_timeout, Duration::from_hours(12), seconds(1)..=days(365)),
        remembered: None,
        max_age: max_age(&raw.max_age, cx),
        password_timeout: home.config_dir().is_none().then_some(password_timeout),
        per_user: cx.count(&raw.per_user, 100, 1..=10_000),
        cross_site_framing: flag(&raw.cross_site_framing, false),
        store_timeout: cx.time(&raw.store_timeout, seconds(1), Duration::from_millis(10)..=seconds(30)),
        max_outage: cx.time(&raw.max_outage, Duration::from_mins(5), seconds(1)..=days(1)),
    };
    let at = raw.idle_timeout.given().or(raw.absolute_timeout.given()).map(Spanned::span);
    if let Some(at) = at.filter(|_| session.idle_timeout > session.absolute_timeout) {
        let longer = Diagnostic::warning(at, "the idle timeout is longer than the absolute one and never counts");
        cx.add(longer.label("longer or shorter than it looks").hint("make `idle_timeout` the shorter one of the two"));
    }
    session.remembered = remembered(raw, &session, cx);
    let most = session.password_timeout.filter(|timeout| *timeout > session.absolute_timeout);
    if let Some(text) = raw.password_timeout.given().filter(|_| most.is_some()) {
        let longer = Diagnostic::warning(text.span(), "this timeout is longer than the absolute one and never counts");
        cx.add(longer.label("longer than it looks").hint("make `password_timeout` the shorter one of the two"));
    }
    session
}

/// The limits of remembered sessions, which are never the shorter ones.
fn remembered(raw: &raw::Session, ordinary: &Session, cx: &mut Context<'_>) -> Option<RememberedLimits> {
    let keys = [&raw.remembered_idle_timeout, &raw.remembered_absolute_timeout];
    // Where one of the ordinary limits is longer than the default here, it is the default.
    let defaults = [days(30).max(ordinary.idle_timeout), days(180).max(ordinary.absolute_timeout)];
    let [idle, absolute] = [0, 1].map(|which: usize| {
        let (key, default) = if which == 0 { (keys[0], defaults[0]) } else { (keys[1], defaults[1]) };
        cx.time(key, default, seconds(1)..=days(400))
    });
    if !flag(&raw.remember, true) {
        for text in keys.into_iter().filter_map(|key| key.given()) {
            let idle = Diagnostic::warning(text.span(), "no session is remembered, and this never counts");
            cx.add(idle.label("`remember` is false").hint("take this key out, or write remember = true"));
        }
        return None;
    }
    let shorter = [(keys[0], idle < ordinary.idle_timeout), (keys[1], absolute < ordinary.absolute_timeout)];
    for (text, name) in shorter
        .into_iter()
        .zip(["idle_timeout", "absolute_timeout"])
        .filter_map(|((key, is), name)| key.given().filter(|_| is).map(|text| (text, name)))
    {
        let short = Diagnostic::mistake(text.span(), "whoever stays signed in would be signed out sooner than others");
        let hint = format!("make it longer than `{name}`, or write remember = false");
        cx.add(short.label(format!("shorter than `{name}`")).hint(hint));
    }
    if let Some(text) = keys[0].given().or(keys[1].given()).filter(|_| idle > absolute) {
        let longer =
            Diagnostic::warning(text.span(), "the idle timeout is longer than the absolute one and never counts");
        let hint = "make `remembered_idle_timeout` the shorter one of the two";
        cx.add(longer.label("longer or shorter than it looks").hint(hint));
    }
    Some(RememberedLimits { idle, absolute })
}

/// The groups, each with its time.
fn max_age(key: &Key<AgeMap>, cx: &mut Context<'_>) -> Vec<(String, Duration)> {
    let list = key.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
    list.iter().filter_map(|(group, text)| cx.age(text).map(|age| (group.get_ref().clone(), age))).collect()
}

/// How long a changed password may go unseen.
pub(super) const PASSWORD_TIMEOUT: Duration = Duration::from_hours(1);

/// Resolves `[sign_in]`.
pub(super) fn sign_in(raw: &raw::SignIn, home: &HomeAssistant, cx: &mut Context<'_>) -> SignIn {
    let words = [("home-assistant", SignInMethod::HomeAssistant), ("password", SignInMethod::Password)];
    let mut methods = Vec::new();
    for text in raw.methods.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let method = cx.word(text, &words);
        if method == Some(SignInMethod::HomeAssistant) && home.api.is_none() {
            let nowhere = Diagnostic::mistake(text.span(), "Home Assistant's own page, and no word of where that is");
            let hint = "add url = \"http://127.0.0.1:8123\" under [home_assistant]";
            cx.add(nowhere.label("needs `home_assistant.url`").hint(hint));
        }
        methods.extend(method.filter(|method| !methods.contains(method)));
    }
    match raw.methods.given() {
        Some(list) if list.get_ref().is_empty() => {
            let nobody = Diagnostic::mistake(list.span(), "no way to sign in: nobody could");
            cx.add(nobody.label("expected one method or more").hint("write methods = [\"password\"]"));
        }
        Some(_) => {}
        None => methods.push(SignInMethod::Password),
    }
    SignIn {
        methods,
        attempts_per_address: cx.number(&raw.attempts_per_address, 20, 1..=10_000),
        attempts_per_user: cx.number(&raw.attempts_per_user, 8, 1..=10_000),
        window: cx.time(&raw.window, Duration::from_mins(10), seconds(1)..=days(1)),
        ban: cx.time(&raw.ban, Duration::from_mins(15), seconds(1)..=days(1)),
        longest_ban: cx.time(&raw.longest_ban, days(1), seconds(1)..=days(30)),
    }
}
