//! `[[test]]`: in come cases with the decision that the operator expects, out goes a mistake for each that is decided
//! otherwise. Deciding is the caller's, with the code that serves.

use std::error::Error;
use std::net::IpAddr;

use toml::Spanned;

use super::context::{Context, flag};
use super::tls::one_line;
use crate::config::config_test::{ConfigTest, ConfigTestSubject, Outcome};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, Key};
use crate::config::settings::Settings;

/// Reads the cases and, when all else is right, tries them.
pub(super) fn run(key: &Key<raw::List<raw::Test>>, settings: &Settings, cx: &mut Context<'_>) {
    let Some(list) = key.given() else { return };
    let cases: Vec<_> = list.get_ref().iter().filter_map(|entry| case(entry, cx)).collect();
    // What is decided with settings that cannot be used says nothing.
    let Some(decide) = cx.around.decide.filter(|_| !cx.findings.has_mistakes() && !cases.is_empty()) else { return };
    let config_tests: Vec<ConfigTest> = cases.iter().map(|case| case.config_test.clone()).collect();
    match decide(settings, &config_tests) {
        Ok(outcomes) => cases.iter().zip(&outcomes).for_each(|(case, outcome)| judge(case, outcome, cx)),
        Err(error) => cannot_be_tried(&cases, &*error, cx),
    }
}

struct Case {
    config_test: ConfigTest,
    permit: bool,
    /// The table, and what stands for `expect` in it.
    at: Span,
    expect: Span,
}

fn case(entry: &Spanned<raw::Test>, cx: &mut Context<'_>) -> Option<Case> {
    let (raw, at) = (entry.get_ref(), entry.span());
    let user = cx.required(&raw.user, "user", &at, "\"frank\"");
    let expect = cx.required(&raw.expect, "expect", &at, "\"deny\"");
    let permit = expect.and_then(|text| cx.word(text, &[("permit", true), ("deny", false)]));
    let subject = subject(raw, &at, cx);
    let config_test = ConfigTest { user: user?.get_ref().clone(), subject: subject? };
    Some(Case { config_test, permit: permit?, at, expect: expect?.span() })
}

/// An entity or a request; never a piece of each.
fn subject(raw: &raw::Test, at: &Span, cx: &mut Context<'_>) -> Option<ConfigTestSubject> {
    let text = |key: &Key<String>| key.given().map(|text| text.get_ref().clone());
    let of_entity = !matches!((&raw.entity, &raw.access), (Key::Absent, Key::Absent));
    let texts = [&raw.method, &raw.url, &raw.body, &raw.origin, &raw.from, &raw.depth, &raw.destination];
    let flags = [&raw.websocket, &raw.token];
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
            let from = match raw.from.given() {
                None => None,
                Some(text) => Some(address(text, cx)?),
            };
            Some(ConfigTestSubject::Request {
                method,
                url: url.get_ref().clone(),
                websocket: flag(&raw.websocket, false),
                body: text(&raw.body),
                origin: text(&raw.origin),
                from,
                token: flag(&raw.token, false),
                depth: text(&raw.depth),
                destination: text(&raw.destination),
            })
        }
        (both, _) => {
            let message =
                if both { "this test asks for an entity and for a request" } else { "this test asks for nothing" };
            let bad = Diagnostic::mistake(at.clone(), message);
            let hint = "write `url` (and `method`, `body`, `websocket`, `origin`, `from`, `token`, `depth`, `destination`), or `entity` and `access`";
            cx.add(bad.label("expected one question").hint(hint));
            None
        }
    }
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

fn judge(case: &Case, outcome: &Outcome, cx: &mut Context<'_>) {
    let (word, why) = match outcome {
        Outcome::Permit(_) if case.permit => return,
        Outcome::Deny(_) if !case.permit => return,
        Outcome::Permit(why) => ("permitted", why),
        Outcome::Deny(why) => ("denied", why),
        Outcome::Mistaken(why) => {
            let bad = Diagnostic::mistake(case.at.clone(), format!("this test cannot be decided: {why}"));
            cx.add(bad.label("in this test").hint("mend the test, or take it out"));
            return;
        }
    };
    let expected = if case.permit { "permit" } else { "deny" };
    let fails = Diagnostic::mistake(case.expect.clone(), format!("a test fails: {word}, because {why}"));
    let hint =
        "mend the rules or the policies, or say what is expected now; `vestibule explain` shows the whole reason";
    cx.add(fails.label(format!("expected \"{expected}\"")).hint(hint));
}

/// Whoever serves goes on: it must be possible to start while Home Assistant writes its files, and nobody is let in by
/// what cannot be read. Whoever asks whether they hold is told that there is none.
fn cannot_be_tried(cases: &[Case], error: &(dyn Error + 'static), cx: &mut Context<'_>) {
    let Some(first) = cases.first() else { return };
    let message = format!("the tests cannot be tried: {}", one_line(error));
    let away = if cx.around.serving {
        Diagnostic::warning(first.at.clone(), message)
    } else {
        Diagnostic::mistake(first.at.clone(), message)
    };
    cx.add(away.label("this one and all others").hint("make Home Assistant's files readable for vestibule"));
}
