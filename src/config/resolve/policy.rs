//! `policy` of a `[[group]]`: in come the raw rules, out comes what they say.

use std::collections::BTreeMap;

use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::raw::{self, Key, RuleMap, RuleText};
use crate::permission::{ConfiguredPolicy, Opinions};

/// Resolves the policy of one group.
pub(super) fn policy(raw: &Spanned<raw::Policy>, cx: &mut Context<'_>) -> ConfiguredPolicy {
    let raw = raw.get_ref();
    for (id, _) in rules_of(&raw.entity_ids) {
        entity_id(id, cx);
    }
    for (id, _) in rules_of(&raw.domains) {
        domain(id, cx);
    }
    if let (Some(_), Some(again)) = (raw.areas.given(), raw.area_ids.given()) {
        let twice = Diagnostic::mistake(again.span(), "`areas` and `area_ids` are one selector with two names");
        cx.add(twice.label("expected one of the two").hint("put all areas into `areas`"));
    }
    let areas = if raw.areas.given().is_some() { &raw.areas } else { &raw.area_ids };
    ConfiguredPolicy {
        entity_ids: rules(&raw.entity_ids, cx),
        device_ids: rules(&raw.device_ids, cx),
        domains: rules(&raw.domains, cx),
        areas: rules(areas, cx),
        labels: rules(&raw.labels, cx),
        all: raw.all.given().map_or_else(Opinions::default, |rule| opinions(rule, cx)),
    }
}

pub(in crate::config) fn rules_of(key: &Key<RuleMap>) -> &[(Spanned<String>, Spanned<RuleText>)] {
    key.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default()
}

fn rules(key: &Key<RuleMap>, cx: &mut Context<'_>) -> BTreeMap<String, Opinions> {
    rules_of(key).iter().map(|(id, rule)| (id.get_ref().clone(), opinions(rule, cx))).collect()
}

/// What a rule says. The keys are independent: control does not imply read.
fn opinions(rule: &Spanned<RuleText>, cx: &mut Context<'_>) -> Opinions {
    let opinions = match rule.get_ref() {
        RuleText::Everything(opinion) => return Opinions::on_everything(*opinion),
        RuleText::ByKey(raw) => {
            let on = |key: &Key<bool>| key.given().map(|opinion| *opinion.get_ref());
            Opinions { read: on(&raw.read), control: on(&raw.control), edit: on(&raw.edit), others: None }
        }
    };
    if opinions == Opinions::default() {
        let empty = Diagnostic::warning(rule.span(), "this rule says nothing");
        let hint = "write { read = true, control = false }, or take the rule out";
        cx.add(empty.label("expected `read`, `control` or `edit`").hint(hint));
    }
    opinions
}

/// Look-ups are exact, and Home Assistant's ids have one form.
fn entity_id(id: &Spanned<String>, cx: &mut Context<'_>) {
    let legal = id.get_ref().split_once('.').is_some_and(|(domain, object)| is_slug(domain) && is_slug(object));
    if !legal {
        let bad = Diagnostic::mistake(id.span(), format!("{} is not an entity id", quoted(id.get_ref())));
        let hint =
            "write it as in \"light.kitchen\": lower-case letters, digits and `_`, with one dot; there are no patterns";
        cx.add(bad.label("expected a domain, a dot and a name").hint(hint));
    }
}

fn domain(id: &Spanned<String>, cx: &mut Context<'_>) {
    if !is_slug(id.get_ref()) {
        let bad = Diagnostic::mistake(id.span(), format!("{} is not a domain", quoted(id.get_ref())));
        let hint = "write what stands before the dot of an entity id, as in `light`";
        cx.add(bad.label("expected lower-case letters, digits and `_`").hint(hint));
    }
}

pub(in crate::config) fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
