//! `policy` of a `[[group]]`: in come the raw rules, out comes what they say, and warnings of what they are for when
//! the registries do not have it. A rule for something that is not there says nothing today; one that was to forbid
//! something would be missed, so it is told.

use std::collections::BTreeMap;

use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::nearest::nearest;
use crate::config::raw::{self, Key, RuleMap, RuleText};
use crate::permission::{ConfiguredPolicy, Opinions, Registry};

/// Resolves the policy of one group.
pub(super) fn policy(
    raw: &Spanned<raw::Policy>,
    registry: Option<&Registry>,
    cx: &mut Context<'_>,
) -> ConfiguredPolicy {
    let raw = raw.get_ref();
    for (id, _) in rules_of(&raw.entity_ids) {
        entity_id(id, cx);
    }
    for (id, _) in rules_of(&raw.domains) {
        domain(id, registry, cx);
    }
    if let (Some(_), Some(again)) = (raw.areas.given(), raw.area_ids.given()) {
        let twice = Diagnostic::mistake(again.span(), "`areas` and `area_ids` are one selector with two names");
        cx.add(twice.label("expected one of the two").hint("put all areas into `areas`"));
    }
    if let Some(registry) = registry {
        compare_with(registry, raw, cx);
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

fn rules_of(key: &Key<RuleMap>) -> &[(Spanned<String>, Spanned<RuleText>)] {
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

/// A domain may be one that nothing in the registry has; it is told only when it looks like a slip of the pen.
fn domain(id: &Spanned<String>, registry: Option<&Registry>, cx: &mut Context<'_>) {
    if !is_slug(id.get_ref()) {
        let bad = Diagnostic::mistake(id.span(), format!("{} is not a domain", quoted(id.get_ref())));
        let hint = "write what stands before the dot of an entity id, as in `light`";
        cx.add(bad.label("expected lower-case letters, digits and `_`").hint(hint));
        return;
    }
    let domains =
        || registry.into_iter().flat_map(Registry::entities).filter_map(|e| e.record().entity_id.split('.').next());
    if domains().any(|domain| domain == id.get_ref()) {
        return;
    }
    if let Some(near) = nearest(id.get_ref(), domains()) {
        let slip =
            Diagnostic::warning(id.span(), format!("no registered entity has the domain {}", quoted(id.get_ref())));
        cx.add(slip.label("expected a domain that there is").hint(format!("did you mean `{near}`?")));
    }
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Warns of what the registries do not have.
fn compare_with(registry: &Registry, raw: &raw::Policy, cx: &mut Context<'_>) {
    const NOTHING: &str = "until there is one, this rule says nothing";
    const PERHAPS: &str = "one without a unique id is in no registry and may exist all the same: then all is well";
    let entities = || registry.entities().map(|entity| (entity.record().entity_id.as_str(), "")).collect();
    let devices = || registry.devices().map(|device| (device.id(), device.name().unwrap_or_default())).collect();
    let areas = || registry.areas().map(|area| (area.id.as_str(), area.name.as_str())).collect();
    let labels = || registry.labels().map(|label| (label.label_id.as_str(), label.name.as_str())).collect();
    compare(&raw.entity_ids, "entity", PERHAPS, entities, cx);
    compare(&raw.device_ids, "device", NOTHING, devices, cx);
    compare(&raw.areas, "area", NOTHING, areas, cx);
    compare(&raw.area_ids, "area", NOTHING, areas, cx);
    compare(&raw.labels, "label", NOTHING, labels, cx);
}

/// Warns of ids that nothing of this kind has, with the one that may have been meant: whose name it is, or the nearest.
fn compare<'a>(
    key: &Key<RuleMap>,
    kind: &str,
    otherwise: &str,
    known: impl Fn() -> BTreeMap<&'a str, &'a str>,
    cx: &mut Context<'_>,
) {
    let rules = rules_of(key);
    if rules.is_empty() {
        return;
    }
    let known = known();
    let unknown = rules.iter().map(|(id, _)| id).filter(|id| !known.contains_key(id.get_ref().as_str()));
    for (place, id) in unknown.enumerate() {
        let text = id.get_ref();
        let called = known.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(id, _)| *id);
        // Comparing with thousands of ids takes its time, and whoever has many mistakes needs no guess at each.
        let near = || if place < GUESSES { nearest(text, known.keys().copied()) } else { None };
        let meant = called.or_else(near);
        let hint = meant.map_or_else(|| otherwise.to_owned(), |id| format!("did you mean \"{id}\"?"));
        let missing = Diagnostic::warning(id.span(), format!("no {kind} {} in the registry", quoted(text)));
        cx.add(missing.label("expected an id that Home Assistant has").hint(hint));
    }
}

/// How many unknown ids of one selector are compared with all known ones.
const GUESSES: usize = 20;
