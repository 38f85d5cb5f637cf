//! `when`: the state that an entity of Home Assistant must have.

use toml::Spanned;
use toml::de::DeValue;

use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::findings::Findings;
use crate::config::raw::section::{Key, List, section};
use crate::config::raw::shape::{self, Shape};
use crate::config::resolve::context::Context;
use crate::ids::EntityId;

section! {
    /// An entry of `when`.
    RawState {
        entity: String,
        state: Texts,
    }
}

/// `when`: one table, or a list of them.
#[derive(Debug)]
pub(in crate::config) struct States(Vec<Spanned<RawState>>);

/// One text, or a list of them.
#[derive(Debug)]
pub(in crate::config) struct Texts(pub(in crate::config) List<String>);

/// The state that an entity must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCondition {
    /// The entity.
    pub entity: EntityId,
    /// Its state must be one of these.
    pub states: Vec<String>,
}

impl Shape for States {
    const EXPECTED: &'static str = "expected a table with `entity` and `state`, or a list of such tables";
    const HINT: &'static str = "write it as { entity = \"input_boolean.guest_mode\", state = \"on\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(_) => shape::read(value, findings).map(|one| Self(vec![one])),
            DeValue::Array(_) => List::read(value, findings).map(Self),
            _ => None,
        }
    }
}

impl Shape for Texts {
    const EXPECTED: &'static str = "expected a string, or a list of strings";
    const HINT: &'static str = "put the value in quotes; several stand in brackets";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self(vec![Spanned::new(value.span(), text.to_string())])),
            DeValue::Array(_) => List::read(value, findings).map(Self),
            _ => None,
        }
    }
}

/// Resolves the key: all of it must hold.
pub(super) fn when(key: &Key<States>, cx: &mut Context<'_>) -> Vec<StateCondition> {
    let Some(list) = key.given() else { return Vec::new() };
    if list.get_ref().0.is_empty() {
        let none = Diagnostic::mistake(list.span(), "no entity");
        cx.add(none.label("expected one table or more").hint("leave the key out where no state matters"));
    }
    list.get_ref().0.iter().filter_map(|entry| state(entry, cx)).collect()
}

fn state(entry: &Spanned<RawState>, cx: &mut Context<'_>) -> Option<StateCondition> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let entity = cx.required(&raw.entity, "entity", &owner, "\"input_boolean.guest_mode\"");
    let entity = entity.and_then(|text| cx.findings.parse(text));
    let states = cx.required(&raw.state, "state", &owner, "\"on\"")?;
    if states.get_ref().0.is_empty() {
        let none = Diagnostic::mistake(states.span(), "no state");
        cx.add(none.label("expected one state or more").hint("write the state as Home Assistant has it"));
    }
    for text in &states.get_ref().0 {
        let state = text.get_ref();
        if UNKNOWN.contains(&state.as_str()) {
            let never = Diagnostic::mistake(text.span(), format!("the state {} is none", quoted(state)));
            let hint = "what Home Assistant does not know refuses in any case: write a state that it can have";
            cx.add(never.label("expected a state that is known").hint(hint));
        } else if state.is_empty() || state.chars().count() > LONGEST {
            let bad = Diagnostic::mistake(text.span(), "no entity has this state");
            cx.add(bad.label("expected 1 to 255 characters").hint("write the state as Home Assistant has it"));
        }
    }
    let states = states.get_ref().0.iter().map(|text| text.get_ref().clone()).collect();
    Some(StateCondition { entity: entity?, states })
}

/// What Home Assistant says where it does not know.
const UNKNOWN: [&str; 2] = ["unknown", "unavailable"];

/// Characters of a state, in Home Assistant.
const LONGEST: usize = 255;
