//! What came of asking all rules that match: a decision, and every finding that it stands on.

use http::Method;

use super::matching::Fit;
use super::reach::Depth;
use super::unreadable::Unreadable;
use crate::conditions::Unmet;
use crate::config::{AccessKey, EntitySource, JsonPointer, PathPattern, StepUp, Unlisted};
use crate::ids::EntityId;
use crate::permission::{Denial, Verdict};
use crate::refusal::{Decision, Reason};

/// What the rules say to a request. The order of its findings is that of the rules, and means nothing.
#[derive(Debug, Clone)]
pub struct Evaluation<'r> {
    findings: Vec<Finding<'r>>,
    ambiguous: bool,
    /// Whether a rule is needed that the path fits exactly, and there was none yet.
    unlisted: bool,
    /// Whether a rule is needed that opens everything below the path, and there was none yet.
    closed_below: bool,
}

/// One thing that a matching rule asked.
#[derive(Debug, Clone)]
pub struct Finding<'r> {
    /// The rule's place among those of its add-on, counted from one.
    pub number: usize,
    /// The path pattern of the rule, as the configuration has it.
    pub path: &'r PathPattern,
    /// Where the rule stands, seen from the request.
    pub stands: Stands,
    /// What it asked, and the answer.
    pub asked: RuleQuery<'r>,
}

/// What a rule opens that a path fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    PathAlone,
    /// The path and all that is below it.
    Tree,
}

/// Why a rule holds for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    /// It is for the path and the method.
    Here,
    /// It is for a path below, and this method acts on all of the tree.
    Below(Method),
    /// It is for the path and another method, and this method does the same there.
    Implied(Method),
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub enum RuleQuery<'r> {
    /// May the user use this entity?
    Entity {
        /// The entity that the rule asked about.
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
        /// Whether they are one.
        is: bool,
    },
    /// Is the user the owner?
    Owner {
        /// Whether they are.
        is: bool,
    },
    /// Are the circumstances right?
    Circumstances {
        /// Which of them are not.
        unmet: Option<Unmet>,
    },
    /// Has the user proved this?
    StepUp {
        /// What they should have proved.
        wanted: StepUp,
        /// Why they have not, if so.
        lacks: Option<Reason>,
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

impl<'r> Evaluation<'r> {
    /// The evaluation of a path that not all servers read alike: it is refused.
    pub(super) fn ambiguous() -> Self {
        Self { findings: Vec::new(), ambiguous: true, unlisted: false, closed_below: false }
    }

    /// The evaluation to begin with, before any rule has been found.
    pub(super) fn of_unlisted(default: Unlisted, depth: Depth) -> Self {
        let unlisted = default == Unlisted::Deny;
        Self { findings: Vec::new(), ambiguous: false, unlisted, closed_below: unlisted && depth != Depth::Zero }
    }

    /// A rule's pattern fits, and opens all that is below the path or does not. One that fits in another case only
    /// holds, but opens nothing.
    pub(super) fn matches(&mut self, fit: Fit, below: Opens) {
        // A rule that fits only in another spelling must not open the path: an add-on that tells cases apart has
        // another page there.
        self.unlisted &= fit == Fit::Folded;
        self.closed_below &= fit == Fit::Folded || below == Opens::PathAlone;
    }

    pub(super) fn add(&mut self, findings: impl Iterator<Item = Finding<'r>>) {
        self.findings.extend(findings);
    }

    /// This evaluation and that of a second address of the same request: both must permit.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.ambiguous |= other.ambiguous;
        self.unlisted |= other.unlisted;
        self.closed_below |= other.closed_below;
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

    /// Whether a rule would have to open everything below the path, and none does.
    pub fn is_closed_below(&self) -> bool {
        self.closed_below
    }

    /// Everything that was asked.
    pub fn findings(&self) -> &[Finding<'r>] {
        &self.findings
    }

    /// Whether a rule asks for what stands in the body, which was not read yet.
    pub fn wants_body(&self) -> bool {
        self.findings.iter().any(|finding| matches!(finding.asked, RuleQuery::Body { .. }))
    }

    /// All that its user must have proved.
    pub fn step_up(&self) -> StepUp {
        let wanted = self.findings.iter().filter_map(|finding| match finding.asked {
            RuleQuery::StepUp { wanted, .. } => Some(wanted),
            _ => None,
        });
        wanted.fold(StepUp::default(), StepUp::and)
    }

    /// The decision so far as it goes without the body. Of several reasons the first in the order of [`Reason`] is
    /// given, so that the order of the rules does not show.
    pub fn decision(&self) -> Decision {
        // First of all: of such a path the findings are about one of several readings.
        if self.ambiguous {
            return Decision::Deny(Reason::AmbiguousPath);
        }
        let refused = self.findings.iter().filter_map(|finding| finding.asked.refusal()).min();
        let unlisted = (self.unlisted || self.closed_below).then_some(Reason::PathNotOpen);
        match refused {
            // Nobody signs in again for a path that is not open to them then.
            Some(reason) if reason.asks_again() => Decision::Deny(unlisted.unwrap_or(reason)),
            // What a rule refuses says more than that none opens the path.
            _ => refused.or(unlisted).map_or(Decision::Permit, Decision::Deny),
        }
    }
}

impl RuleQuery<'_> {
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
            Self::Circumstances { unmet } => unmet.as_ref().map(|unmet| unmet.reason),
            Self::Unreadable { why, .. } => Some(why.reason()),
            Self::StepUp { lacks, .. } => *lacks,
            Self::Admin { is: true } | Self::Owner { is: true } | Self::Body { .. } | Self::Nothing => None,
        }
    }
}
