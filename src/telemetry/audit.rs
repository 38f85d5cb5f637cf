//! The audit log: one line for every sign-in, refusal, revocation and reload.
//!
//! Each line answers "who, from where, what and why", under the target `vestibule::audit`. The log's filter does not
//! silence it. No event has room for a password, a token or a cookie.

use std::net::IpAddr;

use http::StatusCode;
use prometheus_client::metrics::counter::Counter;
use tracing::Level;

use super::access::{HOST_LIMIT, NAME_LIMIT, TARGET_LIMIT};
use super::audit_event::{AuditEvent, Revoked, TrialStep};
use super::audit_tap::{AuditTap, Notable, Notables};
use super::line::LogLine;
use super::sign_in_outcome::SignInOutcome;
use super::sink::Sink;

/// The audit log.
#[derive(Debug, Clone)]
pub struct AuditLog {
    sink: Sink,
    tap: AuditTap,
}

impl AuditLog {
    pub(super) fn new(sink: Sink, dropped: Counter) -> Self {
        Self { sink, tap: AuditTap::new(dropped) }
    }

    /// What Home Assistant may be told, from when [`Self::tell_notables`] says so. There is one reader.
    pub fn notables(&self) -> Option<Notables> {
        self.tap.take()
    }

    /// Whether anybody wants to hear what Home Assistant may be told.
    pub fn tell_notables(&self, wanted: bool) {
        self.tap.switch(wanted);
    }

    /// Writes the event's line.
    pub fn write(&self, event: &AuditEvent<'_>) {
        self.tap.offer(|| notable(event));
        // Made before the line is begun: what an error says of itself is code of others.
        let error = match event {
            AuditEvent::Reload { error } => error.map(ToString::to_string),
            _ => None,
        };
        let (format, at) = (self.sink.format(), self.sink.clock().now());
        self.sink.append(|out, stamp| {
            let mut line = LogLine::begin(out, stamp, format, at, level(event), "vestibule::audit");
            fill(&mut line, event, error.as_deref());
            line.end();
        });
    }
}

/// What of it Home Assistant may be told. Never what was typed as a name: it may have been a password.
fn notable(event: &AuditEvent<'_>) -> Option<Notable> {
    match *event {
        // Not a session that was handed over from another one, nor one that Home Assistant's own pages asked for.
        AuditEvent::SignIn {
            outcome: SignInOutcome::Success,
            method: method @ ("password" | "home-assistant" | "certificate"),
            user: Some(user),
            session: Some(session),
            client,
            ..
        } => Some(Notable::SignedIn {
            user: user.parse().ok()?,
            session: session.to_owned(),
            client,
            method: method.to_owned(),
        }),
        AuditEvent::SignIn { outcome, client, .. } | AuditEvent::PasswordCheck { outcome, client, .. } => match outcome
        {
            SignInOutcome::TooManyAttempts => Some(Notable::Throttled { client, banned: false }),
            SignInOutcome::Banned => Some(Notable::Throttled { client, banned: true }),
            _ => None,
        },
        AuditEvent::Revoked { what: Revoked::One(session), by: "not_me", .. } => {
            Some(Notable::NotMe { session: session.to_owned() })
        }
        AuditEvent::Refused { reason, user: Some(user), addon, client, request_id, .. }
            if reason.row().status == StatusCode::FORBIDDEN =>
        {
            let (addon, id) = (addon.map(str::to_owned), request_id.to_owned());
            Some(Notable::Refused { user: user.parse().ok()?, addon, id, reason: Some(reason), client })
        }
        AuditEvent::AccessAsked { refusal, addon, user, client, .. } => {
            let (addon, id) = (addon.map(str::to_owned), refusal.to_owned());
            Some(Notable::Refused { user: user.parse().ok()?, addon, id, reason: None, client })
        }
        _ => None,
    }
}

