//! What is not TOML: the parser's errors, with the hint that fits what people usually mistype.

use std::collections::BTreeSet;

use super::diagnostic::{Diagnostic, Span};
use super::findings::Findings;

/// An array that is never closed makes an error of every line behind it.
const MOST: usize = 10;

/// The errors of the parser, the first one of each line: those behind it mostly follow from it. What stands for a key
/// that is there twice is masked: nobody needs to see it, and it may be a secret.
pub(super) fn findings(text: &str, errors: &[toml::de::Error]) -> Findings {
    let mut lines = BTreeSet::new();
    let mut found = Findings::default();
    for error in errors {
        let span: Span = error.span().unwrap_or_default();
        let line = text.get(..span.start).unwrap_or_default().matches('\n').count();
        if lines.insert(line) && found.list.len() < MOST {
            let bad = Diagnostic::mistake(span.clone(), format!("not TOML: {}", error.message())).label("here");
            let line = Line::at(text, span.start);
            // Whatever stands for a header may be a secret, whole or broken off.
            found.masked.extend(line.value().filter(|_| line.is_of_headers(text)));
            let explained = explained(bad, text, &span, error.message(), &mut found.masked);
            found.add(explained);
        }
    }
    found
}

fn explained(bad: Diagnostic, text: &str, span: &Span, message: &str, masked: &mut Vec<Span>) -> Diagnostic {
    let line = Line::at(text, span.start);
    if message.contains("duplicate key") {
        return duplicate(bad, text, span, &line, masked);
    }
    let from_here = line.text.get(span.start.saturating_sub(line.start)..).unwrap_or_default();
    bad.hint(if line.text.contains(['“', '”', '„', '‘', '’']) {
        "write straight quotes, `\"`: word processors and chat programs turn them into others"
    } else if line.text.contains('\\') && !message.contains("expected `\"`") {
        "a backslash in double quotes begins an escape: put the text in single quotes, or write each backslash twice"
    } else if message.contains("carriage return") {
        "lines end with LF, or with CR and LF: have your editor write the file anew"
    } else if text.contains('\0') {
        "there are zero bytes in the file: it was written as UTF-16, or broke off; write it anew as UTF-8"
    } else if from_here.starts_with(['}', ']']) {
        "a list begins with `[` and ends with `]`, a table with `{` and `}`"
    } else if message.contains("expected `\"`") {
        "the text that begins in this line has no quote at its end"
    } else {
        "the rest of the file is judged when it can be read"
    })
}

/// A key or a table twice, with the first place where that is found.
fn duplicate(bad: Diagnostic, text: &str, span: &Span, line: &Line<'_>, masked: &mut Vec<Span>) -> Diagnostic {
    let Some(name) = text.get(span.clone()).map(str::trim) else {
        return bad.hint("take one of the two out");
    };
    let heading = line.text.trim_start();
    if let Some(inner) = heading.strip_prefix('[').filter(|rest| !rest.starts_with('[')) {
        let path = inner.split(']').next().unwrap_or_default();
        let several = format!("[[{path}]]");
        if text.lines().any(|other| other.trim() == several) {
            return bad.hint(format!("write {several}, in double brackets: there may be several of them"));
        }
        let first = Line::all(text).find(|other| other.start < line.start && other.text.trim() == heading.trim());
        return with_first(bad, first, "put all keys of the table under one heading");
    }
    // Keys of one table stand between two headings, but for those of an inline table in one line.
    let before = Line::all(text).take_while(|other| other.start < line.start).collect::<Vec<_>>();
    let of_table = before.into_iter().rev().take_while(|other| !other.text.trim_start().starts_with('['));
    let is_it = |other: &Line<'_>| {
        other.text.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    };
    let first = of_table.into_iter().find(is_it);
    if let Some(first) = first_in_line(line, span, name) {
        masked.extend(line.value());
        return bad.hint("take one of the two out").first(first);
    }
    masked.extend(first.iter().chain([line]).filter_map(Line::value));
    with_first(bad, first, "take one of the two out")
}

/// Where the key stands before in an inline table, which is in one line.
fn first_in_line(line: &Line<'_>, span: &Span, name: &str) -> Option<Span> {
    let before = line.text.get(..span.start.saturating_sub(line.start))?;
    let is_key = |(at, _): &(usize, &str)| {
        let (left, rest) = before.split_at_checked(*at).unwrap_or_default();
        let begins = left.trim_end().ends_with(['{', ',']);
        begins && rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
    };
    let (at, _) = before.match_indices(name).find(is_key)?;
    let start = line.start.saturating_add(at);
    Some(start..start.saturating_add(name.len()))
}

fn with_first(bad: Diagnostic, first: Option<Line<'_>>, hint: &str) -> Diagnostic {
    let bad = bad.hint(hint);
    let Some(first) = first else { return bad };
    let indent = first.text.len().saturating_sub(first.text.trim_start().len());
    let start = first.start.saturating_add(indent);
    bad.first(start..start.saturating_add(first.text.trim().len()))
}

/// A line of the file, and where it begins.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Line<'a> {
    fn all(text: &'a str) -> impl Iterator<Item = Self> {
        let mut start = 0_usize;
        text.split('\n').map(move |line| {
            let this = Self { text: line, start };
            start = start.saturating_add(line.len()).saturating_add(1);
            this
        })
    }

    /// Whether it is a fixed header of an add-on: by its own key, or by the heading above it.
    fn is_of_headers(&self, text: &'a str) -> bool {
        let is_heading = |line: &Self| line.text.trim_start().starts_with('[');
        let heading = Line::all(text).take_while(|other| other.start < self.start).filter(is_heading).last();
        self.text.trim_start().starts_with("headers")
            || heading.is_some_and(|heading| heading.text.contains(".headers"))
    }

    /// Where the value of its key stands.
    fn value(&self) -> Option<Span> {
        let (_, value) = self.text.split_once('=')?;
        let blanks = self.text.len().saturating_sub(value.trim_start().len());
        let from = self.start.saturating_add(blanks);
        Some(from..self.start.saturating_add(self.text.len()))
    }

    /// The one in which this byte is.
    fn at(text: &'a str, byte: usize) -> Self {
        let after = |line: &Self| line.start <= byte;
        Self::all(text).take_while(after).last().unwrap_or(Self { text: "", start: 0 })
    }
}
