//! Commands to a running vestibule.

use std::path::Path;

use super::keys;
use super::output::{Exit, Format, Output};
use super::why;
use crate::clock::Timestamp;
use crate::config;
use crate::operations::control::{AddonLine, AddonState, Answer, BanLine, Request, SessionLine, StatusReport, ask};
use crate::operations::{ApiState, ConfigurationState, ReadinessState};

/// Asks the vestibule that serves this configuration, and shows its answer.
pub(super) fn run(file: &Path, request: &Request, format: Format) -> Exit {
    Output::with_standard_streams(|output| match answer(file, request, output) {
        Ok(Answer::Sessions { sessions, more, away }) if format == Format::Json => {
            let lines: Vec<_> = sessions.iter().map(as_json).collect();
            output.result(&serde_json::json!({ "sessions": lines, "more": more }).to_string());
            only_here(away.as_deref(), output);
            Exit::Done
        }
        Ok(Answer::Keys { keys }) if format == Format::Json => {
            let lines: Vec<_> = keys.iter().map(keys::as_json).collect();
            output.result(&serde_json::json!({ "keys": lines }).to_string());
            Exit::Done
        }
        Ok(Answer::Bans { bans }) if format == Format::Json => {
            let lines: Vec<_> = bans.iter().map(ban_as_json).collect();
            output.result(&serde_json::json!({ "bans": lines }).to_string());
            Exit::Done
        }
        Ok(Answer::Certificates { certificates }) if format == Format::Json => {
            let lines: Vec<_> = certificates.iter().map(super::certificates::as_json).collect();
            output.result(&serde_json::json!({ "certificates": lines }).to_string());
            Exit::Done
        }
        Ok(Answer::Refusal(refusal)) if format == Format::Json => {
            output.result(&serde_json::json!(refusal).to_string());
            Exit::Done
        }
        Ok(Answer::Status(status)) if format == Format::Json => {
            output.result(&status_as_json(&status).to_string());
            Exit::Done
        }
        Ok(answer) => show(answer, output),
        Err(exit) => exit,
    })
}

/// Whether the vestibule that serves this configuration is ready, as `/readyz` has it. Over the control socket, which
/// is there without an operations listener too.
pub(super) fn health(file: &Path) -> Exit {
    Output::with_standard_streams(|output| match answer(file, &Request::Status {}, output) {
        Ok(Answer::Status(status)) if status.ready => {
            output.result("ready");
            Exit::Done
        }
        Ok(Answer::Status(status)) => {
            output.notice(&format!("not ready: {}\n", serde_json::json!(status.state)));
            Exit::Failed
        }
        Ok(answer) => {
            show(answer, output);
            Exit::Failed
        }
        // To a health check there is nothing between well and unwell: Docker reserves 2.
        Err(_) => Exit::Failed,
    })
}

/// Asks the vestibule that serves this configuration, and says why when there is no answer.
pub(super) fn answer(file: &Path, request: &Request, output: &mut Output<'_>) -> Result<Answer, Exit> {
    let socket = config::control_socket(file).map_err(|found| {
        output.notice(&found.render(output.styling()));
        Exit::Mistaken
    })?;
    ask(&socket, request).map_err(|error| {
        output.notice(&format!("error: {}\nhint: {}\n", crate::telemetry::chain(&error), error.hint()));
        Exit::Failed
    })
}

pub(super) fn show(answer: Answer, output: &mut Output<'_>) -> Exit {
    match answer {
        Answer::Sessions { sessions, more, away } => {
            if sessions.is_empty() {
                output.notice("no live sessions\n");
            }
            for session in &sessions {
                output.result(&line(session));
            }
            if more > 0 {
                output.notice(&format!("and {more} more\n"));
            }
            only_here(away.as_deref(), output);
        }
        Answer::SessionMade { cookie, .. } => output.result(cookie.reveal()),
        Answer::KeyMade { key, id } => {
            output.notice(&format!("note: key {id}; it is shown this once\n"));
            output.result(key.reveal());
        }
        Answer::Keys { keys } => {
            if keys.is_empty() {
                output.notice("no keys\n");
            }
            for key in &keys {
                output.result(&keys::line(key));
            }
        }
        Answer::Bans { bans } => {
            if bans.is_empty() {
                output.notice("nobody is banned\n");
            }
            for ban in &bans {
                let user = ban.user.as_deref().map(|user| format!(" user={user:?}")).unwrap_or_default();
                output.result(&format!("{} until={}{user}", ban.address, Timestamp::from_millis(ban.until)));
            }
        }
        Answer::Certificates { certificates } => {
            for certificate in &certificates {
                output.result(&super::certificates::line(certificate));
            }
        }
        Answer::Ordering { count } => {
            output.result(&format!("{count} on order: `vestibule certificates` shows how it went"));
        }
        Answer::Lifted { count } => output.result(&format!("{count} lifted")),
        Answer::Revoked { count } => output.result(&format!("{count} revoked")),
        Answer::Reloaded { remarks } => {
            output.result("reloaded");
            for remark in &remarks {
                output.notice(&format!("note: {remark}\n"));
            }
        }
        Answer::Confirmed {} => output.result("confirmed"),
        Answer::Refusal(refusal) => output.result(&why::text(&refusal)),
        Answer::Status(status) => output.result(&report(&status)),
        Answer::Protection { slug, protected, .. } => {
            output.result(&format!("{slug}: protection is {}", if protected { "on" } else { "off" }));
        }
        Answer::TokenMade { token } => output.result(token.reveal()),
        Answer::Failed { message } => {
            // What is wrong in a configuration comes as `check` prints it, each mistake under a heading of its own.
            let heading =
                if message.starts_with("error: ") || message.starts_with("warning: ") { "" } else { "error: " };
            output.notice(&format!("{heading}{}\n", message.trim_end()));
            return Exit::Failed;
        }
    }
    Exit::Done
}

