//! Every header that an add-on's route sets, and `[headers] reserved`: in come names and values, out come real ones,
//! each name once in all its spellings. Values are marked sensitive and never shown: wherever it stands, one may be a
//! secret.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::header::{self, BadValue, Taken};
use crate::config::raw::{self, HeaderText, Key};
use crate::config::settings::IdentityHeaders;
use crate::http::fields::{self, Passage};

/// The names that one route has set so far, squashed, and where they stand; defaults stand nowhere.
#[derive(Default)]
pub(super) struct Names(HashMap<String, Option<Span>>);

impl Names {
    /// Parses a name and notes it, or reports why it cannot be set.
    fn note(&mut self, text: &Spanned<String>, cx: &mut Context<'_>) -> Option<HeaderName> {
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

    /// Notes a default, if no other key of the route has its name.
    fn default(&mut self, name: &'static str, owner: &Span, cx: &mut Context<'_>) -> HeaderName {
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

/// Resolves `identity_headers`.
pub(super) fn identity(
    key: &Key<raw::IdentityHeaders>,
    owner: &Span,
    names: &mut Names,
    cx: &mut Context<'_>,
) -> IdentityHeaders {
    let absent = raw::IdentityHeaders::default();
    let raw = key.given().map_or(&absent, |section| section.get_ref());
    let keys = [
        (&raw.id, "x-remote-user-id"),
        (&raw.name, "x-remote-user-name"),
        (&raw.display_name, "x-remote-user-display-name"),
    ];
    // The ones that were chosen come first, so that a collision is shown where the operator can do something about it.
    let chosen = keys.map(|(key, _)| key.given().and_then(|text| names.note(text, cx)));
    let mut rest = chosen.into_iter().zip(keys).map(|(chosen, (key, default))| match chosen {
        Some(name) => name,
        None if key.given().is_some() => HeaderName::from_static(default),
        None => names.default(default, owner, cx),
    });
    let mut next = || rest.next().expect("three keys make three names");
    IdentityHeaders { id: next(), name: next(), display_name: next() }
}

/// Resolves `prefix_headers`.
pub(super) fn prefix(
    key: &Key<raw::List<String>>,
    owner: &Span,
    names: &mut Names,
    cx: &mut Context<'_>,
) -> Vec<HeaderName> {
    match key {
        Key::Given(list) => list.get_ref().iter().filter_map(|text| names.note(text, cx)).collect(),
        Key::Absent => vec![names.default("x-ingress-path", owner, cx)],
        Key::Wrong => Vec::new(),
    }
}

/// Resolves `headers`.
pub(super) fn fixed(
    key: &Key<raw::HeaderMap>,
    names: &mut Names,
    cx: &mut Context<'_>,
) -> Vec<(HeaderName, HeaderValue)> {
    let list = key.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
    let resolve = |(name, value): &(Spanned<String>, Spanned<HeaderText>)| {
        let value = match value.get_ref() {
            HeaderText::Inline(text) => checked(text.as_bytes(), &value.span(), cx),
            HeaderText::File(file) => from_file(file, &value.span(), cx),
        };
        Some((names.note(name, cx)?, value?))
    };
    list.iter().filter_map(resolve).collect()
}

fn from_file(file: &raw::ValueFile, at: &Span, cx: &mut Context<'_>) -> Option<HeaderValue> {
    let text = cx.required(&file.file, "file", at, "\"secrets/name\"")?;
    let value = cx.secret(text)?;
    checked(&value, &text.span(), cx)
}

fn checked(bytes: &[u8], at: &Span, cx: &mut Context<'_>) -> Option<HeaderValue> {
    let hint = |err| match err {
        BadValue::Empty => "write a value, or leave the header out",
        BadValue::TooLong => "add-ons refuse longer ones",
        BadValue::Control => "a value is one line of text",
        BadValue::Blank => "add-ons drop blanks around a value: take them out",
    };
    let bad = |err: BadValue| {
        Diagnostic::mistake(at.clone(), err.to_string()).label("expected one line of text").hint(hint(err))
    };
    let mut value = header::value(bytes).map_err(|err| cx.add(bad(err))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A field name (RFC 9110 section 5.1). Kept in lower case: names are case-insensitive, and HTTP/2 knows no other.
fn name(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(text.get_ref().as_bytes());
    if name.is_err() {
        let bad = Diagnostic::mistake(text.span(), format!("{} is not the name of a header", quoted(text.get_ref())));
        cx.add(
            bad.label("expected the name of a header").hint("letters, digits, `-` and `_`, as in \"X-Remote-User\""),
        );
    }
    name.ok()
}

/// Resolves `pass_headers`: names that clients may say to this add-on although they are reserved. `names` are those
/// that the route sets, which nobody else may say.
pub(super) fn passing(key: &Key<raw::List<String>>, names: &Names, cx: &mut Context<'_>) -> Vec<HeaderName> {
    let mut passing = Vec::new();
    for text in key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let Some(name) = name(text, cx) else { continue };
        let shown = quoted(name.as_str());
        let refusal = match fields::passage(name.as_str()) {
            _ if names.0.contains_key(&fields::squashed(name.as_str())) => {
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

/// Resolves `[headers] reserved`: names in lower case, with a `*` behind those that are the start of names.
pub(super) fn reserved(key: &Key<raw::List<String>>, cx: &mut Context<'_>) -> Vec<String> {
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
