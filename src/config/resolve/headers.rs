//! `[headers] reserved`: names that are taken out of requests besides those that always are.

use toml::Spanned;

use super::context::Context;
use crate::config::addon::header_names::name;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::{Key, List};
use crate::http::fields;

/// Resolves `[headers] reserved`: names in lower case, with a `*` behind those that are the start of names.
pub(super) fn reserved(key: &Key<List<String>>, cx: &mut Context<'_>) -> Vec<String> {
    let mut patterns = Vec::new();
    for text in key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let pattern = text.get_ref();
        if fields::strips_the_message(pattern) {
            let needed = Diagnostic::mistake(text.span(), "requests need a header that this would take out");
            cx.add(
                needed
                    .label("expected names of identity headers")
                    .hint("framing, host, cookie and WebSocket headers cannot be reserved"),
            );
        } else {
            let bare = pattern.strip_suffix('*').unwrap_or(pattern);
            if bare.contains('*') {
                // A legal character of a name (RFC 9110 section 5.6.2), but surely meant as a pattern.
                let inner = Diagnostic::mistake(text.span(), "a pattern with a `*` that is not its end");
                cx.add(
                    inner.label("expected a name, or its start and a `*`").hint("write one pattern, as in \"X-Sso-*\""),
                );
            } else if name(&Spanned::new(text.span(), bare.to_owned()), cx).is_some() {
                patterns.push(pattern.to_ascii_lowercase());
            }
        }
    }
    patterns
}