fn only_here(away: Option<&str>, output: &mut Output<'_>) {
    if let Some(why) = away {
        output.notice(&format!("note: these are the sessions that this node knows, not those of the others: {why}\n"));
    }
}

/// Times are RFC 3339, as in the log.
fn as_json(session: &SessionLine) -> serde_json::Value {
    let at = |millis| Timestamp::from_millis(millis).to_string();
    serde_json::json!({
        "id": session.id,
        "user_id": session.user_id,
        "user_name": session.user_name,
        "addon": session.addon,
        "made_by": session.made_by,
        "client": session.client,
        "user_agent": session.user_agent,
        "device": session.device,
        "remembered": session.remembered,
        "created": at(session.created),
        "last_seen": at(session.last_seen),
        "expires": at(session.expires),
    })
}

fn ban_as_json(ban: &BanLine) -> serde_json::Value {
    serde_json::json!({
        "address": ban.address,
        "user": ban.user,
        "until": Timestamp::from_millis(ban.until).to_string(),
    })
}

fn status_as_json(status: &StatusReport) -> serde_json::Value {
    let at = |millis| Timestamp::from_millis(millis).to_string();
    let addon = |line: &AddonLine| {
        serde_json::json!({
            "slug": line.slug,
            "state": word(line.state),
            "since": line.since.map(at),
            "why": line.why,
        })
    };
    serde_json::json!({
        "version": status.version,
        "pid": status.pid,
        "started": at(status.started),
        "config": status.config,
        "listens": status.listens,
        "sessions": status.sessions,
        "ready": status.ready,
        "state": status.state,
        "configuration_note": status.configuration_note,
        "addons": status.addons.iter().map(addon).collect::<Vec<_>>(),
    })
}

fn line(session: &SessionLine) -> String {
    let user = session.user_name.as_deref().unwrap_or(&session.user_id);
    let addon = session.addon.as_deref().map(|addon| format!(" addon={addon}")).unwrap_or_default();
    let client = session.client.as_deref().unwrap_or("-");
    let device = session.device.as_deref().map(|device| format!(" device={device:?}")).unwrap_or_default();
    let remembered = if session.remembered { " remembered" } else { "" };
    let agent = Some(&session.user_agent).filter(|words| !words.is_empty());
    let agent = agent.map(|words| format!(" agent={words:?}")).unwrap_or_default();
    format!(
        "{} user={} user_id={} by={} client={client} created={} seen={} expires={}{remembered}{addon}{device}{agent}",
        session.id,
        user.escape_debug(),
        session.user_id,
        session.made_by,
        Timestamp::from_millis(session.created),
        Timestamp::from_millis(session.last_seen),
        Timestamp::from_millis(session.expires),
    )
}

/// A state in the word that `/readyz` has for it.
fn word(state: impl serde::Serialize) -> String {
    serde_json::to_value(state).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn report(status: &StatusReport) -> String {
    let ReadinessState {
        directory,
        registries,
        home_assistant,
        session_store,
        listeners,
        certificates,
        configuration,
        draining,
    } = status.state;
    let note = match (configuration, &status.configuration_note) {
        (ConfigurationState::Confirmed, _) => String::new(),
        (_, None) => format!(" ({})", word(configuration)),
        (_, Some(note)) => format!(" ({}: {note})", word(configuration)),
    };
    let draining = if draining { ", draining" } else { "" };
    format!(
        "vestibule {} (pid {}) since {}\nconfiguration: {}{note}\nlistening on: {}\nsessions: {}\nusers: {}\nregistries: {}\n\
         home assistant: {}{}\nsession store: {}\nlisteners: {}\ncertificates: {}\n{}{draining}",
        status.version,
        status.pid,
        Timestamp::from_millis(status.started),
        status.config,
        status.listens.join(", "),
        status.sessions,
        word(directory),
        word(registries),
        word(home_assistant),
        if home_assistant == ApiState::Untrusted { UNTRUSTED } else { "" },
        word(session_store),
        word(listeners),
        word(certificates),
        if status.ready { "ready" } else { "not ready" },
    ) + &status.addons.iter().map(addon).collect::<String>()
}

fn addon(line: &AddonLine) -> String {
    let since = line.since.map(|since| format!(" since {}", Timestamp::from_millis(since))).unwrap_or_default();
    let why = line.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let state = match line.state {
        AddonState::Unknown => "not asked yet",
        AddonState::Up => "up",
        AddonState::Down => "down",
    };
    format!("\nadd-on {}: {state}{since}{why}", line.slug)
}

/// What to change, and where.
const UNTRUSTED: &str = " (it answers 400 to X-Forwarded-For: add vestibule's address to the trusted proxies of Home \
                         Assistant, or set `forward_address = false` under [home_assistant])";
