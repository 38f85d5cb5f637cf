//! What decided about an entity, as programs read it.

use serde::Serialize;

use super::groups::Group;

/// The question, repeated.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct EchoedQuestion<'a> {
    pub(crate) user: &'a str,
    pub(crate) entity: &'a str,
    pub(crate) access: &'a str,
}

/// What decided.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Because<'a> {
    Owner,
    AllEntities { group: Group<'a> },
    WholeSelector { selector: &'static str, group: Group<'a> },
    Rule { selector: &'static str, id: Option<&'a str>, group: Group<'a> },
    NoRule,
    NotTrue { selector: &'static str, id: Option<&'a str> },
    ConfiguredRule(ConfiguredRule<'a>),
    TakenBack(ConfiguredRule<'a>),
    TakenBackFromSome { selector: &'static str, group: &'a str },
    IllegalPolicy { group: Group<'a>, path: &'a [String], found: String },
    NoRegistry { problem: &'a str },
    UnknownUser,
}

/// A rule of a configured group.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct ConfiguredRule<'a> {
    pub(crate) selector: &'static str,
    /// Whose area or label it is.
    pub(crate) of: Option<Part>,
    pub(crate) id: Option<&'a str>,
    pub(crate) group: &'a str,
}

/// What an area or a label belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    Entity,
    Device,
}
