//! The values of keys that the file does not have.

use std::time::Duration;

use super::quoted;
use crate::config::permissions::GroupSource;
use crate::config::settings::{LogFormat, SessionStore, Settings, SignInMethod, Tls};
use crate::config::units::show_time;

/// What counts where a key is absent; those that then stand for nothing are left out.
pub(super) fn defaults(settings: &Settings) -> Vec<(String, String)> {
    let mut all = vec![("state_dir", path(&settings.state_dir)), ("sandbox", settings.sandbox.to_string())];
    all.extend(listen(settings));
    all.extend(session(settings));
    all.extend(rest(settings));
    let named = all.into_iter().map(|(key, value)| (key.to_owned(), value));
    let limits = settings.limits.shown().into_iter().filter_map(|(key, value)| Some((format!("limits.{key}"), value?)));
    let of_addons = settings.addons.iter().flat_map(|addon| {
        let shown = addon.transport.shown().into_iter();
        shown.filter_map(|(key, value)| Some((format!("addon[{}].{key}", addon.slug), value?)))
    });
    named.chain(limits).chain(of_addons).collect()
}

fn listen(settings: &Settings) -> Vec<(&'static str, String)> {
    let listen = &settings.listen;
    let addresses: Vec<_> = listen.https.iter().map(|listener| quoted(&listener.address.to_string())).collect();
    let operations = listen.operations.map_or_else(|| "false".to_owned(), |address| quoted(&address.to_string()));
    let mut all = vec![
        ("listen.https", format!("[{}]", addresses.join(", "))),
        ("listen.operations", operations),
        ("listen.control", path(&listen.control)),
        ("listen.trusted_proxies", "[]".to_owned()),
        ("tls.ocsp_stapling", settings.ocsp_stapling.to_string()),
        ("home_assistant.max_stale", time(settings.home_assistant.max_stale)),
    ];
    if let Tls::Development { folder } = &settings.tls {
        all.push(("tls.development", path(folder)));
    }
    if let Some(api) = &settings.home_assistant.api {
        all.push(("home_assistant.forward_address", api.forward_address.to_string()));
    }
    let groups = match settings.permissions.source {
        GroupSource::HomeAssistant => "home-assistant",
        GroupSource::Config => "config",
        GroupSource::Both => "both",
    };
    all.push(("permissions.groups", quoted(groups)));
    all
}

fn session(settings: &Settings) -> Vec<(&'static str, String)> {
    let session = &settings.session;
    let store = match &session.store {
        SessionStore::Memory => quoted("memory"),
        SessionStore::File(file) => path(file),
        // It has no default, and an address of it may be more than one wants to show.
        SessionStore::Redis(_) => quoted("redis"),
    };
    let methods = settings.sign_in.methods.iter().map(|method| match method {
        SignInMethod::HomeAssistant => quoted("home-assistant"),
        SignInMethod::Password => quoted("password"),
    });
    let methods: Vec<_> = methods.collect();
    let sign_in = &settings.sign_in;
    let mut all = vec![
        ("session.store", store),
        ("session.idle_timeout", time(session.idle_timeout)),
        ("session.absolute_timeout", time(session.absolute_timeout)),
        ("session.remember", session.remembered.is_some().to_string()),
        ("session.per_user", session.per_user.to_string()),
        ("session.cross_site_framing", session.cross_site_framing.to_string()),
        ("session.store_timeout", time(session.store_timeout)),
        ("session.max_outage", time(session.max_outage)),
        ("sign_in.methods", format!("[{}]", methods.join(", "))),
        ("sign_in.attempts_per_address", sign_in.attempts_per_address.to_string()),
        ("sign_in.attempts_per_user", sign_in.attempts_per_user.to_string()),
        ("sign_in.window", time(sign_in.window)),
        ("sign_in.ban", time(sign_in.ban)),
        ("sign_in.longest_ban", time(sign_in.longest_ban)),
    ];
    if let Some(remembered) = session.remembered {
        all.push(("session.remembered_idle_timeout", time(remembered.idle)));
        all.push(("session.remembered_absolute_timeout", time(remembered.absolute)));
    }
    all.extend(session.password_timeout.map(|timeout| ("session.password_timeout", time(timeout))));
    all
}

fn rest(settings: &Settings) -> Vec<(&'static str, String)> {
    let format = match settings.log.format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    };
    let [red, green, blue] = settings.pages.accent;
    vec![
        ("log.format", quoted(format)),
        ("log.filter", quoted(&settings.log.filter)),
        ("log.access", settings.log.access.to_string()),
        ("headers.reserved", "[]".to_owned()),
        ("assertion.keys", path(&settings.assertion.keys)),
        ("assertion.issuer", quoted(&settings.assertion.issuer)),
        ("assertion.rotate", time(settings.assertion.rotate)),
        ("assertion.overlap", time(settings.assertion.overlap)),
        ("supervisor.state", path(&settings.supervisor.state)),
        ("supervisor.websockets", settings.supervisor.websockets.to_string()),
        ("presence.entities", settings.presence.entities.to_string()),
        ("pages.accent", quoted(&format!("#{red:02x}{green:02x}{blue:02x}"))),
        ("pages.embed_in_home_assistant", settings.pages.embedder.is_some().to_string()),
        ("presence.certificate_warning", time(settings.presence.certificate_warning)),
    ]
}

fn time(time: Duration) -> String {
    quoted(&show_time(time))
}

fn path(path: &std::path::Path) -> String {
    quoted(&path.display().to_string())
}
