//! `networks`, `hours` and `when`: the circumstances in which an add-on may be opened, a path may be used, or a
//! membership counts. The same three keys at each of these places; all that stand there must hold.

mod hours;
mod when;

use ipnet::IpNet;
use toml::Spanned;

use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::section::{Key, List, section_part};
use crate::config::resolve::context::Context;
use crate::config::resolve::network::network;

pub use hours::{BadHours, Hours};
pub use when::StateCondition;
use when::{States, Texts};

section_part! {
    /// The keys of it, in `access`, `[[addon.protect]]` and `[[group]]`.
    RawConditions {
        networks: List<String>,
        hours: Texts,
        when: States,
    }
}

/// What must hold. Without any of it, it always does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The client must be in one of these networks, when there are any.
    pub networks: Vec<IpNet>,
    /// It must be one of these times of the week, when there are any.
    pub hours: Vec<Hours>,
    /// All of these entities must have the state.
    pub when: Vec<StateCondition>,
}

impl Conditions {
    /// The keys.
    pub(in crate::config) fn resolve(raw: &RawConditions, cx: &mut Context<'_>) -> Self {
        Self { networks: networks(&raw.networks, cx), hours: hours_of(&raw.hours, cx), when: when::when(&raw.when, cx) }
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.hours.is_empty() && self.when.is_empty()
    }
}

impl RawConditions {
    /// Where the first of the keys stands.
    pub(in crate::config) fn first_span(&self) -> Option<Span> {
        let networks = self.networks.given().map(Spanned::span);
        let hours = self.hours.given().map(Spanned::span);
        networks.or(hours).or(self.when.given().map(Spanned::span))
    }

    /// Whether none of the keys stands there, not even with something wrong, which is reported already.
    pub(in crate::config) fn is_absent(&self) -> bool {
        matches!((&self.networks, &self.hours, &self.when), (Key::Absent, Key::Absent, Key::Absent))
    }
}

fn networks(key: &Key<List<String>>, cx: &mut Context<'_>) -> Vec<IpNet> {
    let Some(list) = key.given() else { return Vec::new() };
    if list.get_ref().is_empty() {
        let none = Diagnostic::mistake(list.span(), "no network: nobody is in it");
        cx.add(none.label("expected one network or more").hint("leave the key out where addresses do not matter"));
    }
    let everybody = "everybody is in it: name smaller ones, or leave the key out";
    list.get_ref().iter().filter_map(|text| network(text, everybody, cx)).collect()
}

fn hours_of(key: &Key<Texts>, cx: &mut Context<'_>) -> Vec<Hours> {
    let Some(list) = key.given() else { return Vec::new() };
    if list.get_ref().0.is_empty() {
        let none = Diagnostic::mistake(list.span(), "no hours: it is never one of them");
        cx.add(
            none.label("expected one time of the week or more").hint("leave the key out where time does not matter"),
        );
    }
    list.get_ref().0.iter().filter_map(|text| cx.findings.parse(text)).collect()
}
