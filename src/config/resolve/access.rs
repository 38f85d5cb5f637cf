//! `access` and `framing` of an add-on: who may open it, and which pages may show it in a frame.

use toml::Spanned;

use super::context::{Context, flag};
use crate::config::Known;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::nearest::nearest;
use crate::config::raw::{self, FramingText, Key};
use crate::config::settings::{Access, AccessList, Framing};
use crate::ids::PublicUrl;
use crate::manifest::Panel;

/// Resolves `access`. Absent, it means everybody who may sign in, or administrators alone where the manifest's
/// `panel_admin` says so.
pub(super) fn access(
    key: &Key<raw::Access>,
    panel: Option<&Panel>,
    known: Option<&Known>,
    cx: &mut Context<'_>,
) -> Access {
    let panel_admin = panel.is_some_and(|panel| panel.admin);
    let Some(section) = key.given() else { return Access { admin_only: panel_admin, ..Access::default() } };
    let raw = section.get_ref();
    if let (Some(known), Some(groups)) = (known, raw.groups.given()) {
        for group in groups.get_ref().iter().filter(|group| !known.groups.contains(group.get_ref())) {
            let names = known.groups.iter().map(String::as_str);
            let hint = nearest(group.get_ref(), names.clone()).map_or_else(
                || format!("the groups are {}", names.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean \"{near}\"?"),
            );
            let missing = Diagnostic::mistake(group.span(), format!("no group {}", quoted(group.get_ref())));
            cx.add(missing.label("expected the id of a group").hint(hint));
        }
    }
    if let (Some(known), Some(users)) = (known, raw.users.given()) {
        warn_of_strangers(users.get_ref(), known, "lets nobody in", cx);
    }
    let only = only(raw);
    if only.as_ref().is_some_and(|list| list.groups.is_empty() && list.users.is_empty()) {
        let nobody = Diagnostic::warning(section.span(), "only the owner may open this add-on");
        let hint = "name groups or users, or leave both keys out for everybody who may sign in";
        cx.add(nobody.label("no group and no user").hint(hint));
    }
    if panel_admin && only.is_some() && matches!(raw.admin_only, Key::Absent) {
        let narrow =
            Diagnostic::warning(section.span(), "the manifest lets administrators in, and of these the ones here");
        let hint = "add admin_only = false for all whom this key names, or admin_only = true to say that it is meant";
        cx.add(narrow.label("`panel_admin` of the manifest counts as well").hint(hint));
    }
    Access { only, admin_only: flag(&raw.admin_only, panel_admin) }
}

/// Warns of users whom Home Assistant does not have; they may be there tomorrow.
pub(super) fn warn_of_strangers(users: &[Spanned<String>], known: &Known, so: &str, cx: &mut Context<'_>) {
    for user in users.iter().filter(|user| !known.users.contains(user.get_ref())) {
        let near = nearest(user.get_ref(), known.users.iter().map(String::as_str));
        let hint = near.map_or_else(
            || format!("write the user name or the id as Home Assistant has it; until then this entry {so}"),
            |near| format!("did you mean \"{near}\"?"),
        );
        let missing = Diagnostic::warning(user.span(), format!("no user {}", quoted(user.get_ref())));
        cx.add(missing.label("expected a user of Home Assistant").hint(hint));
    }
}

/// The lists, when one of them stands there, even with a value of a wrong type: never a wider access than was meant.
fn only(raw: &raw::Access) -> Option<AccessList> {
    let texts = |key: &Key<raw::List<String>>| -> Vec<String> {
        let list = key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
        list.iter().map(|text| text.get_ref().clone()).collect()
    };
    let absent = matches!((&raw.groups, &raw.users), (Key::Absent, Key::Absent));
    (!absent).then(|| AccessList { groups: texts(&raw.groups), users: texts(&raw.users) })
}

/// Resolves `framing`.
pub(super) fn framing(key: &Key<FramingText>, cx: &mut Context<'_>) -> Framing {
    let Some(given) = key.given() else { return Framing::AsIs };
    match given.get_ref() {
        FramingText::Word(text) => {
            let text = Spanned::new(given.span(), text.clone());
            let as_is = cx.word(&text, &[("as-is", true), ("remove", false)]).unwrap_or(true);
            if as_is { Framing::AsIs } else { Framing::Remove }
        }
        FramingText::Origins(list) if list.is_empty() => {
            let none = Diagnostic::mistake(given.span(), "no origin");
            cx.add(
                none.label("expected one origin or more")
                    .hint("write [\"https://home.example\"], \"as-is\" or \"remove\""),
            );
            Framing::AsIs
        }
        FramingText::Origins(list) => {
            let origin = |text| cx.findings.parse(text).map(|url: PublicUrl| url.origin());
            Framing::Origins(list.iter().filter_map(origin).collect())
        }
    }
}
