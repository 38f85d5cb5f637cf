//! `role` and `role_required` of an add-on: what part a user has in it, by the groups and names that `access` goes by.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::access::AccessList;
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::findings::Findings;
use crate::config::permissions::ConfiguredGroup;
use crate::config::raw::section::{Key, List, section};
use crate::config::raw::shape::{self, Shape};
use crate::config::resolve::context::{Context, flag};

/// `role` of an add-on: the roles, and who has which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// The roles in the order of the file: the first that fits is the user's.
    pub list: Vec<(Arc<str>, AccessList)>,
    /// The role of everybody whom none fits.
    pub default: Option<Arc<str>>,
    /// Whoever has none may not open the add-on.
    pub required: bool,
}

/// `role` as it stands in the file, in its order.
#[derive(Debug)]
pub(in crate::config) struct RoleMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<RoleText>)>);

/// What stands behind the name of a role.
#[derive(Debug)]
pub(in crate::config) enum RoleText {
    /// A text: behind `default`, the role of those whom none fits.
    Name(String),
    /// Groups by id.
    Groups(List<String>),
    /// Groups by id, and users by name or id.
    People(RawPeople),
}

section! {
    /// Who has a role.
    RawPeople {
        groups: List<String>,
        users: List<String>,
    }
}

impl Shape for RoleMap {
    const EXPECTED: &'static str = "expected a table of roles";
    const HINT: &'static str = "write it as { admin = [\"system-admin\"], default = \"viewer\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        if table.is_empty() {
            let none = Diagnostic::mistake(value.span(), "no role");
            findings.add(none.label("expected one role or more").hint(Self::HINT));
        }
        Some(Self(shape::in_order(table, findings)))
    }
}

impl Shape for RoleText {
    const EXPECTED: &'static str = "expected a list of groups, or { groups = [...], users = [...] }";
    const HINT: &'static str = "write it as [\"system-admin\"], with the ids of groups";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Name(text.to_string())),
            DeValue::Array(_) => List::read(value, findings).map(Self::Groups),
            DeValue::Table(table) => Some(Self::People(RawPeople::read_table(table, findings))),
            _ => None,
        }
    }
}

impl RoleText {
    /// The groups that it names.
    pub(in crate::config) fn groups(&self) -> &[Spanned<String>] {
        match self {
            Self::Name(_) => &[],
            Self::Groups(list) => list,
            Self::People(people) => texts(&people.groups),
        }
    }

    /// The users that it names.
    pub(in crate::config) fn users(&self) -> &[Spanned<String>] {
        match self {
            Self::Name(_) | Self::Groups(_) => &[],
            Self::People(people) => texts(&people.users),
        }
    }

    fn people(&self) -> AccessList {
        let owned = |list: &[Spanned<String>]| list.iter().map(|text| text.get_ref().clone()).collect();
        AccessList { groups: owned(self.groups()), users: owned(self.users()) }
    }
}

impl Roles {
    /// Both keys.
    pub(super) fn resolve(role: &Key<RoleMap>, required: &Key<bool>, cx: &mut Context<'_>) -> Option<Self> {
        let Some(map) = role.given() else {
            if let Some(idle) = required.given().filter(|required| *required.get_ref()) {
                let idle = Diagnostic::mistake(idle.span(), "a role is required, and there are none");
                cx.add(
                    idle.label("needs `role`").hint("add role = { admin = [\"system-admin\"], default = \"viewer\" }"),
                );
            }
            return None;
        };
        let mut roles = Self { list: Vec::new(), default: None, required: flag(required, false) };
        for (name, text) in &map.get_ref().0 {
            roles.read(name, text, cx);
        }
        roles.judge(&map.span(), required, cx);
        Some(roles)
    }

    fn read(&mut self, name: &Spanned<String>, text: &Spanned<RoleText>, cx: &mut Context<'_>) {
        match text.get_ref() {
            RoleText::Name(default) if name.get_ref() == DEFAULT => {
                self.default = role(&Spanned::new(text.span(), default.clone()), cx);
            }
            RoleText::Name(_) => {
                let bad = Diagnostic::mistake(text.span(), "a text, where people are named");
                cx.add(bad.label(RoleText::EXPECTED).hint(RoleText::HINT));
            }
            _ if name.get_ref() == DEFAULT => {
                let bad = Diagnostic::mistake(text.span(), "`default` is the role of those whom none fits");
                cx.add(bad.label("expected the name of a role").hint("write default = \"viewer\""));
            }
            people => {
                let people = people.people();
                if people.groups.is_empty() && people.users.is_empty() {
                    let nobody = Diagnostic::warning(text.span(), "nobody has this role");
                    cx.add(nobody.label("no group and no user").hint("name groups or users, or take the role out"));
                }
                self.list.extend(role(name, cx).map(|name| (name, people)));
            }
        }
    }

    fn judge(&self, at: &Span, required: &Key<bool>, cx: &mut Context<'_>) {
        if self.list.len() > MOST {
            let many = Diagnostic::mistake(at.clone(), format!("more than {MOST} roles"));
            cx.add(many.label("expected fewer roles").hint("each request is compared with all of them"));
        }
        if let Some(idle) = required.given().filter(|_| self.default.is_some() && self.required) {
            let idle = Diagnostic::mistake(idle.span(), "everybody has a role, by `default`");
            cx.add(idle.label("refuses nobody").hint("take `default` out of `role`, or this key"));
        }
    }
}

fn role(name: &Spanned<String>, cx: &mut Context<'_>) -> Option<Arc<str>> {
    let text = name.get_ref();
    let legal = |c: char| c.is_ascii_graphic() && c != ',';
    if (1..=LONGEST).contains(&text.len()) && text.chars().all(legal) {
        return Some(text.as_str().into());
    }
    let bad = Diagnostic::mistake(name.span(), "not the name of a role");
    cx.add(bad.label("expected 1 to 64 visible ASCII characters, no comma").hint("write it as the add-on knows it"));
    None
}

/// Warns where a role is given by a membership that may not count, and a later one takes its place: a role that is to
/// hold people down is lost by that, which a client can bring about by itself.
pub(in crate::config) fn warn_of_memberships(map: &RoleMap, groups: &[ConfiguredGroup], cx: &mut Context<'_>) {
    let is_conditional = |id: &str| groups.iter().any(|group| *group.id == *id && !group.conditions.is_empty());
    for (at, (name, people)) in map.0.iter().enumerate() {
        let later = map.0.iter().skip(at.saturating_add(1)).map(|(name, _)| name.get_ref());
        let default = map.0.iter().map(|(name, _)| name.get_ref()).find(|name| *name == DEFAULT);
        let Some(next) = later.chain(default).next().filter(|_| name.get_ref() != DEFAULT) else { continue };
        for group in people.get_ref().groups().iter().filter(|group| is_conditional(group.get_ref())) {
            let message =
                format!("where this membership does not count, its users have a later role, as {}", quoted(next));
            let hint = "all is well if that one may do less; a role that holds people down needs a group without \
                        `networks`, `hours` and `when`";
            let lost = Diagnostic::warning(group.span(), message);
            cx.add(lost.label("a group whose membership counts in some circumstances only").hint(hint));
        }
    }
}

/// The texts of a list, if one is given.
pub(super) fn texts(key: &Key<List<String>>) -> &[Spanned<String>] {
    key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default()
}

const DEFAULT: &str = "default";
/// Characters of a role.
const LONGEST: usize = 64;
/// Roles of one add-on.
const MOST: usize = 100;