fn level(event: &AuditEvent<'_>) -> Level {
    match event {
        AuditEvent::SignIn { outcome: SignInOutcome::Success, .. }
        | AuditEvent::PasswordCheck { outcome: SignInOutcome::Success, .. }
        | AuditEvent::SignOut { .. }
        | AuditEvent::AccessAsked { .. }
        | AuditEvent::SessionMade { .. }
        | AuditEvent::Protection { protected: true, .. }
        | AuditEvent::TokenMade { .. }
        | AuditEvent::KeyMade { .. }
        | AuditEvent::KeyRevoked { .. }
        | AuditEvent::Revoked { .. }
        | AuditEvent::BansLifted { .. }
        | AuditEvent::Trial { step: TrialStep::Begun | TrialStep::Confirmed }
        | AuditEvent::Reload { error: None } => Level::INFO,
        AuditEvent::SignIn { .. }
        | AuditEvent::PasswordCheck { .. }
        | AuditEvent::PasswordReset { .. }
        | AuditEvent::Protection { protected: false, .. } => Level::WARN,
        AuditEvent::Refused { reason, .. } => reason.row().level,
        AuditEvent::Trial { step: TrialStep::TakenBack | TrialStep::Stuck }
        | AuditEvent::TokenReused { .. }
        | AuditEvent::Reload { error: Some(_) } => Level::ERROR,
    }
}

fn fill(line: &mut LogLine<'_>, event: &AuditEvent<'_>, error: Option<&str>) {
    match *event {
        AuditEvent::SignIn { outcome, method, user_name, user, session, certificate, client, request_id } => {
            tried(line, "sign_in", outcome.label(), ("method", method), user_name);
            optional(line, "certificate", certificate);
            origin(line, user, session, Some((client, request_id)));
        }
        AuditEvent::PasswordCheck { addon, outcome, user_name, user, client, request_id } => {
            tried(line, "password_check", outcome.label(), ("addon", addon), user_name);
            origin(line, user, None, Some((client, request_id)));
        }
        AuditEvent::PasswordReset { addon, outcome, user_name, user, client, request_id } => {
            tried(line, "password_reset", outcome.label(), ("addon", addon), user_name);
            origin(line, user, None, Some((client, request_id)));
        }
        AuditEvent::SignOut { user, session, client, request_id } => {
            line.word("event", "sign_out");
            origin(line, Some(user), Some(session), Some((client, request_id)));
        }
        AuditEvent::AccessAsked { refusal, addon, user, session, client, request_id } => {
            line.word("event", "access_asked");
            line.text("refusal", refusal.as_bytes(), NAME_LIMIT);
            optional(line, "addon", addon);
            origin(line, Some(user), Some(session), Some((client, request_id)));
        }
        AuditEvent::SessionMade { user, session, addon } => session_made(line, (user, session), addon),
        AuditEvent::Protection { addon, protected, by } => {
            line.word("event", "protection");
            line.word("result", if protected { "on" } else { "off" });
            line.text("by", by.as_bytes(), NAME_LIMIT);
            optional(line, "addon", Some(addon));
        }
        AuditEvent::KeyMade { name, key, user, addon } => {
            of_key(line, "key_made", name, key);
            optional(line, "addon", Some(addon));
            origin(line, Some(user), None, None);
        }
        AuditEvent::KeyRevoked { name, key } => of_key(line, "key_revoked", name, key),
        AuditEvent::TokenMade { addon, by } => {
            line.word("event", "token_made");
            line.text("by", by.as_bytes(), NAME_LIMIT);
            optional(line, "addon", Some(addon));
        }
        AuditEvent::Refused { .. } => refused(line, event),
        AuditEvent::TokenReused { user, session, device, address } => {
            token_reused(line, (user, session), device, address);
        }
        AuditEvent::Revoked { what, count, by } => {
            line.word("event", "revoked");
            line.word("by", by);
            line.number("count", count);
            revoked(line, what);
        }
        AuditEvent::BansLifted { address, user_name, count } => bans_lifted(line, address, user_name, count),
        AuditEvent::Trial { step } => trial(line, step),
        AuditEvent::Reload { .. } => {
            line.word("event", "reload");
            line.word("result", if error.is_none() { "success" } else { "failure" });
            if let Some(error) = error {
                line.text("error", error.as_bytes(), ERROR_LIMIT);
            }
        }
    }
}

