//! A decision as a chain that a person can follow, link by link: where a request goes, who sends it, from where, and
//! which rule of which group said yes or no.
//!
//! Nothing is decided here. The links are made of the answer that `vestibule explain` gives.

use serde::Serialize;

use super::answer::{Answer, ExplainedEntity, Outcome};
use super::because::Because;
use super::groups::Groups;
use super::reason::{named, of_area, of_device, of_group, shown};
use super::request::RequestAnswer;
use crate::refusal::Reason;

/// What a link is about, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Where it goes.
    Route,
    /// What it shows.
    Session,
    /// Who is meant.
    User,
    /// From where.
    Address,
    /// Whether the add-on is for them.
    Access,
    /// What a protected path asks.
    Rule,
    /// Whose policy decides.
    Group,
    /// What in it.
    Selector,
    /// What is registered under the entity.
    Registry,
}

/// A link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    pub(crate) stage: Stage,
    /// Whether it goes on here.
    pub(crate) decision: Outcome,
    /// What was found.
    pub(crate) text: String,
}

impl Link {
    fn passed(stage: Stage, text: impl Into<String>) -> Self {
        Self { stage, decision: Outcome::Permit, text: text.into() }
    }

    fn refused(stage: Stage, text: impl Into<String>) -> Self {
        Self { stage, decision: Outcome::Deny, text: text.into() }
    }
}

/// The chain of a request. `about` says of an entity and an access key what decides about them.
pub(crate) fn of_request(answer: &RequestAnswer<'_>, about: impl Fn(&str, &str) -> Vec<Link>) -> Vec<Link> {
    let mut chain = Vec::new();
    let refused_at = answer.refusal.map(|label| stage_of(label, answer));
    // Who is unknown is asked nothing more, not even where it goes.
    if let Some(addon) = &answer.addon {
        let path = answer.path.as_deref().unwrap_or_default();
        chain.push(Link::passed(Stage::Route, format!("it goes to {addon}, which sees {}", shown(path))));
    }
    let mut goes_on = |stage: Stage, text: String| {
        let is_refused = refused_at == Some(stage);
        let why = if is_refused { answer.reason.clone() } else { text };
        if !why.is_empty() {
            chain.push(if is_refused { Link::refused(stage, why) } else { Link::passed(stage, why) });
        }
        !is_refused
    };
    if answer.addon.is_none() && !goes_on(Stage::Route, String::new()) {
        return chain;
    }
    if answer.is_public {
        let _ = goes_on(Stage::Access, answer.reason.clone());
        return chain;
    }
    let shows = if answer.sent.token { "an access token" } else { "a session" };
    let local = answer.entry.map_or_else(String::new, said);
    let asked = [
        (Stage::User, who(answer.user_id, answer.user_name, answer.groups.as_ref())),
        (Stage::Session, format!("it is supposed to show {shows} that is good")),
        (Stage::Address, local),
        (
            Stage::Access,
            if answer.rules.is_empty() { answer.reason.clone() } else { "the add-on is for them".to_owned() },
        ),
    ];
    for (stage, text) in asked {
        if !goes_on(stage, text) {
            return chain;
        }
    }
    for rule in &answer.rules {
        let text = format!("rule {} for {}: {}", rule.rule, shown(&rule.path), rule.reason);
        chain.push(Link { stage: Stage::Rule, decision: rule.decision, text });
        if let (Some(entity), Some(access)) = (&rule.entity, rule.access) {
            chain.extend(about(entity, access));
        }
    }
    chain
}

/// The chain of a question about an entity.
pub(crate) fn of_answer(answer: &Answer<'_>) -> Vec<Link> {
    let who = who(answer.user_id, answer.user_name, Some(&answer.groups));
    if matches!(answer.because, Because::UnknownUser) {
        return vec![Link::refused(Stage::User, answer.reason.clone())];
    }
    let mut chain = vec![Link::passed(Stage::User, who)];
    chain.extend(answer.entry.map(|entry| Link::passed(Stage::Address, said(entry))));
    chain.extend(about_entity(answer));
    chain
}

