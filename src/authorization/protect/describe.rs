//! What was asked and answered, in words: for the operator, never for the client.

use super::evaluation::{Evaluation, Finding, RuleQuery, Stands};
use crate::config::{EntitySource, StepUp, show_time};
use crate::refusal::Reason;

impl Evaluation<'_> {
    /// Everything that speaks against the request, each with the rule that asked. `of_entity` says why the user may use
    /// an entity or not.
    pub fn refusals(&self, of_entity: impl Fn(&RuleQuery<'_>) -> String) -> Vec<String> {
        if self.is_ambiguous() {
            let ambiguous = "servers read this path in different ways, and no rule lets such paths pass";
            return vec![ambiguous.to_owned()];
        }
        let refused = self.findings().iter().filter(|finding| finding.asked.refusal().is_some());
        let mut reasons: Vec<String> = refused.map(|finding| finding.describe(&of_entity)).collect();
        if self.is_unlisted() {
            reasons.push("no rule opens this path, and the add-on is open by its rules alone".to_owned());
        } else if self.is_closed_below() {
            let whole = "no rule opens everything below this path, on all of which such a request acts, and the add-on is open \
                         by its rules alone";
            reasons.push(whole.to_owned());
        }
        reasons
    }
}

impl Finding<'_> {
    /// The rule, what it asks, and the answer.
    pub fn describe(&self, of_entity: impl Fn(&RuleQuery<'_>) -> String) -> String {
        let rule = format!("rule {} ({})", self.number, self.path);
        let rule = match &self.stands {
            Stands::Here => rule,
            Stands::Below(method) => format!("{rule} stands below the path, and {method} acts on all of it; it"),
            Stands::Implied(method) => format!("{rule} is for what {method} does as well; it"),
        };
        match &self.asked {
            RuleQuery::Entity { entity, access, .. } => {
                let why = of_entity(&self.asked);
                format!("{rule} asks for {} on {entity}: {why}", access.as_str())
            }
            RuleQuery::AllEntities { access, .. } => {
                let why = of_entity(&self.asked);
                format!("{rule} asks for {} on all entities: {why}", access.as_str())
            }
            RuleQuery::Admin { is } => format!("{rule} asks for an administrator: the user is {}", whether(*is, "one")),
            RuleQuery::Owner { is } => format!("{rule} asks for the owner: the user is {}", whether(*is, "that")),
            RuleQuery::Circumstances { unmet: None } => format!("{rule} asks for circumstances, and they are right"),
            RuleQuery::Circumstances { unmet: Some(unmet) } => format!("{rule} asks for circumstances: {}", unmet.why),
            RuleQuery::StepUp { wanted, lacks } => format!("{rule} asks for {}: {}", step_up(wanted), met(*lacks)),
            RuleQuery::Unreadable { from, why } => format!("{rule} cannot tell the entity from {}: {why}", place(from)),
            RuleQuery::Body { pointer } => format!("{rule} needs the body: the entity is at `{pointer}` in it"),
            RuleQuery::Nothing => format!("{rule} opens this path"),
        }
    }
}

/// What somebody must have proved, in words.
pub(crate) fn step_up(wanted: &StepUp) -> String {
    let fresh = wanted.fresh.map(|within| format!("a sign-in within {}", show_time(within)));
    let second_factor = wanted.second_factor.then(|| "a second factor".to_owned());
    fresh.into_iter().chain(second_factor).collect::<Vec<_>>().join(" and ")
}

/// Whether they have, and what is missing.
pub(crate) fn met(lacks: Option<Reason>) -> &'static str {
    match lacks {
        None => "the user has shown it",
        Some(Reason::NotFresh) => "the user's sign-in is too old",
        Some(Reason::NoSecondFactor) => "the user has shown none",
        Some(_) => "a token or a key shows nothing of the kind",
    }
}

fn whether(is: bool, what: &str) -> String {
    if is { what.to_owned() } else { format!("not {what}") }
}

fn place(from: &EntitySource) -> String {
    match from {
        EntitySource::Path(_) => "the path".to_owned(),
        EntitySource::Query(name) => format!("`{name}` in the query"),
        EntitySource::Body(pointer) => format!("`{pointer}` in the body"),
        EntitySource::Fixed(_) => "the rule".to_owned(),
    }
}
