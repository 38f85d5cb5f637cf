//! `[[addon.public]]`: paths that are open to everybody, each by its methods.

use http::Method;
use toml::Spanned;

use super::protect_rules::may_match;
use super::route::Route;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::path_pattern::{PathPattern, Segment};
use crate::config::raw::section::{Key, List, section};
use crate::config::resolve::context::Context;
use crate::ids::{KnownMethod, MethodReach};

section! {
    /// `[[addon.public]]`
    RawPublic {
        methods: List<String>,
        path: String,
    }
}

/// One `[[addon.public]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPath {
    /// The methods by which it is open: these and no other.
    pub methods: Vec<Method>,
    /// The paths that are open, as the add-on sees them.
    pub path: PathPattern,
}

impl PublicPath {
    /// All of them.
    pub(super) fn resolve(list: &Key<List<RawPublic>>, route: &Route, cx: &mut Context<'_>) -> Vec<Self> {
        let listed = list.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
        if let Some(many) = list.given().filter(|_| listed.len() > MOST) {
            let many = Diagnostic::mistake(many.span(), format!("more than {MOST} public paths for one add-on"));
            cx.add(many.label("expected fewer").hint("one path with a placeholder may do for many"));
        }
        listed.iter().filter_map(|entry| one(entry, route, cx)).collect()
    }
}

fn one(entry: &Spanned<RawPublic>, route: &Route, cx: &mut Context<'_>) -> Option<PublicPath> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let methods = cx.required(&raw.methods, "methods", &owner, "[\"POST\"]").map(|list| methods(list, cx));
    let text = cx.required(&raw.path, "path", &owner, "\"/api/webhook/{id}\"")?;
    let path: PathPattern = cx.findings.parse(text)?;
    may_match(&path, text.span(), route, cx);
    let encoded = |segment: &Segment| match segment {
        Segment::Text(text) => text.bytes().any(|byte| !byte.is_ascii_graphic()),
        Segment::Placeholder(_) => false,
    };
    if path.segments().iter().any(encoded) {
        let never = Diagnostic::mistake(text.span(), "a path that browsers must encode is never public");
        cx.add(never.label("expected visible ASCII characters").hint("what is encoded is read in different ways"));
    }
    if path.segments().is_empty() && path.rest().is_some() {
        let all = Diagnostic::warning(text.span(), "the whole add-on is open to everybody by these methods");
        cx.add(all.label("no segment before the rest").hint("name the paths that must be open, one entry for each"));
    }
    Some(PublicPath { methods: methods?, path })
}

fn methods(list: &Spanned<List<String>>, cx: &mut Context<'_>) -> Vec<Method> {
    if list.get_ref().is_empty() {
        let none = Diagnostic::mistake(list.span(), "no method: this path would be open to nobody");
        cx.add(none.label("expected one method or more").hint("write methods = [\"POST\"]"));
    }
    let mut methods = Vec::new();
    for text in list.get_ref() {
        if by_path().any(|name| name == text.get_ref().as_str()) {
            // Every word of the table is a method.
            methods.extend(Method::from_bytes(text.get_ref().as_bytes()));
            continue;
        }
        let message = format!("{} is no method by which a path can be public", quoted(text.get_ref()));
        let all = by_path().collect::<Vec<_>>().join(", ");
        let hint = format!("write one of {all}; what acts on a whole tree is never public");
        cx.add(Diagnostic::mistake(text.span(), message).label("expected a method that acts on its path").hint(hint));
    }
    methods
}

/// The methods that act on their path alone.
fn by_path() -> impl Iterator<Item = &'static str> {
    KnownMethod::all().filter(|known| known.reach == MethodReach::Path).map(|known| known.name)
}

/// Every request to the add-on is compared with each of them.
const MOST: usize = 100;
