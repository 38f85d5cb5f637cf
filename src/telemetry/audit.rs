//! The audit log: one line for every sign-in, refusal, revocation and reload.
//!
//! Each line answers "who, from where, what and why", under the target `vestibule::audit`. The log's filter does not
//! silence it. No event has room for a password, a token or a cookie.

use std::fmt::Display;
use std::net::IpAddr;

use tracing::Level;

use super::access::{HOST_LIMIT, NAME_LIMIT, TARGET_LIMIT};
use super::line::LogLine;
use super::reset_outcome::ResetOutcome;
use super::sign_in_outcome::SignInOutcome;
use super::sink::Sink;
use crate::refusal::Reason;

/// Something that an operator may have to account for.
#[derive(Clone, Copy)]
pub enum AuditEvent<'a> {
    /// Somebody tried to sign in.
    SignIn {
        /// How it ended.
        outcome: SignInOutcome,
        /// How they tried: `password` or `home-assistant`.
        method: &'static str,
        /// The user name as it was typed.
        user_name: &'a str,
        /// The user's id, when a session was made.
        user: Option<&'a str>,
        /// The id of the session that was made.
        session: Option<&'a str>,
        /// Whose address it came from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
    },
    /// An add-on asked whether a user name and a password belong together.
    PasswordCheck {
        /// The add-on.
        addon: &'a str,
        /// What came of it, which the add-on is told no more of than yes or no.
        outcome: SignInOutcome,
        /// The user name as it was typed.
        user_name: &'a str,
        /// The user's id, when the password is theirs.
        user: Option<&'a str>,
        /// The address that the add-on asked from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
    },
    /// An add-on asked for a new password for somebody.
    PasswordReset {
        /// The add-on.
        addon: &'a str,
        /// What came of it, which the add-on is told no more of than yes or no.
        outcome: ResetOutcome,
        /// The user name as the add-on wrote it.
        user_name: &'a str,
        /// The user's id, when they may be given one.
        user: Option<&'a str>,
        /// The address that the add-on asked from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
    },
    /// Somebody ended their own session.
    SignOut {
        /// The user's id.
        user: &'a str,
        /// The session's id.
        session: &'a str,
        /// Whose address it came from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
    },
    /// An operator made a session at the control socket.
    SessionMade {
        /// The id of the user it is for.
        user: &'a str,
        /// The session's id.
        session: &'a str,
        /// The add-on it is bound to.
        addon: Option<&'a str>,
    },
    /// The protection of an add-on was switched.
    Protection {
        /// Its slug.
        addon: &'a str,
        /// Whether it is on now.
        protected: bool,
        /// Who did: `control`, or the slug of the add-on whose token it was.
        by: &'a str,
    },
    /// A token was made for an add-on; one that it had before ended.
    TokenMade {
        /// Its slug.
        addon: &'a str,
        /// Who did: `control`.
        by: &'a str,
    },
    /// An operator made a key for a program.
    KeyMade {
        /// What it is called.
        name: &'a str,
        /// Its id.
        key: &'a str,
        /// The id of the user in whose name it asks.
        user: &'a str,
        /// The add-on that it opens.
        addon: &'a str,
    },
    /// An operator revoked a key.
    KeyRevoked {
        /// What it is called.
        name: &'a str,
        /// Its id.
        key: &'a str,
    },
    /// A request was refused.
    Refused {
        /// Why.
        reason: Reason,
        /// What was asked and answered, where a protected path was judged.
        why: Option<&'a str>,
        /// Whose address it came from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
        /// The user's id, when it was known already.
        user: Option<&'a str>,
        /// The session's id, when there is one.
        session: Option<&'a str>,
        /// What the key is called that it came with, when it came with one.
        key: Option<&'a str>,
        /// The add-on, when it was known already.
        addon: Option<&'a str>,
        /// The authority's host.
        host: &'a str,
        /// The target as it was sent; secrets are taken out here.
        target: &'a str,
    },
    /// A secret in the cookie of a remembered session was shown again after it had been replaced. The session ended.
    TokenReused {
        /// The user's id.
        user: &'a str,
        /// The session's id.
        session: &'a str,
        /// The device that it was made on, in words.
        device: &'a str,
        /// Whose address it was made from. Where the secret came from now is in the line of the refusal.
        address: Option<IpAddr>,
    },
    /// Sessions were revoked.
    Revoked {
        /// Which.
        what: Revoked<'a>,
        /// How many there were.
        count: u64,
        /// Who did it, or what: `control`; `sign_in`, which ends the browser's session before; `user_changed`, when a
        /// user is gone, deactivated, or has another password; `home_assistant`, when it has ended the sign-in there.
        by: &'static str,
    },
    /// An operator lifted bans from signing in.
    BansLifted {
        /// Whose address it was; none is every address.
        address: Option<IpAddr>,
        /// Which user name it was; none is every name.
        user_name: Option<&'a str>,
        /// How many tallies are forgotten.
        count: u64,
    },
    /// The configuration was read again.
    Reload {
        /// Why the old one was kept, if it was.
        error: Option<&'a dyn Display>,
    },
    /// A configuration is on trial, or no longer.
    Trial {
        /// What happened.
        step: TrialStep,
    },
}

