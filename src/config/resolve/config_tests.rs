//! `[[test]]`: requests and entities with the decision that the operator expects. They are tried when all else is
//! right.

use std::net::IpAddr;

use toml::Spanned;

use super::context::{Context, flag};
use crate::config::config_test::{ConfigTest, ConfigTestSubject};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, Key};
use crate::ids::TimeZone;

/// Reads the cases.
pub(super) fn cases(key: &Key<raw::List<raw::Test>>, cx: &mut Context<'_>) -> Vec<Case> {
    let list = key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    list.iter().filter_map(|entry| case(entry, cx)).collect()
}

/// A test, and what the operator expects of it.
pub(in crate::config) struct Case {
    pub(in crate::config) config_test: ConfigTest,
    pub(in crate::config) expected: Expected,
    /// The table.
    pub(in crate::config) at: Span,
    /// What stands for `expect` in it.
    pub(in crate::config) expect: Span,
}

/// `expect` of a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Expected {
    /// `"permit"`
    Permit,
    /// `"deny"`
    Deny,
}

fn case(entry: &Spanned<raw::Test>, cx: &mut Context<'_>) -> Option<Case> {
    let (raw, at) = (entry.get_ref(), entry.span());
    let user = cx.required(&raw.user, "user", &at, "\"frank\"");
    let expect = cx.required(&raw.expect, "expect", &at, "\"deny\"");
    let words = [("permit", Expected::Permit), ("deny", Expected::Deny)];
    let expected = expect.and_then(|text| cx.word(text, &words));
    let subject = subject(raw, &at, cx);
    let from = raw.from.given().and_then(|text| address(text, cx));
    let moment = raw.at.given().and_then(|text| moment_of(text, cx));
    let states = raw.state.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
    let states =
        states.iter().filter_map(|(entity, state)| Some((cx.findings.parse(entity)?, state.get_ref().clone())));
    let states = states.collect();
    let config_test = ConfigTest { user: user?.get_ref().clone(), subject: subject?, from, at: moment, states };
    Some(Case { config_test, expected: expected?, at, expect: expect?.span() })
}

/// An entity or a request; never a piece of each.
fn subject(raw: &raw::Test, at: &Span, cx: &mut Context<'_>) -> Option<ConfigTestSubject> {
    let text = |key: &Key<String>| key.given().map(|text| text.get_ref().clone());
    let of_entity = !matches!((&raw.entity, &raw.access), (Key::Absent, Key::Absent));
    let texts = [&raw.method, &raw.url, &raw.body, &raw.origin, &raw.depth, &raw.destination];
    let flags = [&raw.websocket, &raw.token, &raw.fresh, &raw.second_factor];
    let of_request = texts.into_iter().any(|key| !matches!(key, Key::Absent))
        || flags.into_iter().any(|key| !matches!(key, Key::Absent));
    match (of_entity, of_request) {
        (true, false) => {
            let entity = cx.required(&raw.entity, "entity", at, "\"light.kitchen\"");
            let access = cx.required(&raw.access, "access", at, "\"control\"");
            Some(ConfigTestSubject::Entity { entity: entity?.get_ref().clone(), access: access?.get_ref().clone() })
        }
        (false, true) => {
            let url = cx.required(&raw.url, "url", at, "\"/ingress/name/settings\"")?;
            let method = text(&raw.method).unwrap_or_else(|| "GET".to_owned());
            Some(ConfigTestSubject::Request {
                method,
                url: url.get_ref().clone(),
                websocket: flag(&raw.websocket, false),
                body: text(&raw.body),
                origin: text(&raw.origin),
                token: flag(&raw.token, false),
                fresh: flag(&raw.fresh, false),
                second_factor: flag(&raw.second_factor, false),
                depth: text(&raw.depth),
                destination: text(&raw.destination),
            })
        }
        (both, _) => {
            let message =
                if both { "this test asks for an entity and for a request" } else { "this test asks for nothing" };
            let bad = Diagnostic::mistake(at.clone(), message);
            let hint = "write `url` (and `method`, `body`, `websocket`, `origin`, `token`, `fresh`, `second_factor`, \
                        `depth`, `destination`), or `entity` and `access`; `from`, `at` and `state` may stand beside \
                        either";
            cx.add(bad.label("expected one question").hint(hint));
            None
        }
    }
}

/// A moment, as far as it can be told without the zone.
fn moment_of(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<String> {
    if TimeZone::utc().moment(text.get_ref()).is_err() {
        let bad = Diagnostic::mistake(text.span(), format!("{:?} is no moment", text.get_ref()));
        let hint = "write it as \"2026-12-24 20:00\", by the clocks of the time zone that hours are meant in";
        cx.add(bad.label("expected a date and a time").hint(hint));
        return None;
    }
    Some(text.get_ref().clone())
}

fn address(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<IpAddr> {
    let address = text.get_ref().parse().ok();
    if address.is_none() {
        let bad = Diagnostic::mistake(text.span(), format!("{:?} is no address", text.get_ref()));
        let hint = "write an IPv4 or IPv6 address, as in \"192.168.1.9\" or \"2001:db8::1\"";
        cx.add(bad.label("expected the client's address").hint(hint));
    }
    address
}
