//! What came of asking all rules that match: a decision, and every finding that it stands on.

use super::matching::Fit;
use super::unreadable::Unreadable;
use crate::config::{AccessKey, EntityId, EntitySource, JsonPointer, PathPattern, Unlisted};
use crate::permission::{Denial, Verdict};
use crate::refusal::{Decision, Reason};

/// The judgement of a request. The order of its findings is that of the rules, and means nothing.
#[derive(Debug, Clone)]
pub struct Judgement<'r> {
    findings: Vec<Finding<'r>>,
    ambiguous: bool,
    /// Whether a rule is needed that the path fits exactly, and there was none yet.
    unlisted: bool,
}

/// One thing that a matching rule asked.
#[derive(Debug, Clone)]
pub struct Finding<'r> {
    /// The rule's place among those of its add-on, counted from one.
    pub number: usize,
    /// The rule's pattern.
    pub path: &'r PathPattern,
    /// What it asked, and the answer.
    pub asked: Asked<'r>,
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub enum Asked<'r> {
    /// May the user use this entity?
    Entity {
        /// The entity.
        entity: EntityId,
        /// What they want to do.
        access: AccessKey,
        /// The permission engine's word.
        verdict: Verdict,
    },
    /// May the user use all entities?
    AllEntities {
        /// What they want to do.
        access: AccessKey,
        /// The permission engine's word.
        verdict: Verdict,
    },
    /// Is the user an administrator?
    Admin {
        /// The answer.
        is: bool,
    },
    /// Is the user the owner?
    Owner {
        /// The answer.
        is: bool,
    },
    /// Which entity is it about? The request does not say.
    Unreadable {
        /// Where it should stand.
        from: &'r EntitySource,
        /// What is wrong there.
        why: Unreadable,
    },
    /// Which entity is it about? The body says, and was not read yet.
    Body {
        /// Where in the body.
        pointer: &'r JsonPointer,
    },
    /// Nothing: the rule only opens its path.
    Nothing,
}

impl<'r> Judgement<'r> {
    /// Of a path that not all servers read alike.
    pub(super) fn ambiguous() -> Self {
        Self { findings: Vec::new(), ambiguous: true, unlisted: false }
    }

    /// Of a path for which no rule has been found yet.
    pub(super) fn of_unlisted(default: Unlisted) -> Self {
        Self { findings: Vec::new(), ambiguous: false, unlisted: default == Unlisted::Deny }
    }

    /// A rule's pattern fits. One that fits in another case only holds, but opens nothing.
    pub(super) fn matches(&mut self, fit: Fit) {
        self.unlisted &= fit == Fit::Folded;
    }

    /// A finding more.
    pub(super) fn add(&mut self, finding: Finding<'r>) {
        self.findings.push(finding);
    }

    /// This judgement and that of a second address of the same request: both must permit.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.ambiguous |= other.ambiguous;
        self.unlisted |= other.unlisted;
        self
    }

    /// Whether not all servers read the path alike.
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// Whether a rule would have to open the path, and none does.
    pub fn is_unlisted(&self) -> bool {
        self.unlisted
    }

    /// Everything that was asked.
    pub fn findings(&self) -> &[Finding<'r>] {
        &self.findings
    }

    /// Whether a rule asks for what stands in the body, which was not read yet.
    pub fn wants_body(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding.asked, Asked::Body { .. }))
    }

    /// The decision so far as it goes without the body. Of several reasons the first in the order of [`Reason`] is given,
    /// so that the order of the rules does not show.
    pub fn decision(&self) -> Decision {
        if self.ambiguous {
            return Decision::Deny(Reason::AmbiguousPath);
        }
        let refused = self.findings.iter().filter_map(|finding| finding.asked.refusal()).min();
        let unlisted = self.unlisted.then_some(Reason::PathNotOpen);
        refused.or(unlisted).map_or(Decision::Permit, Decision::Deny)
    }
}

impl Asked<'_> {
    /// Why the answer is no, if it is.
    pub fn refusal(&self) -> Option<Reason> {
        let of_verdict = |verdict: &Verdict| match verdict {
            Verdict::Permit(_) => None,
            Verdict::Deny(Denial::NoRegistry) => Some(Reason::NoRegistry),
            Verdict::Deny(_) => Some(Reason::EntityDenied),
        };
        match self {
            Self::Entity { verdict, .. } | Self::AllEntities { verdict, .. } => of_verdict(verdict),
            Self::Admin { is: false } => Some(Reason::PathNeedsAdmin),
            Self::Owner { is: false } => Some(Reason::PathNeedsOwner),
            Self::Unreadable { why, .. } => Some(why.reason()),
            Self::Admin { is: true } | Self::Owner { is: true } | Self::Body { .. } | Self::Nothing => None,
        }
    }
}