/// What happened to a configuration on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialStep {
    /// It is on trial from now on.
    Begun,
    /// The operator confirmed it.
    Confirmed,
    /// The last confirmed configuration is in force again.
    TakenBack,
    /// The last confirmed configuration cannot be put in force.
    Stuck,
}

impl TrialStep {
    /// Its word in the log.
    pub fn label(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Confirmed => "confirmed",
            Self::TakenBack => "taken_back",
            Self::Stuck => "stuck",
        }
    }
}

/// Which sessions were revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked<'a> {
    /// One, by its id.
    One(&'a str),
    /// All of one user, by the user's id.
    User(&'a str),
    /// Every session of everybody.
    All,
}

/// The audit log.
#[derive(Debug, Clone)]
pub struct AuditLog {
    sink: Sink,
}

impl AuditLog {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink }
    }

    /// Writes the event's line.
    pub fn write(&self, event: &AuditEvent<'_>) {
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

fn level(event: &AuditEvent<'_>) -> Level {
    match event {
        AuditEvent::SignIn { outcome: SignInOutcome::Success, .. }
        | AuditEvent::PasswordCheck { outcome: SignInOutcome::Success, .. }
        | AuditEvent::SignOut { .. }
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
        AuditEvent::SignIn { outcome, method, user_name, user, session, client, request_id } => {
            tried(line, "sign_in", outcome.label(), ("method", method), user_name);
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
        AuditEvent::SessionMade { user, session, addon } => {
            line.word("event", "session_made");
            line.word("by", "control");
            optional(line, "addon", addon);
            origin(line, Some(user), Some(session), None);
        }
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
        AuditEvent::Refused { reason, why, client, request_id, user, session, key, addon, host, target } => {
            line.word("event", "refused");
            line.word("reason", reason.label());
            if let Some(why) = why {
                line.text("why", why.as_bytes(), WHY_LIMIT);
            }
            optional(line, "addon", addon);
            line.text("host", host.as_bytes(), HOST_LIMIT);
            line.target("uri", target.as_bytes(), TARGET_LIMIT);
            optional(line, "key", key);
            origin(line, user, session, Some((client, request_id)));
        }
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
        AuditEvent::Trial { step } => {
            line.word("event", "trial");
            line.word("result", step.label());
        }
        AuditEvent::Reload { .. } => {
            line.word("event", "reload");
            line.word("result", if error.is_none() { "success" } else { "failure" });
            if let Some(error) = error {
                line.text("error", error.as_bytes(), ERROR_LIMIT);
            }
        }
    }
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
    use super::*;
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
                client: CLIENT,
                request_id: "r1",
            },
            AuditEvent::SignOut { user: "zoe-id", session: "s1", client: CLIENT, request_id: "r2" },
            AuditEvent::SessionMade { user: "zoe-id", session: "0123456789abcdefTOKEN", addon: Some("whoami") },
            AuditEvent::Refused {
                reason: Reason::AdminOnly,
                why: None,
                client: CLIENT,
                request_id: "r3",
                user: Some("frank-id"),
                session: Some("s2"),
                key: None,
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
