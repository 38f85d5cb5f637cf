//! `[session]`, `[sign_in]`, `[limits]` and `[log]`: in come raw values, out come real ones with their defaults. The
//! bounds keep out what is absurd; the defaults are the ones that `config.toml` documents.

use std::time::Duration;

use toml::Spanned;
use tracing_subscriber::EnvFilter;

use super::context::{Context, days, flag, seconds};
use super::{addon_api, store};
use crate::config::diagnostic::Diagnostic;
use crate::config::home::HomeAssistant;
use crate::config::limits::Limits;
use crate::config::raw;
use crate::config::settings::{Log, LogFormat, Session, SignIn, SignInMethod};

/// Resolves `[session]`.
pub(super) fn session(raw: &raw::Session, home: &HomeAssistant, cx: &mut Context<'_>) -> Session {
    let password_timeout = cx.time(&raw.password_timeout, PASSWORD_TIMEOUT, seconds(1)..=days(365));
    let session = Session {
        store: store::store(&raw.store, cx),
        idle_timeout: cx.time(&raw.idle_timeout, Duration::from_mins(30), seconds(1)..=days(365)),
        absolute_timeout: cx.time(&raw.absolute_timeout, Duration::from_hours(12), seconds(1)..=days(365)),
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
    let most = session.password_timeout.filter(|timeout| *timeout > session.absolute_timeout);
    if let Some(text) = raw.password_timeout.given().filter(|_| most.is_some()) {
        let longer = Diagnostic::warning(text.span(), "this timeout is longer than the absolute one and never counts");
        cx.add(longer.label("longer than it looks").hint("make `password_timeout` the shorter one of the two"));
    }
    session
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

/// Resolves `[limits]`.
pub(super) fn limits(raw: &raw::Limits, cx: &mut Context<'_>) -> Limits {
    let hour = Duration::from_hours(1);
    let body_stall_timeout = cx.time(&raw.body_stall_timeout, seconds(60), seconds(1)..=hour);
    let judged_body_size = cx.size(&raw.judged_body_size, 64 << 10, 1 << 10..=16 << 20);
    // Room for a few of the largest, whatever that is.
    let of_user = judged_body_size.saturating_mul(4).max(4 << 20);
    let limits = Limits {
        connections: cx.count(&raw.connections, 4096, 1..=1_000_000),
        connections_per_address: cx.count(&raw.connections_per_address, 256, 1..=1_000_000),
        handshake_timeout: cx.time(&raw.handshake_timeout, seconds(10), seconds(1)..=Duration::from_mins(5)),
        header_timeout: cx.time(&raw.header_timeout, seconds(15), seconds(1)..=Duration::from_mins(5)),
        idle_timeout: cx.time(&raw.idle_timeout, seconds(75), seconds(1)..=hour),
        header_size: usize::try_from(cx.size(&raw.header_size, 16 << 10, 1 << 10..=1 << 20)).unwrap_or(16 << 10),
        header_count: cx.count(&raw.header_count, 100, 10..=10_000),
        http2_streams: cx.number(&raw.http2_streams, 128, 1..=10_000),
        http2_control_frames: cx.number(&raw.http2_control_frames, 1000, 100..=1_000_000),
        body_stall_timeout,
        unread_timeout: cx.time(&raw.unread_timeout, body_stall_timeout, seconds(1)..=hour),
        min_rate_bytes: cx.size(&raw.min_rate_bytes, 4 << 10, 1..=1 << 20),
        min_rate_window: cx.time(&raw.min_rate_window, seconds(60), seconds(1)..=hour),
        drain_timeout: cx.time(&raw.drain_timeout, seconds(10), seconds(1)..=hour),
        judged_body_size: usize::try_from(judged_body_size).unwrap_or(usize::MAX),
        judged_body_timeout: cx.time(&raw.judged_body_timeout, seconds(60), seconds(1)..=hour),
        judged_bytes: cx.bytes(&raw.judged_bytes, of_user.saturating_mul(8), 1 << 10..=1 << 40),
        judged_bytes_per_user: cx.bytes(&raw.judged_bytes_per_user, of_user, 1 << 10..=1 << 40),
        sign_in_forms: cx.count(&raw.sign_in_forms, 256, 1..=10_000),
        sign_in_forms_per_address: cx.count(&raw.sign_in_forms_per_address, 32, 1..=10_000),
        addon_api: addon_api::limits(raw, cx),
        home_assistant_connections: cx.count(&raw.home_assistant_connections, 1024, 1..=100_000),
        home_assistant_connections_per_address: cx.count(&raw.home_assistant_connections_per_address, 512, 1..=100_000),
    };
    judged(raw, &limits, cx);
    let at = raw.connections_per_address.given().or(raw.connections.given()).map(Spanned::span);
    if let Some(at) = at.filter(|_| limits.connections_per_address > limits.connections) {
        let more = Diagnostic::warning(at, "one address may take all connections");
        let hint = format!("`connections` is {}: allow one address fewer", limits.connections);
        cx.add(more.label("`connections_per_address` never counts").hint(hint));
    }
    limits
}

/// A body that may be larger than what there is for bodies would be refused whenever it came.
fn judged(raw: &raw::Limits, limits: &Limits, cx: &mut Context<'_>) {
    let at = raw.judged_body_size.given().or(raw.judged_bytes_per_user.given()).or(raw.judged_bytes.given());
    let room = limits.judged_bytes.min(limits.judged_bytes_per_user);
    if let Some(at) = at.map(Spanned::span).filter(|_| limits.judged_body_size.saturating_mul(2) > room) {
        let small = Diagnostic::mistake(at, "no room for one body of the size that is read");
        let hint = "make `judged_bytes_per_user` and `judged_bytes` at least twice `judged_body_size`";
        cx.add(small.label("`judged_body_size` never comes in whole").hint(hint));
    }
}

/// Resolves `[log]`.
pub(super) fn log(raw: &raw::Log, cx: &mut Context<'_>) -> Log {
    let words = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let filter = raw.filter.given();
    if let Some(text) = filter
        && let Err(err) = EnvFilter::builder().parse(text.get_ref())
    {
        let bad = Diagnostic::mistake(text.span(), format!("not a filter: {err}"));
        cx.add(
            bad.label("expected a level, or targets and levels")
                .hint("write \"info\" or \"info,vestibule::http=debug\""),
        );
    }
    Log {
        format: cx.word_or(&raw.format, LogFormat::Text, &words),
        filter: filter.map_or_else(|| "info".to_owned(), |text| text.get_ref().clone()),
        access: flag(&raw.access, true),
    }
}
