//! What Home Assistant's API cannot tell, where it is all there is: a mistake at every place that needs it
//! (spec/permissions.md section 4).
//!
//! In come the add-ons and whose groups count, out go mistakes. Reading is no exception among the access keys: what a
//! user may read the API says to that user alone, in their own name, and for most sessions there is nobody to ask in
//! it.

use std::collections::BTreeSet;

use toml::Spanned;

use super::context::Context;
use super::sections::PASSWORD_TIMEOUT;
use crate::config::addon::{RawAddon, RawProtect};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::home::HomeAssistant;
use crate::config::permissions::{GroupSource, Permissions};
use crate::config::raw::{self, Key};
use crate::config::units::show_time;
use crate::permission::system_group_policy;

/// Warns that a changed password ends no session here, as long as the operator has not said for how long that may be.
pub(super) fn tell_that_passwords_are_not_followed(raw: &raw::Root, home: &HomeAssistant, cx: &mut Context<'_>) {
    let decided = raw.session.given().is_some_and(|session| session.get_ref().password_timeout.given().is_some());
    let token = raw.home_assistant.given().and_then(|section| section.get_ref().token.given());
    let Some(token) = token.filter(|_| home.config_dir().is_none() && !decided) else { return };
    let unseen = Diagnostic::warning(token.span(), "no API tells that a password was changed");
    let label = format!("each session ends after {}, and the password is asked for again", show_time(PASSWORD_TIMEOUT));
    let hint = "write `password_timeout` under [session], the time for which an old password may go on counting; or name \
                Home Assistant's folder with `config_dir` in the place of `token`";
    cx.add(unseen.label(label).hint(hint));
}

/// Warns that `second_factor` lets nobody in: who has one stands in Home Assistant's files alone. A client certificate
/// is one all the same.
pub(super) fn tell_that_no_factor_is_known(
    addons: &[Spanned<RawAddon>],
    home: &HomeAssistant,
    has_certificates: bool,
    cx: &mut Context<'_>,
) {
    if home.config_dir().is_some() || has_certificates {
        return;
    }
    for addon in addons.iter().map(Spanned::get_ref) {
        let rules = addon.authorization.protect.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
        let of_rules = rules.iter().map(|rule| &rule.get_ref().second_factor);
        let asked = std::iter::once(&addon.authorization.second_factor).chain(of_rules);
        for at in asked.filter_map(|key| key.given().filter(|asked| *asked.get_ref()).map(Spanned::span)) {
            let nobody = Diagnostic::warning(at, "no API tells who has a second factor, so that this lets nobody in");
            let hint = "name Home Assistant's folder with `config_dir` in the place of `token`, or give people client \
                        certificates (`[[tls.client_certificate]]`)";
            cx.add(nobody.label("needs `home_assistant.config_dir`").hint(hint));
        }
    }
}

/// Refuses what only Home Assistant's files can decide, when there are none.
pub(super) fn refuse_what_the_api_cannot_tell(
    raw: &raw::Root,
    addons: &[Spanned<RawAddon>],
    home: &HomeAssistant,
    permissions: &Permissions,
    cx: &mut Context<'_>,
) {
    if home.config_dir().is_some() {
        return;
    }
    let ours: BTreeSet<&str> = permissions.groups.iter().map(|group| &*group.id).collect();
    for addon in addons.iter().map(Spanned::get_ref) {
        if permissions.source != GroupSource::Config {
            refuse_rules(addon, cx);
        }
        refuse_group(addon, &ours, cx);
        refuse_tokens(addon, cx);
    }
    refuse_tests(&raw.test, cx);
}

/// Rules that ask what a user may do with entities, by the policies of Home Assistant's groups.
fn refuse_rules(addon: &RawAddon, cx: &mut Context<'_>) {
    let rules = addon.authorization.protect.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    for at in rules.iter().filter_map(|rule| asks_about_entities(rule.get_ref())) {
        let policies = Diagnostic::mistake(at, "no API tells the policies of Home Assistant's groups");
        let hint = "name its folder with `config_dir` in the place of `token`, or write groups = \"config\" under \
                    [permissions] and groups of your own; `require` can ask for administrators all the same";
        cx.add(policies.label("needs `home_assistant.config_dir`").hint(hint));
    }
}

/// Where a rule asks about entities, if it does.
fn asks_about_entities(rule: &RawProtect) -> Option<Span> {
    let texts = [&rule.entity, &rule.query, &rule.body].map(|key| key.given().map(Spanned::span));
    let others = [rule.entities.given().map(Spanned::span), rule.all_entities.given().map(Spanned::span)];
    texts.into_iter().chain(others).flatten().next()
}

/// An add-on whose calls are held to a group of Home Assistant's own: nothing would pass.
fn refuse_group(addon: &RawAddon, ours: &BTreeSet<&str>, cx: &mut Context<'_>) {
    let Some(group) = addon.entity_filter.entities.given() else { return };
    let id = group.get_ref().as_str();
    if ours.contains(id) || system_group_policy(id).is_some() {
        return;
    }
    let policy = Diagnostic::mistake(group.span(), "no API tells the policy of this group");
    let hint = "name Home Assistant's folder with `config_dir` in the place of `token`, or a group of `[[group]]` here";
    cx.add(policy.label("needs `home_assistant.config_dir`").hint(hint));
}

/// Access tokens are verified with keys that stand in a file alone.
fn refuse_tokens(addon: &RawAddon, cx: &mut Context<'_>) {
    let Some(tokens) = addon.authorization.tokens.given().filter(|tokens| *tokens.get_ref()) else { return };
    let keys = Diagnostic::mistake(tokens.span(), "no API tells the keys that tokens are verified with");
    let hint = "name Home Assistant's folder with `config_dir` in the place of `token`, or take this key out";
    cx.add(keys.label("needs `home_assistant.config_dir`").hint(hint));
}

/// Tests are tried before anything is asked of Home Assistant.
fn refuse_tests(tests: &Key<raw::List<raw::Test>>, cx: &mut Context<'_>) {
    for test in tests.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let untried =
            Diagnostic::mistake(test.span(), "a test is tried with Home Assistant's files, and there are none");
        let hint = "name Home Assistant's folder with `config_dir` in the place of `token`, or take this test out";
        cx.add(untried.label("needs `home_assistant.config_dir`").hint(hint));
    }
}
