//! The options that an add-on gets: what an operator chose, checked by what the manifest says of it.
//!
//! What the operator leaves out is as the manifest has it, key by key of the outermost mapping, as in Home Assistant.
//! What is chosen is judged by the manifest's `schema`, more strictly than there: a number in quotes is no number here,
//! since the add-on that reads the options would have to guess. A key that the schema does not know is left out, with a
//! warning.

mod element;

use serde_json::{Map, Value as Json};

use super::scalar::{Scalar, json, kind};
use super::section::wrong;
use super::yaml::{Entries, Node, Value};
use super::{Manifest, source, yaml};
use crate::diagnostic::findings::Findings;
use crate::diagnostic::nearest::nearest;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, quoted};
use element::Element;

/// The options of this manifest, or of none, with these chosen. What is missing is reported at `owner`.
pub(crate) fn merged(manifest: Option<&Manifest>, chosen: &Node, owner: &Span, findings: &mut Findings) -> Json {
    let defaults = manifest.and_then(|manifest| manifest.options.as_object()).cloned().unwrap_or_default();
    let Value::Map(entries) = &chosen.value else {
        findings.add(wrong(chosen, "expected a mapping of options", "write each option as a key and its value"));
        return Json::Object(defaults);
    };
    let Some(schema) = manifest.and_then(|manifest| manifest.schema.as_object()) else {
        // Nobody says what is right, nor what is secret.
        let mut all = defaults;
        for (key, value) in entries {
            findings.masked.push(value.span.clone());
            all.insert(key.get_ref().clone(), json(value));
        }
        return Json::Object(all);
    };
    let mut all = defaults;
    all.extend(known(schema, entries, findings));
    complete(schema, &mut all, owner, findings);
    Json::Object(all)
}

/// Reads options from a file of their own, JSON or YAML, and says what was found there in its own lines.
pub(crate) fn read(path: &std::path::Path, manifest: Option<&Manifest>) -> (Option<Json>, Diagnostics) {
    let mut findings = Findings::default();
    let text = source::read(path, "file of options").unwrap_or_else(|unreadable| {
        findings.add(*unreadable);
        String::new()
    });
    if !findings.has_mistakes() {
        match yaml::parse(&text) {
            Ok(node) => {
                // An option that is missing stands nowhere, so it is reported at the first line.
                let begins = 0..text.find('\n').unwrap_or(text.len());
                let options = merged(manifest, &node, &begins, &mut findings);
                let found = Diagnostics::new(path, &text, &findings.masked, findings.list);
                let found = found.looking_at(vec![path.to_owned()]);
                return ((found.mistakes() == 0).then_some(options), found);
            }
            Err(unreadable) => findings.add(*unreadable),
        }
    }
    (None, Diagnostics::new(path, &text, &findings.masked, findings.list).looking_at(vec![path.to_owned()]))
}

/// The entries that the schema knows, each as it says.
fn known(schema: &Map<String, Json>, entries: &Entries, findings: &mut Findings) -> Map<String, Json> {
    let mut all = Map::new();
    for (key, value) in entries {
        let name = key.get_ref();
        let Some(says) = schema.get(name) else {
            // No schema says whether this is a secret, so messages must not show it.
            findings.masked.push(value.span.clone());
            let unknown = Diagnostic::warning(key.span(), format!("unknown option {}", quoted(name)));
            let hint = nearest(name, schema.keys().map(String::as_str)).map_or_else(
                || "the manifest's `schema` does not have it: it is left out".to_owned(),
                |near| format!("did you mean `{near}`? it is left out"),
            );
            findings.add(unknown.label("not in the manifest's schema").hint(hint));
            continue;
        };
        let mistakes = findings.list.len();
        match value_of(says, value, findings) {
            Some(read) => all.insert(name.clone(), read),
            // It is there, and what is wrong with it is said: it is not missing as well.
            None if findings.list.len() > mistakes => all.insert(name.clone(), json(value)),
            None => None,
        };
    }
    all
}

/// A value as the schema says; nothing where it is wrong, which is reported, or left open.
fn value_of(says: &Json, value: &Node, findings: &mut Findings) -> Option<Json> {
    if matches!(&value.value, Value::Scalar { text, plain } if Scalar::of(text, *plain) == Scalar::Null) {
        // As if it were not there: whether it must be is asked of all together.
        return None;
    }
    match (says, &value.value) {
        (Json::String(element), _) => Element::parse(element).read(value, findings),
        (Json::Array(list), Value::List(values)) => {
            let each = list.first().unwrap_or(&Json::Null);
            Some(values.iter().filter_map(|value| entry(each, value, findings)).collect())
        }
        (Json::Object(schema), Value::Map(entries)) => {
            let mut read = known(schema, entries, findings);
            complete(schema, &mut read, &value.span, findings);
            Some(Json::Object(read))
        }
        (Json::Array(_), _) => {
            findings.add(wrong(value, "expected a list", "write it in brackets, as in [a, b]"));
            None
        }
        (Json::Object(_), _) => {
            findings.add(wrong(value, "expected a mapping", "write each of its options as a key and its value"));
            None
        }
        (Json::Null | Json::Bool(_) | Json::Number(_), _) => Some(json(value)),
    }
}

/// An entry of a list: one that is left open is none.
fn entry(says: &Json, value: &Node, findings: &mut Findings) -> Option<Json> {
    let mistakes = findings.list.len();
    let read = value_of(says, value, findings);
    if read.is_none() && findings.list.len() == mistakes {
        findings.add(wrong(value, "expected an entry", &format!("this is {}: take it out", kind(value))));
    }
    read
}

/// Takes out what is open and may be, and reports what may not.
fn complete(schema: &Map<String, Json>, all: &mut Map<String, Json>, owner: &Span, findings: &mut Findings) {
    for (name, says) in schema {
        if all.get(name).is_some_and(|value| !value.is_null()) {
            continue;
        }
        all.remove(name);
        if !may_be_missing(says) {
            let missing = Diagnostic::mistake(owner.clone(), format!("the option {} is missing", quoted(name)));
            findings.add(missing.label(format!("expected `{name}` in it")).hint(example(name, says)));
        }
    }
}

/// `str?`, or a list of such; a mapping whose keys may all be missing.
fn may_be_missing(says: &Json) -> bool {
    match says {
        Json::String(element) => Element::parse(element).is_optional(),
        Json::Array(list) => list.first().and_then(Json::as_str).is_some_and(|each| Element::parse(each).is_optional()),
        Json::Object(schema) => schema.values().all(may_be_missing),
        Json::Null | Json::Bool(_) | Json::Number(_) => true,
    }
}

fn example(name: &str, says: &Json) -> String {
    let kind = match says {
        Json::String(element) => Element::parse(element).expected(),
        Json::Array(_) => "a list".to_owned(),
        _ => "a mapping".to_owned(),
    };
    format!("the manifest has no default for it: add `{name}`, {kind}")
}

#[cfg(test)]
mod tests;