fn refused(line: &mut LogLine<'_>, event: &AuditEvent<'_>) {
    let AuditEvent::Refused { reason, why, client, request_id, user, session, key, certificate, addon, host, target } =
        *event
    else {
        return;
    };
    line.word("event", "refused");
    line.word("reason", reason.label());
    if let Some(why) = why {
        line.text("why", why.as_bytes(), WHY_LIMIT);
    }
    optional(line, "addon", addon);
    line.text("host", host.as_bytes(), HOST_LIMIT);
    line.target("uri", target.as_bytes(), TARGET_LIMIT);
    optional(line, "key", key);
    optional(line, "certificate", certificate);
    origin(line, user, session, Some((client, request_id)));
}

fn session_made(line: &mut LogLine<'_>, (user, session): (&str, &str), addon: Option<&str>) {
    line.word("event", "session_made");
    line.word("by", "control");
    optional(line, "addon", addon);
    origin(line, Some(user), Some(session), None);
}

fn token_reused(line: &mut LogLine<'_>, (user, session): (&str, &str), device: &str, address: Option<IpAddr>) {
    line.word("event", "token_reused");
    line.text("device", device.as_bytes(), NAME_LIMIT);
    let address = address.map(|address| address.to_string());
    optional(line, "signed_in_from", address.as_deref());
    origin(line, Some(user), Some(session), None);
}

fn tried(
    line: &mut LogLine<'_>,
    event: &'static str,
    outcome: &'static str,
    by: (&'static str, &str),
    user_name: &str,
) {
    line.word("event", event);
    line.word("outcome", outcome);
    line.text(by.0, by.1.as_bytes(), NAME_LIMIT);
    line.text("user_name", user_name.as_bytes(), NAME_LIMIT);
}

fn revoked(line: &mut LogLine<'_>, what: Revoked<'_>) {
    match what {
        Revoked::One(session) => origin(line, None, Some(session), None),
        Revoked::User(user) => origin(line, Some(user), None, None),
        Revoked::All => line.word("what", "all"),
    }
}

fn bans_lifted(line: &mut LogLine<'_>, address: Option<IpAddr>, user_name: Option<&str>, count: u64) {
    line.word("event", "bans_lifted");
    line.word("by", "control");
    line.number("count", count);
    optional(line, "user_name", user_name);
    if let Some(address) = address {
        line.address("client", address);
    }
}

fn trial(line: &mut LogLine<'_>, step: TrialStep) {
    line.word("event", "trial");
    line.word("result", step.label());
}

fn of_key(line: &mut LogLine<'_>, event: &'static str, name: &str, key: &str) {
    line.word("event", event);
    line.word("by", "control");
    line.text("name", name.as_bytes(), NAME_LIMIT);
    line.text("key", key.as_bytes(), NAME_LIMIT);
}

fn origin(line: &mut LogLine<'_>, user: Option<&str>, session: Option<&str>, request: Option<(IpAddr, &str)>) {
    optional(line, "user", user);
    if let Some(session) = session {
        line.text("session", session.as_bytes(), SESSION_LIMIT);
    }
    if let Some((client, request_id)) = request {
        line.address("client", client);
        line.text("request_id", request_id.as_bytes(), NAME_LIMIT);
    }
}

fn optional(line: &mut LogLine<'_>, key: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        line.text(key, value.as_bytes(), NAME_LIMIT);
    }
}

/// Bytes that are shown of a session's id: enough to find it in `sessions list`. Were a token ever passed by mistake,
/// it would be of no use so short.
const SESSION_LIMIT: usize = 16;

