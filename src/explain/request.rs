//! An answer about a request, as programs read it: the decision, the reason in words, and every rule that was asked.

use serde::Serialize;

use super::answer::{ExplainedEntity, Outcome};
use super::certificates::Certificates;
use super::groups::Groups;
use super::question::{RequestQuestion, Sent};
use super::reason;
use super::supposing::Supposing;
use super::told::Told;
use crate::authorization::protect::{Finding, RuleQuery};
use crate::identity::User;
use crate::refusal::Reason;

/// The answer to one question.
#[derive(Debug, Serialize)]
pub(crate) struct RequestAnswer<'a> {
    pub(crate) user: &'a str,
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) websocket: bool,
    #[serde(flatten)]
    pub(crate) sent: &'a Sent,
    #[serde(flatten)]
    pub(crate) supposing: &'a Supposing,
    pub(crate) decision: Outcome,
    /// One sentence for people, or one for each rule.
    pub(crate) reason: String,
    /// The label of the refusal.
    pub(crate) refusal: Option<&'static str>,
    /// The user who is meant; none when there is no such user.
    pub(crate) user_id: Option<&'a str>,
    pub(crate) user_name: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) groups: Option<Groups<'a>>,
    /// Which memberships do not count in these circumstances, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_counting: Option<String>,
    pub(crate) entry: Option<ExplainedEntity>,
    /// What the configuration says of client certificates about both, where it says something.
    #[serde(flatten)]
    pub(crate) certificates: Option<Certificates>,
    /// Where it goes, and the path that the add-on sees.
    pub(crate) addon: Option<String>,
    pub(crate) path: Option<String>,
    /// Whether everybody may ask it.
    #[serde(rename = "public")]
    pub(crate) is_public: bool,
    /// What it would be told of the user besides who they are.
    pub(crate) told: Option<Told>,
    pub(crate) rules: Vec<Ruled>,
}

/// What one rule asked, and the answer.
#[derive(Debug, Serialize)]
pub(crate) struct Ruled {
    pub(crate) rule: usize,
    pub(crate) path: String,
    pub(crate) entity: Option<String>,
    pub(crate) access: Option<&'static str>,
    pub(crate) decision: Outcome,
    pub(crate) reason: String,
}

impl Ruled {
    /// A finding and its words.
    pub(super) fn new(finding: &Finding<'_>, reason: String) -> Self {
        let (entity, access) = match &finding.asked {
            RuleQuery::Entity { entity, access, .. } => (Some(entity.to_string()), Some(access.as_str())),
            RuleQuery::AllEntities { access, .. } => (None, Some(access.as_str())),
            RuleQuery::Admin { .. }
            | RuleQuery::Owner { .. }
            | RuleQuery::Circumstances { .. }
            | RuleQuery::StepUp { .. }
            | RuleQuery::Unreadable { .. }
            | RuleQuery::Body { .. }
            | RuleQuery::Nothing => (None, None),
        };
        // A rule that still wants the body has refused nothing, and permitted nothing either.
        let open = finding.asked.refusal().is_none() && !matches!(finding.asked, RuleQuery::Body { .. });
        let decision = if open { Outcome::Permit } else { Outcome::Deny };
        Self { rule: finding.number, path: finding.path.to_string(), entity, access, decision, reason }
    }
}

impl<'a> RequestAnswer<'a> {
    /// Nothing is known yet, and so it is a denial.
    pub(super) fn new(question: &'a RequestQuestion) -> Self {
        Self {
            user: &question.user,
            method: &question.method,
            url: &question.url,
            websocket: question.websocket,
            sent: &question.sent,
            supposing: &question.supposing,
            decision: Outcome::Deny,
            reason: String::new(),
            refusal: None,
            user_id: None,
            user_name: None,
            groups: None,
            not_counting: None,
            entry: None,
            certificates: None,
            addon: None,
            path: None,
            is_public: false,
            told: None,
            rules: Vec::new(),
        }
    }

    pub(super) fn about_nobody(self, groups: Groups<'a>) -> Self {
        let reason = reason::unknown_user(self.user);
        Self { groups: Some(groups), ..self.refused(Reason::UnknownUser, reason) }
    }

    pub(super) fn of(self, user: &'a User, groups: Groups<'a>, entry: ExplainedEntity) -> Self {
        let (user_id, user_name) = (Some(user.id.as_str()), user.name.as_deref());
        Self { user_id, user_name, groups: Some(groups), entry: Some(entry), ..self }
    }

    pub(super) fn certified(self, certificates: Option<Certificates>) -> Self {
        Self { certificates, ..self }
    }

    pub(super) fn not_counting(self, not_counting: Option<String>) -> Self {
        Self { not_counting, ..self }
    }

    pub(super) fn to(self, addon: &str, path: String) -> Self {
        Self { addon: Some(addon.to_owned()), path: Some(path), ..self }
    }

    pub(super) fn telling(self, told: Option<Told>) -> Self {
        Self { told, ..self }
    }

    pub(super) fn ruled(self, rules: Vec<Ruled>) -> Self {
        Self { rules, ..self }
    }

    pub(super) fn permitted(self, reason: String) -> Self {
        Self { decision: Outcome::Permit, reason, ..self }
    }

    pub(super) fn open_to_everybody(self, reason: String) -> Self {
        Self { is_public: true, ..self.permitted(reason) }
    }

    pub(super) fn refused(self, refusal: Reason, reason: String) -> Self {
        Self { decision: Outcome::Deny, refusal: Some(refusal.label()), reason, ..self }
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