/// Group, selector and registry.
pub(crate) fn about_entity(answer: &Answer<'_>) -> Vec<Link> {
    let link = |stage, text: String| Link { stage, decision: answer.decision, text };
    let (group, selector) = match &answer.because {
        Because::Owner => ("the owner is restricted by no group".to_owned(), None),
        Because::AllEntities { group } => (of_group(*group), Some("`entities` is true as a whole".to_owned())),
        Because::WholeSelector { selector, group } => {
            (of_group(*group), Some(format!("`{selector}` is true as a whole")))
        }
        Because::Rule { selector, id, group } => (of_group(*group), Some(of_selector(selector, *id))),
        Because::ConfiguredRule(rule) | Because::TakenBack(rule) => {
            (format!("configured group {}", shown(rule.group)), Some(of_selector(rule.selector, rule.id)))
        }
        Because::TakenBackFromSome { selector, group } => {
            (format!("configured group {}", shown(group)), Some(format!("`{selector}` refuses something")))
        }
        Because::NotTrue { selector, id } => {
            ("the policies of the groups together".to_owned(), Some(of_selector(selector, *id)))
        }
        Because::NoRule => ("no group gives it".to_owned(), None),
        Because::IllegalPolicy { group, .. } => (of_group(*group), None),
        Because::NoRegistry { problem } => return vec![Link::refused(Stage::Registry, (*problem).to_owned())],
        Because::UnknownUser => return vec![Link::refused(Stage::User, answer.reason.clone())],
    };
    let mut chain = vec![link(Stage::Group, group)];
    chain.extend(selector.map(|selector| link(Stage::Selector, selector)));
    chain.push(Link::passed(Stage::Registry, registered(answer)));
    // The sentence says how they belong together.
    chain.push(link(
        Stage::Rule,
        format!("{} on {}: {}", shown(answer.question.access), shown(answer.question.entity), answer.reason),
    ));
    chain
}

fn of_selector(selector: &str, id: Option<&str>) -> String {
    id.map_or_else(|| format!("`{selector}`"), |id| format!("`{selector}`: {}", shown(id)))
}

fn registered(answer: &Answer<'_>) -> String {
    let Some(entity) = &answer.registered else { return "nothing is registered under this id".to_owned() };
    let device = entity.device.map_or_else(|| "no device".to_owned(), of_device);
    let area = entity.area.map_or_else(|| "no area".to_owned(), of_area);
    let labels = entity.own_labels.iter().chain(entity.device.iter().flat_map(|device| device.labels));
    let labels: Vec<_> = labels.map(|id| named(id, entity.names.label(id))).collect();
    let labels = if labels.is_empty() { "no labels".to_owned() } else { format!("labels {}", labels.join(", ")) };
    format!("{}: {device}, {area}, {labels}", shown(entity.entity_id))
}

fn who(id: Option<&str>, name: Option<&str>, groups: Option<&Groups<'_>>) -> String {
    let Some(id) = id else { return String::new() };
    let home = groups.iter().flat_map(|groups| &groups.home_assistant).map(|group| named(group.id, group.name));
    let configured = groups.iter().flat_map(|groups| &groups.configured).map(|id| shown(id).into_owned());
    let groups: Vec<_> = home.chain(configured).collect();
    let groups = if groups.is_empty() { "in no group".to_owned() } else { format!("in {}", groups.join(", ")) };
    format!("{}, {groups}", named(id, name))
}

fn said(entry: ExplainedEntity) -> String {
    format!("the account may come in from the local network: {}; from elsewhere: {}", entry.local, entry.elsewhere)
}

/// At which link a request is refused for the reason with this label.
fn stage_of(label: &str, answer: &RequestAnswer<'_>) -> Stage {
    if answer.addon.is_none() && answer.user_id.is_some() {
        return Stage::Route;
    }
    let is_one_of = |reasons: &[Reason]| reasons.iter().any(|reason| reason.label() == label);
    let of_session = [Reason::NoSession, Reason::NotFresh, Reason::NoSecondFactor, Reason::NoStepUp];
    if is_one_of(&[Reason::UnknownRoute, Reason::AmbiguousPath, Reason::ForeignDestination]) {
        Stage::Route
    } else if is_one_of(&[Reason::UnknownUser, Reason::InactiveUser, Reason::SystemUser]) {
        Stage::User
    } else if is_one_of(&[Reason::NotLocal]) {
        Stage::Address
    } else if answer.rules.iter().any(|rule| rule.decision == Outcome::Deny) {
        Stage::Rule
    } else if is_one_of(&of_session) {
        Stage::Session
    } else {
        Stage::Access
    }
}
