//! `pass_headers` of an add-on: names that are reserved elsewhere and pass here.

use http::HeaderName;

use super::header_names::{Names, name};
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::raw::section::{Key, List};
use crate::config::resolve::context::Context;
use crate::http::fields::{self, Passage};

/// Resolves `pass_headers`: names that clients may say to this add-on although they are reserved. `names` are those
/// that the route sets, which nobody else may say.
pub(super) fn passing(key: &Key<List<String>>, names: &Names, cx: &mut Context<'_>) -> Vec<HeaderName> {
    let mut passing = Vec::new();
    for text in key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let Some(name) = name(text, cx) else { continue };
        let shown = quoted(name.as_str());
        let refusal = match fields::passage(name.as_str()) {
            _ if names.has(&name) => {
                Diagnostic::mistake(text.span(), format!("this add-on gets the header {shown} from vestibule"))
                    .label("set by this table")
                    .hint("what is set here cannot come from clients as well: take one of the two out")
            }
            _ if fields::is_of_the_message(name.as_str()) => {
                Diagnostic::mistake(text.span(), "this header belongs to the message itself")
                    .label("expected a header of the add-on's own")
                    .hint("hop-by-hop, framing, host and cookie headers have rules of their own: take it out")
            }
            Passage::Identity => Diagnostic::mistake(
                text.span(),
                format!("the header {shown} says who somebody is, or only proxies send it"),
            )
            .label("never passes")
            .hint("the add-on would believe every client; have it read a header of `identity_headers`"),
            Passage::Unneeded => Diagnostic::mistake(text.span(), format!("the header {shown} passes anyway"))
                .label("expected a reserved name")
                .hint("take it out; docs/reference.md lists the names that are taken out of requests"),
            Passage::Open if passing.contains(&name) => {
                Diagnostic::mistake(text.span(), format!("the header {shown} stands here twice"))
                    .label("twice")
                    .hint("take one out")
            }
            Passage::Open => {
                passing.push(name);
                continue;
            }
        };
        cx.add(refusal);
    }
    passing
}
