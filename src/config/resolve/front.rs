//! `[home_assistant.front]`: in comes the table, out comes Home Assistant as it is routed to, an add-on with a host of
//! its own whose credential is Home Assistant's own token; and the add-ons of Home Assistant OS that are reached
//! through it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

use super::context::Context;
use crate::config::addon::{Access, Addon, Authorization, Backend, BelowFront, PrefixMode, RawAddon, Route};
use crate::config::addon_api::is_for_no_addon;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::front::{FRONT, FRONT_ADDONS, Front};
use crate::config::home::{HomeApi, HomeAssistant};
use crate::config::path_pattern::{PathPattern, Segment};
use crate::config::raw;
use crate::config::raw::section::{Key, List};
use crate::config::trust::Trust;
use crate::ids::{HostName, Upstream};

/// Resolves the table; nothing where there is none, or where it has a mistake that leaves nothing to route to.
pub(super) fn front(
    root: &raw::Root,
    addons: &[Spanned<RawAddon>],
    home: &HomeAssistant,
    cx: &mut Context<'_>,
) -> Option<Addon> {
    let table = root.home_assistant.given()?.get_ref().front.given()?;
    let (raw, owner) = (table.get_ref(), table.span());
    let text = cx.required(&raw.host, "host", &owner, "\"home.example\"")?;
    let rules = Front {
        messages: messages(&raw.allow, cx),
        open_paths: open_paths(&raw.open_paths, cx),
        webhooks: webhooks(&raw.webhooks, cx),
    };
    let host: HostName = cx.findings.parse(text)?;
    refuse_clashes(&host, text.span(), addons, cx);
    let api = reachable(home, &owner, cx)?;
    let slug = FRONT.parse().expect("lower-case letters and `_`");
    let mut addon = Addon::new(slug, Upstream::At(api.url.address()));
    "Home Assistant".clone_into(&mut addon.display.title);
    addon.route = Route { host: Some(host), prefix: PrefixMode::Keep, ..Route::NONE };
    let trust = if api.url.is_tls { api.trust.clone() } else { Trust::System };
    addon.backend = Backend { trust, ..addon.backend };
    // A backup is made and read before Home Assistant answers.
    addon.transport.response_timeout = Duration::from_mins(10);
    addon.authorization = Authorization { tokens: true, front: Some(rules), ..Authorization::default() };
    Some(addon)
}

/// The add-ons in Home Assistant's own pages: those of which nothing is known, those that no `[[addon]]` names, then
/// each that one names with `supervisor_slug`. They are reached as the front is, and their users are judged as their
/// own tables say.
pub(super) fn addons(
    root: &raw::Root,
    raw: &[Spanned<RawAddon>],
    (front, named): (Option<&Addon>, &[Arc<Addon>]),
    cx: &mut Context<'_>,
) -> Vec<Arc<Addon>> {
    let table = root.home_assistant.given().and_then(|home| home.get_ref().front.given());
    let Some(table) = table else {
        for slug in raw.iter().filter_map(|addon| addon.get_ref().route.supervisor_slug.given()) {
            let idle =
                Diagnostic::mistake(slug.span(), "there is no front of Home Assistant's, in whose pages it would be");
            cx.add(
                idle.label("needs `[home_assistant.front]`")
                    .hint("add host = \"home.example\" under [home_assistant.front], or take this key out"),
            );
        }
        return Vec::new();
    };
    for slug in raw.iter().filter_map(|addon| addon.get_ref().route.supervisor_slug.given()) {
        let is_it = |addon: &&Arc<Addon>| {
            addon.route.supervisor_slug.as_ref().is_some_and(|name| name.as_str() == slug.get_ref())
        };
        let asks = |addon: &Arc<Addon>| {
            !addon.authorization.step_up.is_nothing() || addon.authorization.max_age.everybody.is_some()
        };
        if named.iter().find(is_it).is_some_and(asks) {
            let closed = Diagnostic::warning(slug.span(), "nobody opens this add-on in Home Assistant's pages");
            cx.add(closed.label("`max_age`, `fresh` or `second_factor` of the add-on refuses everybody there").hint(
                "Home Assistant does not say when somebody signed in: put `fresh` and `second_factor` into \
                           [[addon.protect]], for the paths that need them, or take this key out",
            ));
        }
    }
    let words = [("admins", true), ("all", false)];
    let admin_only = cx.word_or(&table.get_ref().addons, true, &words);
    let Some(front) = front else { return Vec::new() };
    let through_front = |addon: &Addon, below_front: BelowFront, authorization: Authorization| Addon {
        slug: addon.slug.clone(),
        display: addon.display.clone(),
        route: Route {
            supervisor_slug: addon.route.supervisor_slug.clone(),
            prefix: PrefixMode::Keep,
            below_front: Some(below_front),
            ..Route::NONE
        },
        // Its rates and sizes are its own; where it is reached, and how Home Assistant is spoken to, are the front's.
        transport: addon.transport.clone(),
        // Home Assistant is shown its own token alone, and there is none here: the session is ours.
        authorization: Authorization { tokens: false, public: Vec::new(), ..authorization },
        ..front.clone()
    };
    let slug = FRONT_ADDONS.parse().expect("lower-case letters and `_`");
    let mut any = Addon::new(slug, Upstream::Nowhere);
    "Add-ons in Home Assistant".clone_into(&mut any.display.title);
    let with = |admin_only: bool| Authorization {
        access: Access { admin_only, ..Access::default() },
        ..Authorization::default()
    };
    // It could be one that is named, for others.
    let unknown = through_front(&any, BelowFront::Unknown, with(true));
    let unnamed = through_front(&any, BelowFront::Unnamed, with(admin_only));
    let named = named.iter().filter(|addon| addon.route.supervisor_slug.is_some());
    let named = named.map(|addon| through_front(addon, BelowFront::Named, addon.authorization.clone()));
    [unknown, unnamed].into_iter().chain(named).map(Arc::new).collect()
}

