//! Whether the registries have what the rules of a `[[group]]` are for. A rule for something that is not there says
//! nothing today; one that was to forbid something would be missed, so it is told.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::findings::Findings;
use crate::config::nearest::nearest;
use crate::config::raw::{self, Key, RuleMap};
use crate::config::resolve::{is_slug, rules_of};
use crate::permission::Registry;

/// Warns of what the registries do not have.
pub(super) fn compare_with(registry: &Registry, raw: &raw::Policy, findings: &mut Findings) {
    const NOTHING: &str = "until there is one, this rule says nothing";
    const PERHAPS: &str = "one without a unique id is in no registry and may exist all the same: then all is well";
    let entities = || registry.entities().map(|entity| (entity.record().entity_id.as_str(), "")).collect();
    let devices = || registry.devices().map(|device| (device.id(), device.name().unwrap_or_default())).collect();
    let areas = || registry.areas().map(|area| (area.id.as_str(), area.name.as_str())).collect();
    let labels = || registry.labels().map(|label| (label.label_id.as_str(), label.name.as_str())).collect();
    compare(&raw.entity_ids, "entity", PERHAPS, entities, findings);
    compare(&raw.device_ids, "device", NOTHING, devices, findings);
    compare(&raw.areas, "area", NOTHING, areas, findings);
    compare(&raw.area_ids, "area", NOTHING, areas, findings);
    compare(&raw.labels, "label", NOTHING, labels, findings);
    for (id, _) in rules_of(&raw.domains).iter().filter(|(id, _)| is_slug(id.get_ref())) {
        domain(id, registry, findings);
    }
}

/// Warns of ids that nothing of this kind has, with the one that may have been meant: whose name it is, or the nearest.
fn compare<'a>(
    key: &Key<RuleMap>,
    kind: &str,
    otherwise: &str,
    known: impl Fn() -> BTreeMap<&'a str, &'a str>,
    findings: &mut Findings,
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
        findings.add(missing.label("expected an id that Home Assistant has").hint(hint));
    }
}

/// How many unknown ids of one selector are compared with all known ones.
const GUESSES: usize = 20;

/// A domain may be one that nothing in the registry has; it is told only when it looks like a slip of the pen.
fn domain(id: &Spanned<String>, registry: &Registry, findings: &mut Findings) {
    let domains = || registry.entities().filter_map(|entity| entity.record().entity_id.split('.').next());
    if domains().any(|domain| domain == id.get_ref()) {
        return;
    }
    if let Some(near) = nearest(id.get_ref(), domains()) {
        let slip =
            Diagnostic::warning(id.span(), format!("no registered entity has the domain {}", quoted(id.get_ref())));
        findings.add(slip.label("expected a domain that there is").hint(format!("did you mean `{near}`?")));
    }
}
