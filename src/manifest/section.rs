//! A mapping of a manifest as its reader goes through it: each key in the type that it must have, a finding where it
//! has another one, and in the end a warning for every key that nobody knows.

use std::collections::BTreeSet;

use toml::Spanned;

use super::scalar::{Scalar, kind};
use super::yaml::{Entries, Node, Value};
use crate::diagnostic::findings::Findings;
use crate::diagnostic::nearest::nearest;
use crate::diagnostic::{Diagnostic, SourceLocation, Span, quoted};

/// A mapping, and the keys of it that were asked for.
pub(super) struct Section<'n> {
    entries: &'n Entries,
    asked: BTreeSet<&'static str>,
}

impl<'n> Section<'n> {
    /// A mapping of which no key has been asked for yet.
    pub(super) fn new(entries: &'n Entries) -> Self {
        Self { entries, asked: BTreeSet::new() }
    }

    /// What stands for a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.insert(key);
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, node)| node)
    }

    pub(super) fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<Spanned<String>> {
        text(self.get(key)?, findings)
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str, findings: &mut Findings) -> Option<Spanned<String>> {
        if self.get(key).is_none() {
            findings.add(missing(key, "write it as the add-on's author does, in quotes where it looks like a number"));
        }
        self.text(key, findings)
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str, default: bool, findings: &mut Findings) -> bool {
        let Some(node) = self.get(key) else { return default };
        if let Value::Scalar { text, plain } = &node.value
            && let Scalar::Bool(flag) = Scalar::of(text, *plain)
        {
            return flag;
        }
        findings.add(wrong(node, "expected `true` or `false`", "write `true` or `false` without quotes"));
        default
    }

    /// A number from `least` to `most`.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: u16,
        (least, most): (u16, u16),
        findings: &mut Findings,
    ) -> u16 {
        let Some(node) = self.get(key) else { return default };
        let number = number(node).and_then(|number| u16::try_from(number).ok());
        number.filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            let expected = format!("expected a whole number from {least} to {most}");
            findings.add(wrong(node, &expected, &format!("the default is {default}")));
            default
        })
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        default: T,
        words: &[(&str, T)],
        findings: &mut Findings,
    ) -> T {
        let text = self.text(key, findings);
        text.and_then(|text| word(&text, words, findings)).unwrap_or(default)
    }

    pub(super) fn list(&mut self, key: &'static str, findings: &mut Findings) -> &'n [Node] {
        match self.get(key) {
            None => &[],
            Some(Node { value: Value::List(list), .. }) => list,
            Some(node) => {
                findings.add(wrong(node, "expected a list", "write each entry on a line of its own behind a `-`"));
                &[]
            }
        }
    }

    pub(super) fn texts(&mut self, key: &'static str, findings: &mut Findings) -> Vec<Spanned<String>> {
        self.list(key, findings).iter().filter_map(|node| text(node, findings)).collect()
    }

    pub(super) fn map(&mut self, key: &'static str, findings: &mut Findings) -> &'n [(Spanned<String>, Node)] {
        match self.get(key) {
            None => &[],
            Some(Node { value: Value::Map(entries), .. }) => entries,
            Some(node) => {
                findings.add(wrong(node, "expected a mapping", "write `key: value`, one on each line, indented"));
                &[]
            }
        }
    }

    /// Warns of the keys that were never asked for: Home Assistant ignores them, and so do we.
    pub(super) fn finish(self, findings: &mut Findings) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !self.asked.contains(key.get_ref().as_str())) {
            let unknown = Diagnostic::warning(key.span(), format!("unknown key {}", quoted(key.get_ref())));
            let near = nearest(key.get_ref(), self.asked.iter().copied());
            let (label, hint) = near.map_or_else(
                || ("nothing heeds it".to_owned(), "take it out, unless a newer Home Assistant knows it".to_owned()),
                |near| (format!("did you mean `{near}`?"), format!("nothing heeds this key: write `{near}`")),
            );
            findings.add(unknown.label(label).hint(hint));
        }
    }
}

/// A text, in quotes or not.
pub(super) fn text(node: &Node, findings: &mut Findings) -> Option<Spanned<String>> {
    if let Value::Scalar { text, plain } = &node.value
        && let Scalar::Text(text) = Scalar::of(text, *plain)
    {
        return Some(Spanned::new(node.span.clone(), text.to_owned()));
    }
    findings.add(wrong(node, "expected text", "put the value in quotes"));
    None
}

pub(super) fn number(node: &Node) -> Option<i64> {
    let Value::Scalar { text, plain } = &node.value else { return None };
    if let Scalar::Int(number) = Scalar::of(text, *plain) { Some(number) } else { None }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &Spanned<String>, words: &[(&str, T)], findings: &mut Findings) -> Option<T> {
    let found = words.iter().find(|(word, _)| word == text.get_ref()).map(|(_, value)| *value);
    if found.is_none() {
        let all = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let near = nearest(text.get_ref(), words.iter().map(|(word, _)| *word));
        let hint = near.map_or_else(|| format!("write one of {all}"), |near| format!("did you mean `{near}`?"));
        let unknown = Diagnostic::mistake(text.span(), format!("unknown word {}", quoted(text.get_ref())));
        findings.add(unknown.label("not a word that may stand here").hint(hint));
    }
    found
}

/// A key that must be there is not.
pub(super) fn missing(key: &str, hint: &str) -> Diagnostic {
    Diagnostic::mistake(SourceLocation::File, format!("`{key}` is missing")).hint(hint)
}

/// A value of another type.
pub(super) fn wrong(node: &Node, expected: &str, hint: &str) -> Diagnostic {
    let message = format!("wrong type: this is {}", kind(node));
    Diagnostic::mistake(node.span.clone(), message).label(expected).hint(hint)
}

/// Text that cannot be what it should be.
pub(super) fn bad(at: Span, message: &str, expected: &str, hint: &str) -> Diagnostic {
    Diagnostic::mistake(at, message).label(expected).hint(hint)
}
