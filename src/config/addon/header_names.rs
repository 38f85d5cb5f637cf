//! The names of the headers that one add-on's route sets: each once in all its spellings, and none that belongs to the
//! message itself or to vestibule.

use std::collections::HashMap;

use http::HeaderName;
use toml::Spanned;

use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::header::{self, Taken};
use crate::config::resolve::context::Context;
use crate::http::fields;

/// The names that one route has set so far, squashed, and where they stand; defaults stand nowhere.
#[derive(Default)]
pub(super) struct Names(HashMap<String, Option<Span>>);

impl Names {
    /// Parses a name and notes it, or reports why it cannot be set.
    pub(super) fn note(&mut self, text: &Spanned<String>, cx: &mut Context<'_>) -> Option<HeaderName> {
        let name = name(text, cx)?;
        let squashed = fields::squashed(name.as_str());
        let refusal = match (header::taken(&name), self.0.get(&squashed)) {
            (Some(Taken::Message), _) => Diagnostic::mistake(text.span(), "this header belongs to the message itself")
                .label("expected a header of the add-on's own")
                .hint("hop-by-hop, framing, host and cookie headers cannot be set: take it out"),
            (Some(Taken::Vestibule), _) => Diagnostic::mistake(text.span(), "vestibule sets this header itself")
                .label("expected another header")
                .hint("every request has it already, with the true value: take it out"),
            (None, Some(first)) => {
                let twice =
                    Diagnostic::mistake(text.span(), format!("two values for the header {}", quoted(name.as_str())))
                        .label("set twice")
                        .hint("a header is set once, and `-` and `_` count as the same: take one out or rename it");
                first.iter().fold(twice, |twice, first| twice.first(first.clone()))
            }
            (None, None) => {
                self.0.insert(squashed, Some(text.span()));
                return Some(name);
            }
        };
        cx.add(refusal);
        None
    }

    /// Whether this name is set, in whatever spelling.
    pub(super) fn has(&self, name: &HeaderName) -> bool {
        self.0.contains_key(&fields::squashed(name.as_str()))
    }

    /// Notes a default, if no other key of the route has its name.
    pub(super) fn note_default(&mut self, name: &'static str, owner: &Span, cx: &mut Context<'_>) -> HeaderName {
        if let Some(first) = self.0.insert(name.to_owned(), None) {
            let at = first.unwrap_or_else(|| owner.clone());
            let twice = Diagnostic::mistake(at, format!("the header {} has another value by default", quoted(name)));
            cx.add(
                twice
                    .label("set twice")
                    .hint("give this header, or the one that has the name by default, another name"),
            );
        }
        HeaderName::from_static(name)
    }
}

/// A field name (RFC 9110 section 5.1). Kept in lower case: names are case-insensitive, and HTTP/2 knows no other.
pub(in crate::config) fn name(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.get_ref().as_bytes());
    if name.is_err() {
        let bad = Diagnostic::mistake(text.span(), format!("{} is not the name of a header", quoted(text.get_ref())));
        cx.add(
            bad.label("expected the name of a header").hint("letters, digits, `-` and `_`, as in \"X-Remote-User\""),
        );
    }
    name.ok()
}
