//! Values that may stand only once in a file: in comes a value with its place, out goes a finding that shows both
//! places.

use std::collections::HashMap;
use std::hash::Hash;

use super::context::Context;
use crate::config::diagnostic::{Diagnostic, Span};

/// The values seen so far, and where.
pub(in crate::config) struct Unique<T> {
    seen: HashMap<T, Span>,
}

impl<T: Hash + Eq> Unique<T> {
    /// None yet.
    pub(in crate::config) fn new() -> Self {
        Self { seen: HashMap::new() }
    }

    /// Notes a value, or reports that it stood before.
    pub(in crate::config) fn note(&mut self, value: T, at: Span, message: &str, hint: &str, cx: &mut Context<'_>) {
        if let Some(first) = self.seen.get(&value) {
            cx.add(Diagnostic::mistake(at, message).label("here again").first(first.clone()).hint(hint));
        } else {
            self.seen.insert(value, at);
        }
    }
}
