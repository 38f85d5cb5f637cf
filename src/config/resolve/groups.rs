//! `[permissions]` and `[[group]]`: in come the raw groups, out come real ones of which no two have the same id, none
//! that of a group that every Home Assistant has.

use std::sync::Arc;

use toml::Spanned;

use super::context::Context;
use super::policy::policy;
use super::section;
use super::unique::Unique;
use crate::config::conditions::Conditions;
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::permissions::{ConfiguredGroup, GroupSource, Permissions};
use crate::config::raw::{self, Key};
use crate::permission::{ConfiguredPolicy, system_group_policy};

/// Resolves whose groups count, and the groups.
pub(super) fn permissions(raw: &raw::Root, cx: &mut Context<'_>) -> Permissions {
    let words =
        [("home-assistant", GroupSource::HomeAssistant), ("config", GroupSource::Config), ("both", GroupSource::Both)];
    let whose = &section(&raw.permissions).groups;
    let source = cx.word_or(whose, GroupSource::HomeAssistant, &words);
    let list = raw.group.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let mut seen = Unique::new();
    let groups: Vec<_> = list.iter().filter_map(|entry| group(entry, &mut seen, cx)).collect();
    let mut at_times = list.iter().filter(|entry| !entry.get_ref().conditions.is_absent());
    if let Some(one) = at_times.nth(MOST_CONDITIONAL) {
        let many = Diagnostic::mistake(one.span(), format!("more than {MOST_CONDITIONAL} groups that count at times"));
        let hint = "what each user may do is worked out for every combination of these: ask for it in `access` instead";
        cx.add(many.label("this one is too many").hint(hint));
    }
    if let Some(whose) = whose.given().filter(|_| source.counts_configured() && list.is_empty()) {
        let none = Diagnostic::warning(whose.span(), "the groups of this file count, and there are none");
        cx.add(none.label("expected `[[group]]` in this file").hint("add one with id, members and policy"));
    }
    if let Some(policy) = policies(list).find(|_| !source.counts_configured()) {
        let idle = Diagnostic::warning(policy, "the policies of this file's groups do not count");
        let hint =
            "write groups = \"both\" or \"config\" under [permissions]; in `access` the groups count in any case";
        cx.add(idle.label("only Home Assistant's groups say what users may do to entities").hint(hint));
    }
    Permissions { source, groups }
}

/// Where the policies stand.
fn policies(list: &[Spanned<raw::Group>]) -> impl Iterator<Item = Span> {
    list.iter().filter_map(|group| group.get_ref().policy.given()).map(Spanned::span)
}

fn group(entry: &Spanned<raw::Group>, seen: &mut Unique<String>, cx: &mut Context<'_>) -> Option<ConfiguredGroup> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let id = id(raw, &owner, seen, cx);
    let members = cx.required(&raw.members, "members", &owner, "[\"frank\"], user names or user ids");
    let members = members.map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let policy = match &raw.policy {
        Key::Absent | Key::Wrong => ConfiguredPolicy::default(),
        Key::Given(raw) => policy(raw, cx),
    };
    let conditions = Conditions::resolve(&raw.conditions, cx);
    // A client outside of a network can say so by itself, a time zone may be unreadable, and a state may be lost.
    if let (Some(at), true) = (raw.conditions.first_span(), policy.takes_back()) {
        let lost = Diagnostic::mistake(at, "this membership forbids something, and may be lost");
        let hint = "where it does not count, nothing would be forbidden: write a group that allows what the others \
                    may, in the opposite circumstances";
        cx.add(lost.label("the policy of this group has a `false`").hint(hint));
    }
    let members = members.iter().map(|member| member.get_ref().clone()).collect();
    Some(ConfiguredGroup { id: id?, members, policy, conditions })
}

/// What `access`, explanations and the log call it.
fn id(raw: &raw::Group, owner: &Span, seen: &mut Unique<String>, cx: &mut Context<'_>) -> Option<Arc<str>> {
    let text = cx.required(&raw.id, "id", owner, "\"guests\"")?;
    let id = text.get_ref();
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if id.is_empty() || id.chars().count() > LONGEST || !id.chars().all(visible) {
        let bad = Diagnostic::mistake(text.span(), "not an id of a group");
        cx.add(bad.label("expected 1 to 64 characters without spaces").hint("write a short name, as in \"guests\""));
        return None;
    }
    if system_group_policy(id).is_some() {
        cx.add(is_taken(text));
    }
    seen.note(id.clone(), text.span(), "two groups with one id", "give one of them another id, or join the two", cx);
    Some(id.as_str().into())
}

/// A group of Home Assistant has this id.
pub(in crate::config) fn is_taken(id: &Spanned<String>) -> Diagnostic {
    let message = format!("{} is a group of Home Assistant", quoted(id.get_ref()));
    let hint = "in `access` and explanations an id must mean one group: choose another";
    Diagnostic::mistake(id.span(), message).label("expected an id that Home Assistant does not have").hint(hint)
}

/// Groups whose membership counts in some circumstances only.
const MOST_CONDITIONAL: usize = 8;

/// Characters of an id.
const LONGEST: usize = 64;