/// What the front stands on: where Home Assistant listens, its files, in which the keys of its tokens are, and that it
/// is told who comes.
fn reachable<'h>(home: &'h HomeAssistant, owner: &Span, cx: &mut Context<'_>) -> Option<&'h HomeApi> {
    let mut needs = |message: &str, label: &str, hint: &str| {
        cx.add(Diagnostic::mistake(owner.clone(), message).label(label).hint(hint));
    };
    if home.config_dir().is_none() {
        needs(
            "without Home Assistant's files nobody's token can be verified",
            "needs `config_dir`",
            "add config_dir = \"/path/to/home-assistant\" under [home_assistant], in the place of `token`",
        );
    }
    let Some(api) = &home.api else {
        needs(
            "nothing says where Home Assistant listens",
            "needs `url`",
            "add url = \"http://127.0.0.1:8123\" under [home_assistant]",
        );
        return None;
    };
    if !api.forward_address {
        needs(
            "Home Assistant would take everybody for vestibule itself, and ban all for the mistakes of one",
            "needs `forward_address`",
            "take forward_address = false out, and name vestibule among Home Assistant's trusted proxies",
        );
    }
    Some(api)
}

/// The host is the front's alone, and so is its name.
fn refuse_clashes(host: &HostName, at: Span, addons: &[Spanned<RawAddon>], cx: &mut Context<'_>) {
    for addon in addons {
        let route = &addon.get_ref().route;
        let same = route.host.given().filter(|text| text.get_ref().parse::<HostName>().ok().as_ref() == Some(host));
        if let Some(theirs) = same {
            let twice = Diagnostic::mistake(theirs.span(), "an add-on has the host of Home Assistant's front");
            cx.add(twice.label("here again").first(at.clone()).hint("give one of them another host"));
        }
        let is_taken = |slug: &&Spanned<String>| [FRONT, FRONT_ADDONS].contains(&slug.get_ref().as_str());
        if let Some(slug) = addon.get_ref().slug.given().filter(is_taken) {
            let taken = Diagnostic::mistake(slug.span(), "this is the name of Home Assistant's front");
            cx.add(taken.label("expected another slug").hint("logs and numbers call the front so"));
        }
    }
}

fn messages(list: &Key<List<String>>, cx: &mut Context<'_>) -> BTreeSet<String> {
    let listed = list.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'/');
    let mut messages = BTreeSet::new();
    for text in listed {
        let kind = text.get_ref();
        if kind.is_empty() || is_for_no_addon(kind) || !kind.bytes().all(legal) {
            let bad = Diagnostic::mistake(text.span(), "not a type of message that may pass");
            cx.add(bad.label("expected a type of Home Assistant's WebSocket messages").hint(
                "write it as in \"frigate/events/get\"; what Home Assistant has for its Supervisor, for users and for \
                 tokens is not the operator's to open",
            ));
            continue;
        }
        messages.insert(kind.clone());
    }
    messages
}

fn open_paths(list: &Key<List<String>>, cx: &mut Context<'_>) -> Vec<PathPattern> {
    let listed = list.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let mut paths = Vec::new();
    for text in listed {
        let Some(path) = cx.findings.parse::<PathPattern>(text) else { continue };
        // What is below these has rules of its own, or makes users, and a root that is open is everything.
        let is_closed = match path.segments().first() {
            Some(Segment::Text(first)) => matches!(first.as_str(), "api" | "auth"),
            Some(Segment::Placeholder(_)) | None => true,
        };
        if is_closed {
            let bad = Diagnostic::mistake(text.span(), "a path that must not be open to everybody");
            cx.add(
                bad.label("expected files of a custom integration")
                    .hint("name the folder, as in \"/hacsfiles/{*rest}\"; `/api` and `/auth` have their own rules"),
            );
            continue;
        }
        paths.push(path);
    }
    paths
}

fn webhooks(list: &Key<List<String>>, cx: &mut Context<'_>) -> BTreeSet<String> {
    let listed = list.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let mut ids = BTreeSet::new();
    for text in listed {
        if text.get_ref().len() < SHORTEST_WEBHOOK || !text.get_ref().bytes().all(legal) {
            let bad = Diagnostic::mistake(text.span(), "not the id of a webhook that nobody can guess");
            cx.add(
                bad.label(format!("expected {SHORTEST_WEBHOOK} letters, digits, `_` or `-`, or more"))
                    .hint("write what stands behind `/api/webhook/`; make a longer one where it can be guessed"),
            );
            continue;
        }
        ids.insert(text.get_ref().clone());
    }
    ids
}

/// Home Assistant's own ids have 64 digits; those of automations are made of the automation's name and random letters.
const SHORTEST_WEBHOOK: usize = 16;