/// Bytes that are shown of what was asked and answered: one rule and its entity, with the names of groups and areas.
const WHY_LIMIT: usize = 1024;

/// Bytes that are shown of an error: a report on a configuration has many lines.
const ERROR_LIMIT: usize = 2048;

#[cfg(test)]
mod tests {
    use super::super::reset_outcome::ResetOutcome;
    use super::*;
    use crate::refusal::Reason;
    use crate::telemetry::LogFormat;
    use crate::telemetry::Telemetry;
    use serde_json::Value;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn events() -> Vec<AuditEvent<'static>> {
        vec![
            AuditEvent::SignIn {
                outcome: SignInOutcome::WrongPassword,
                method: "password",
                user_name: "zoë\r\nvestibule::audit: event=sign_in",
                user: Some("zoe-id"),
                session: None,
                certificate: None,
                client: CLIENT,
                request_id: "r1",
            },
            AuditEvent::SignOut { user: "zoe-id", session: "s1", client: CLIENT, request_id: "r2" },
            AuditEvent::AccessAsked {
                refusal: "r0",
                addon: Some("admin"),
                user: "zoe-id",
                session: "s1",
                client: CLIENT,
                request_id: "r5",
            },
            AuditEvent::SessionMade { user: "zoe-id", session: "0123456789abcdefTOKEN", addon: Some("whoami") },
            AuditEvent::Refused {
                reason: Reason::AdminOnly,
                why: None,
                client: CLIENT,
                request_id: "r3",
                user: Some("frank-id"),
                session: Some("s2"),
                key: None,
                certificate: None,
                addon: Some("admin"),
                host: "home",
                target: "/ingress/admin?token=TOKEN",
            },
            AuditEvent::Revoked { what: Revoked::All, count: 3, by: "control" },
            AuditEvent::TokenReused {
                user: "zoe-id",
                session: "s1",
                device: "Firefox on Android",
                address: Some(CLIENT),
            },
            AuditEvent::Protection { addon: "z2m", protected: false, by: "control" },
            AuditEvent::TokenMade { addon: "z2m", by: "control" },
            AuditEvent::PasswordReset {
                outcome: ResetOutcome::Administrator,
                addon: "z2m",
                user_name: "olivia",
                user: None,
                client: CLIENT,
                request_id: "r4",
            },
            AuditEvent::Trial { step: TrialStep::TakenBack },
            AuditEvent::Reload { error: Some(&"line 3\n  hint: do") },
        ]
    }

    #[test]
    fn each_event_is_one_line_without_secrets_in_both_formats() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let (telemetry, captured) = Telemetry::captured(format);
            for event in events() {
                telemetry.audit.write(&event);
            }
            let lines = captured.lines();
            assert_eq!(lines.len(), events().len(), "{lines:#?}");
            for line in &lines {
                assert!(line.contains("vestibule::audit") && !line.contains("TOKEN"), "{line}");
                assert!(format == LogFormat::Text || serde_json::from_str::<Value>(line).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn a_failed_sign_in_says_who_from_where_and_why() {
        let (telemetry, captured) = Telemetry::captured(LogFormat::Json);
        telemetry.audit.write(&events()[0]);
        let mut json: Value = serde_json::from_str(&captured.lines()[0]).unwrap();
        json["timestamp"].take();
        assert_eq!(
            json,
            serde_json::json!({
                "timestamp": null, "level": "WARN", "target": "vestibule::audit", "event": "sign_in",
                "outcome": "wrong_password", "method": "password",
                "user_name": "zoë\r\nvestibule::audit: event=sign_in", "user": "zoe-id", "client": "127.0.0.1",
                "request_id": "r1",
            })
        );
    }

    #[test]
    fn labels_of_outcomes_are_all_different() {
        let labels: std::collections::BTreeSet<_> = SignInOutcome::ALL.iter().map(|outcome| outcome.label()).collect();
        assert_eq!(labels.len(), SignInOutcome::ALL.len());
    }
}
