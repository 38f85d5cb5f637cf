//! What the audit log has a line for. No event has room for a password, a token or a cookie.

use std::fmt::Display;
use std::net::IpAddr;

use super::reset_outcome::ResetOutcome;
use super::sign_in_outcome::SignInOutcome;
use crate::refusal::Reason;

/// Something that an operator may have to account for.
#[derive(Clone, Copy)]
pub enum AuditEvent<'a> {
    /// Somebody tried to sign in.
    SignIn {
        /// How it ended.
        outcome: SignInOutcome,
        /// How they tried: `password`, `home-assistant`, `certificate`, or `hand_over` from another host.
        method: &'static str,
        /// The user name as it was typed.
        user_name: &'a str,
        /// The user's id, when a session was made.
        user: Option<&'a str>,
        /// The id of the session that was made.
        session: Option<&'a str>,
        /// The client certificate of the connection in short, when there is one.
        certificate: Option<&'a str>,
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
        /// The client certificate of its connection in short, when there is one.
        certificate: Option<&'a str>,
        /// The add-on, when it was known already.
        addon: Option<&'a str>,
        /// The authority's host.
        host: &'a str,
        /// The target as it was sent; secrets are taken out here.
        target: &'a str,
    },
    /// Who was refused asks for access.
    AccessAsked {
        /// The id of the request that was refused.
        refusal: &'a str,
        /// The add-on that it was for.
        addon: Option<&'a str>,
        /// The user's id.
        user: &'a str,
        /// The session's id.
        session: &'a str,
        /// Whose address it came from.
        client: IpAddr,
        /// The request's id.
        request_id: &'a str,
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
        /// user is gone, deactivated, or has another password; `home_assistant`, when it has ended the sign-in there;
        /// `account`, when its user has ended it on their own page; `operator`, when an administrator has on theirs;
        /// `not_me`, when its user has followed the link of an event.
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
