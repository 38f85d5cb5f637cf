//! `access` of an add-on: who may open it.

use crate::config::conditions::{Conditions, RawConditions};
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::section::{Key, List, section};
use crate::config::resolve::context::{Context, flag};
use crate::manifest::Panel;

section! {
    /// `access` of an add-on.
    RawAccess {
        ..conditions: RawConditions,
        groups: List<String>,
        users: List<String>,
        admin_only: bool,
    }
}

/// `access`: who may open an add-on, and in which circumstances. Whoever else is named, the owner may; the
/// circumstances hold for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Groups and users, when either is given: the user must be in one of the groups or be one of the users.
    pub only: Option<AccessList>,
    /// The user must be an administrator as well.
    pub admin_only: bool,
    /// Where from, when, and in which states of entities.
    pub conditions: Conditions,
}

/// The people that `access` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessList {
    /// Ids of Home Assistant's groups.
    pub groups: Vec<String>,
    /// User names or user ids.
    pub users: Vec<String>,
}

/// Resolves `access`. Absent, it means everybody who may sign in, or administrators alone where the manifest's
/// `panel_admin` says so.
pub(super) fn access(key: &Key<RawAccess>, panel: Option<&Panel>, cx: &mut Context<'_>) -> Access {
    let panel_admin = panel.is_some_and(|panel| panel.admin);
    let Some(section) = key.given() else { return Access { admin_only: panel_admin, ..Access::default() } };
    let raw = section.get_ref();
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
    let conditions = Conditions::resolve(&raw.conditions, cx);
    Access { only, admin_only: flag(&raw.admin_only, panel_admin), conditions }
}

/// The lists, when one of them stands there, even with a value of a wrong type: never a wider access than was meant.
fn only(raw: &RawAccess) -> Option<AccessList> {
    let texts = |key: &Key<List<String>>| -> Vec<String> {
        let list = key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
        list.iter().map(|text| text.get_ref().clone()).collect()
    };
    let absent = matches!((&raw.groups, &raw.users), (Key::Absent, Key::Absent));
    (!absent).then(|| AccessList { groups: texts(&raw.groups), users: texts(&raw.users) })
}
