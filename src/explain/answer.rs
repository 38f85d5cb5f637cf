//! An answer as programs read it: the decision, the reason in words, and everything that it stands on.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::because::{Because, EchoedQuestion, Part};
use super::groups::Groups;
use super::question::Question;
use super::reason;
use super::registered::Registered;
use crate::authorization::{Decision, may_enter};
use crate::http::ClientAddr;
use crate::identity::User;
use crate::permission::FoundBy;

/// The answer to one question.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    #[serde(flatten)]
    pub(crate) question: EchoedQuestion<'a>,
    pub(crate) decision: Outcome,
    /// One sentence for people.
    pub(crate) reason: String,
    pub(crate) because: Because<'a>,
    /// The user who is meant; none when there is no such user.
    pub(crate) user_id: Option<&'a str>,
    pub(crate) user_name: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) groups: Groups<'a>,
    /// Which memberships do not count in these circumstances, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_counting: Option<String>,
    pub(crate) entry: Option<ExplainedEntity>,
    /// What is registered under the entity's id.
    pub(crate) registered: Option<Registered<'a>>,
}

/// What was decided about the entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Permit,
    Deny,
}

/// Whether the user may come in at all, before any policy is asked: `permit`, or the label of the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct ExplainedEntity {
    /// What a client on the local network meets.
    pub(crate) local: &'static str,
    /// What a client from elsewhere meets.
    pub(crate) elsewhere: &'static str,
}

impl<'a> Answer<'a> {
    /// About a user of the home.
    pub(crate) fn new(
        question: &'a Question,
        user: &'a User,
        groups: Groups<'a>,
        entry: ExplainedEntity,
        because: Because<'a>,
        registered: Option<Registered<'a>>,
    ) -> Self {
        let question = EchoedQuestion::new(question);
        Self {
            decision: because.outcome(),
            reason: reason::of(&because, question, &groups, registered.as_ref()),
            question,
            because,
            user_id: Some(user.id.as_str()),
            user_name: user.name.as_deref(),
            groups,
            not_counting: None,
            entry: Some(entry),
            registered,
        }
    }

    /// About a user who does not exist.
    pub(crate) fn about_nobody(question: &'a Question, groups: Groups<'a>) -> Self {
        Self {
            question: EchoedQuestion::new(question),
            decision: Outcome::Deny,
            reason: reason::unknown_user(&question.user),
            because: Because::UnknownUser,
            user_id: None,
            user_name: None,
            groups,
            not_counting: None,
            entry: None,
            registered: None,
        }
    }

    pub(super) fn not_counting(self, not_counting: Option<String>) -> Self {
        Self { not_counting, ..self }
    }

    /// Whether the decision is a yes.
    pub(crate) fn is_permit(&self) -> bool {
        self.decision == Outcome::Permit
    }

    /// The answer as JSON on one line.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and lists of texts are always JSON")
    }
}

impl<'a> EchoedQuestion<'a> {
    fn new(question: &'a Question) -> Self {
        Self { user: &question.user, entity: &question.entity, access: &question.access }
    }
}

impl Because<'_> {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Owner
            | Self::AllEntities { .. }
            | Self::WholeSelector { .. }
            | Self::Rule { .. }
            | Self::ConfiguredRule(_) => Outcome::Permit,
            Self::NoRule
            | Self::NotTrue { .. }
            | Self::TakenBack(_)
            | Self::TakenBackFromSome { .. }
            | Self::IllegalPolicy { .. }
            | Self::NoRegistry { .. }
            | Self::UnknownUser => Outcome::Deny,
        }
    }
}

impl Outcome {
    /// As it stands in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
        }
    }
}

impl Part {
    /// Whose area or label a rule was found by.
    pub(crate) fn of(found_by: FoundBy) -> Option<Self> {
        match found_by {
            FoundBy::OwnArea | FoundBy::OwnLabel(_) => Some(Self::Entity),
            FoundBy::DeviceArea | FoundBy::DeviceLabel(_) => Some(Self::Device),
            FoundBy::EntityId | FoundBy::DeviceId | FoundBy::Domain | FoundBy::All => None,
        }
    }
}

impl ExplainedEntity {
    /// What the gate would say before it asks anything else.
    pub(crate) fn of(user: &User) -> Self {
        let from = |ip: Ipv4Addr| match may_enter(user, ClientAddr::direct(IpAddr::V4(ip))) {
            Decision::Permit => Self::PERMIT,
            Decision::Deny(reason) => reason.label(),
        };
        Self { local: from(Ipv4Addr::LOCALHOST), elsewhere: from(ELSEWHERE) }
    }

    /// The word for no refusal.
    pub(crate) const PERMIT: &'static str = "permit";
}

/// An address that belongs to no network (RFC 5737 section 3).
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
