//! The heap on which every step of reading puts what it finds, so that one run reports all mistakes.

use std::error::Error;
use std::str::FromStr;

use toml::Spanned;

use super::{Diagnostic, Span};

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    /// The findings, in no order.
    pub(crate) list: Vec<Diagnostic>,
    /// Pieces of the text that must not be shown: values of headers, URLs with a password.
    pub(crate) masked: Vec<Span>,
}

/// An error that can say what was expected instead and what to do about it.
pub(crate) trait Explained: Error {
    /// Stands at the caret: `expected ...`.
    fn expected(&self) -> &'static str;
    /// What the operator can do about it.
    fn hint(&self) -> String;
    /// Whether the text may hold a password, so that its line is shown without it.
    fn is_secret(&self) -> bool {
        false
    }
}

impl Findings {
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether there is one with which the configuration cannot be used.
    pub(crate) fn has_mistakes(&self) -> bool {
        self.list.iter().any(Diagnostic::is_mistake)
    }

    /// Parses a text of the file, or adds why it cannot be parsed.
    pub(crate) fn parse<T>(&mut self, text: &Spanned<String>) -> Option<T>
    where
        T: FromStr<Err: Explained>,
    {
        text.get_ref().parse().map_err(|err: T::Err| self.explain(text.span(), &err)).ok()
    }

    /// Adds an error about this place.
    pub(crate) fn explain(&mut self, at: Span, err: &impl Explained) {
        if err.is_secret() {
            self.masked.push(at.clone());
        }
        self.add(Diagnostic::mistake(at, err.to_string()).label(err.expected()).hint(err.hint()));
    }
}
